"""How the gateway signs in: where a secret is read from, and what a sign-in by OAuth 2 needs (RFC 6749).

Never a secret itself. What a provider's preset knows is filled in by `settings.providers`.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import ConfigDict, Field

from gateway.core.policy.units import Frozen
from gateway.settings.kinds import HttpsUrl, RedirectUrl


class Secret(Frozen):
    """Where a secret is read from; never the secret itself. Exactly one of the three."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    env: str = ""
    """Name of an environment variable."""
    file: Path | None = None
    """A file that only the gateway's user may read; relative to the config folder."""
    credential: str = ""
    """Name of a systemd credential (`LoadCredential=`)."""


class OAuth2(Frozen):
    """A sign-in by OAuth 2. With a `provider`, only `client_id` must be said."""

    client_id: str
    """The id under which the gateway is registered at the provider: docs/sign-in.md says how."""
    client_secret: Secret | None = None
    """The secret of that registration, where the provider gave one (Google does)."""
    tenant: str = ""
    """The directory (tenant) of a Microsoft 365 organisation, by its id or domain; empty: any."""
    authorize: HttpsUrl = ""
    """Where a browser asks the person (authorization endpoint); left out: only by device code."""
    token: HttpsUrl = ""
    """Where tokens are given (token endpoint)."""
    device: HttpsUrl = ""
    """Where a device code is given (RFC 8628); left out: only by browser."""
    revoke: HttpsUrl = ""
    """Where tokens are given back (RFC 7009), when a sign-in is forgotten."""
    scopes: tuple[str, ...] = ()
    """What is asked for: reading and sending mail, and that it lasts."""
    redirect: RedirectUrl = "http://127.0.0.1"
    """Where the browser comes back to, as registered; without a port a free one is taken."""
    parameters: dict[str, str] = Field(default_factory=dict)
    """More that the browser's address must say."""
