"""What is known of mail providers, so that a config needs no more of them than a name and a registration.

In goes what a file says of a mailbox or of the smart host, out comes the same with what it leaves out; whatever the
file says itself stays. Facts change: each has its year and where it was read. Knows nothing of networks and secrets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, get_args

Name = Literal["google-workspace", "microsoft-365", "fastmail", "icloud"]
NAMES: tuple[str, ...] = get_args(Name)

#: Stands for the directory (tenant) in Microsoft's addresses; `common` takes people of any, and private accounts.
_TENANT, _ANY_TENANT = "{tenant}", "common"
#: At these domains iCloud wants the part before the @ as the name at IMAP (provider-db, 2025).
_APPLE = frozenset({"icloud.com", "me.com", "mac.com"})


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider. What differs between people is not here."""

    #: How people call it.
    called: str
    watch: str
    smarthost: str
    #: Most of our own messages a minute.
    per_minute: int
    #: Whose Authentication-Results are believed of mail that the provider itself took in; empty where nobody knows.
    authserv: str = ""
    #: Settings of `oauth2` that are the same for everybody; empty where mail programs can't sign in so.
    oauth2: Mapping[str, Any] = field(default_factory=dict)
    #: What stands in for a password there.
    instead: str = "an application password"


PROVIDERS: Mapping[str, Provider] = MappingProxyType(
    {
        # Hosts: Gmail help, 2026. Endpoints and scope: emailengine docs, gmail-oauth2-tools, 2026; IMAP refuses any
        # narrower scope. No `device`: Google's device flow gives no mail scope (developers.google.com, 2026).
        # `offline` and `consent` bring a refresh token every time (developers.google.com, 2026).
        # Pace: no source gives a number a minute; some 2,000 a day (2026), so a careful one.
        # authserv-id: dkim_verifier issue 31.
        "google-workspace": Provider(
            "Google Workspace",
            watch="imaps://imap.gmail.com",
            smarthost="smtps://smtp.gmail.com",
            per_minute=20,
            authserv="mx.google.com",
            oauth2={
                "authorize": "https://accounts.google.com/o/oauth2/v2/auth",
                "token": "https://oauth2.googleapis.com/token",
                "revoke": "https://oauth2.googleapis.com/revoke",
                "scopes": ["https://mail.google.com/"],
                "redirect": "http://127.0.0.1",
                "parameters": {"access_type": "offline", "prompt": "consent"},
            },
            instead="an app password (with 2-Step Verification on)",
        ),
        # Hosts, endpoints, scopes: learn.microsoft.com and email-oauth2-proxy's config, 2026. `http://localhost` is the
        # one address of this machine that needs no port when it is registered (learn.microsoft.com, 2026).
        # Pace: 30 messages a minute (OfficeDocs-Support issue 1150, 2026). It signs Authentication-Results with no
        # authserv-id (go-msgauth issue 64).
        "microsoft-365": Provider(
            "Microsoft 365",
            watch="imaps://outlook.office365.com",
            smarthost="smtp+starttls://smtp.office365.com",
            per_minute=30,
            authserv="topmost",
            oauth2={
                "authorize": f"https://login.microsoftonline.com/{_TENANT}/oauth2/v2.0/authorize",
                "token": f"https://login.microsoftonline.com/{_TENANT}/oauth2/v2.0/token",
                "device": f"https://login.microsoftonline.com/{_TENANT}/oauth2/v2.0/devicecode",
                "scopes": [
                    "https://outlook.office.com/IMAP.AccessAsUser.All",
                    "https://outlook.office.com/SMTP.Send",
                    "offline_access",
                ],
                "redirect": "http://localhost",
            },
            instead="no password: Microsoft 365 takes OAuth 2 alone, set `oauth2`",
        ),
        # Hosts: fastmail.help and provider-db, 2025 (older names were shut off in 2025: cypht issue 1558). Endpoints
        # and scopes: email-oauth2-proxy's config, Thunderbird, 2026; tokens last without asking. Pace: no source, so a
        # careful number. authserv-id: that of the host that took the mail in, in four fields (hermes-agent pull request
        # 68606), so the topmost.
        "fastmail": Provider(
            "Fastmail",
            watch="imaps://imap.fastmail.com",
            smarthost="smtps://smtp.fastmail.com",
            per_minute=20,
            authserv="topmost",
            oauth2={
                "authorize": "https://api.fastmail.com/oauth/authorize",
                "token": "https://api.fastmail.com/oauth/refresh",
                "revoke": "https://api.fastmail.com/oauth/revoke",
                "scopes": [
                    "https://www.fastmail.com/dev/protocol-imap",
                    "https://www.fastmail.com/dev/protocol-smtp",
                ],
                "redirect": "http://localhost",
            },
            instead="an app password (16 characters, no blanks)",
        ),
        # Hosts: support.apple.com, 2026. No OAuth 2 for others' programs, though the greeting lists XOAUTH2.
        # Pace: no source, so a careful number. authserv-id: dkim_verifier issue 473.
        "icloud": Provider(
            "iCloud",
            watch="imaps://imap.mail.me.com",
            smarthost="smtp+starttls://smtp.mail.me.com",
            per_minute=20,
            authserv="dkim-verifier.icloud.com",
            instead="an app-specific password (account.apple.com)",
        ),
    }
)


def known(data: Mapping[str, Any]) -> Provider | None:
    """The provider that a mapping of a file names; None for none, or for one that nobody knows."""
    name = data.get("provider")
    return PROVIDERS.get(name) if isinstance(name, str) else None


def fill_mailbox(data: Mapping[str, Any]) -> dict[str, Any]:
    """A mailbox's settings with what its provider knows.

    Only where mail reaches the mailbox without us does the provider take it in from outside, and is believed: of mail
    that comes by us, anybody may have written its fields.
    """
    found = dict(data)
    if (provider := known(data)) is None:
        return found
    found.setdefault("watch", provider.watch)
    if found.get("deliver") is None and provider.authserv:
        found.setdefault("trusted_authserv", provider.authserv)
    local, _, domain = str(found.get("address", "")).rpartition("@")
    if data["provider"] == "icloud" and domain.lower() in _APPLE:
        found.setdefault("user", local)
    return _with_oauth2(found, provider)


def fill_smarthost(data: Mapping[str, Any]) -> dict[str, Any]:
    """The smart host's settings with what its provider knows."""
    found = dict(data)
    if (provider := known(data)) is None:
        return found
    found.setdefault("url", provider.smarthost)
    found.setdefault("per_minute", provider.per_minute)
    return _with_oauth2(found, provider)


def _with_oauth2(found: dict[str, Any], provider: Provider) -> dict[str, Any]:
    said = found.get("oauth2")
    if isinstance(said, Mapping):
        tenant = said.get("tenant") or _ANY_TENANT
        filled = {name: _of_tenant(value, str(tenant)) for name, value in provider.oauth2.items()}
        found["oauth2"] = filled | dict(said)
    return found


def _of_tenant(value: Any, tenant: str) -> Any:
    return value.replace(_TENANT, tenant) if isinstance(value, str) else value


def or_provider(key: str) -> Callable[[dict[str, Any]], None]:
    """Tells editors that a key may be left out where a provider is named."""

    def loosen(schema: dict[str, Any]) -> None:
        schema["required"] = [name for name in schema.get("required", []) if name != key]
        if not schema["required"]:
            del schema["required"]
        schema["anyOf"] = [{"required": [key]}, {"required": ["provider"]}]

    return loosen
