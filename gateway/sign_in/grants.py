"""What is said to a provider's token endpoint, and what its answers mean (RFC 6749, 7636, 8628), by oauthlib.

In go values, out come forms to post and addresses to open; answers become `Granted`, or one of the faults. Of an answer
only codes are told: its descriptions name people.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from oauthlib.oauth2 import DeviceClient, OAuth2Error, WebApplicationClient

from gateway.ports import Unavailable
from gateway.sign_in.post import Answer

#: Octets of entropy behind it: RFC 7636 4.1 wants 43 to 128 letters.
_VERIFIER = 64
_METHOD = "S256"
#: These end a sign-in: only a person helps (RFC 6749 5.2, RFC 8628 3.5, OpenID Connect Core 3.1.2.6; Microsoft says
#: `interaction_required` where its conditional access wants to see the person again).
_FINAL = frozenset(
    {
        "invalid_grant",
        "access_denied",
        "expired_token",
        "interaction_required",
        "consent_required",
        "login_required",
        "account_selection_required",
    }
)
#: These pass by themselves (RFC 6749 4.1.2.1), whatever the status beside them.
_PASSING = frozenset({"server_error", "temporarily_unavailable", "slow_down", "authorization_pending"})
_CODE = re.compile(r"[a-z_]{1,40}")
_MICROSOFT = re.compile(r"AADSTS\d{4,8}")


class Denied(Unavailable):
    """The provider says no for good. `code` is its word for why."""

    def __init__(self, code: str) -> None:
        super().__init__(f"the provider refuses the sign-in ({code})")
        self.code = code


class Unregistered(Unavailable):
    """The provider does not know the gateway's registration, or not for what it asks."""

    def __init__(self, code: str) -> None:
        mend = "look at `oauth2` (client_id, client_secret, tenant, scopes) and at the registration itself"
        super().__init__(f"the provider refuses the gateway's registration ({code}); {mend}")
        self.code = code


class Pending(Unavailable):
    """The person has not decided yet; with `slower`, we asked too often (RFC 8628 3.5)."""

    def __init__(self, *, slower: bool) -> None:
        super().__init__("the person has not decided yet")
        self.slower = slower


@dataclass(frozen=True, slots=True)
class Registration:
    """How the gateway is known to a provider, and where that is asked; `secret` gives an empty one for none."""

    client_id: str
    token: str
    authorize: str = ""
    device: str = ""
    revoke: str = ""
    scopes: tuple[str, ...] = ()
    redirect: str = "http://127.0.0.1"
    parameters: Mapping[str, str] = field(default_factory=dict)
    secret: Callable[[], str] = field(default=str, repr=False)

    @property
    def identity(self) -> dict[str, str]:
        """What says who we are (RFC 6749 2.3.1); a public client has no secret to show."""
        secret = self.secret()
        return {"client_id": self.client_id} | ({"client_secret": secret} if secret else {})


@dataclass(frozen=True, slots=True)
class Granted:
    """Tokens. `lifetime` is in seconds, None where the provider does not say; an empty `refresh` keeps the old one."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    lifetime: float | None


@dataclass(frozen=True, slots=True)
class Question:
    """What a browser is sent out with, and what its answer is known by."""

    url: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)


def question(registration: Registration, redirect: str, user: str) -> Question:
    """The address that a person opens (RFC 6749 4.1.1), with a challenge (RFC 7636) that only we can meet."""
    client = WebApplicationClient(registration.client_id)
    verifier = client.create_code_verifier(_VERIFIER)
    state = client.state_generator()
    url = client.prepare_request_uri(
        registration.authorize,
        redirect_uri=redirect,
        scope=list(registration.scopes) or None,
        state=state,
        code_challenge=client.create_code_challenge(verifier, _METHOD),
        code_challenge_method=_METHOD,
        **({"login_hint": user} | dict(registration.parameters)),
    )
    return Question(url, state, verifier)


def code_from(query: str, state: str) -> str:
    """The code in what a browser came back with. Raises Denied, and Unregistered for what was never asked."""
    client = WebApplicationClient("")
    try:
        # To the library only https is safe; the way back on this machine is http by nature (RFC 8252 7.3).
        found = client.parse_request_uri_response(f"https://localhost/?{query}", state=state)
    except OAuth2Error as error:
        raise _fault(str(error.error), str(error.description)) from None
    return str(found["code"])


def code_form(registration: Registration, code: str, redirect: str, verifier: str) -> str:
    """Trades a code for tokens (RFC 6749 4.1.3)."""
    client = WebApplicationClient(registration.client_id)
    secret = registration.identity.get("client_secret")
    form: str = client.prepare_request_body(
        code=code, redirect_uri=redirect, code_verifier=verifier, client_secret=secret
    )
    return form


def device_form(registration: Registration) -> str:
    """Asks for a code that a person types in elsewhere (RFC 8628 3.1)."""
    return urlencode(registration.identity | {"scope": " ".join(registration.scopes)})


def device_code_form(registration: Registration, device_code: str) -> str:
    """Asks whether the person has decided (RFC 8628 3.4)."""
    client = DeviceClient(registration.client_id, client_secret=None)
    secret = registration.identity.get("client_secret")
    form: str = client.prepare_request_body(device_code, include_client_id=True, client_secret=secret)
    return form


def refresh_form(registration: Registration, refresh: str) -> str:
    """Trades a refresh token for a fresh access token (RFC 6749 6), for what was granted before."""
    client = WebApplicationClient(registration.client_id)
    form: str = client.prepare_refresh_body(refresh_token=refresh, **registration.identity)
    return form


def revoke_form(registration: Registration, refresh: str) -> str:
    """Gives a refresh token back (RFC 7009 2.1)."""
    return urlencode(registration.identity | {"token": refresh, "token_type_hint": "refresh_token"})


def granted(answer: Answer) -> Granted:
    """The tokens in an answer. Raises Denied, Unregistered, Pending, and Unavailable for what passes."""
    said = values(answer)
    try:
        found: Mapping[str, Any] = WebApplicationClient("").parse_request_body_response(json.dumps(said))
    except OAuth2Error as error:
        raise _fault(str(error.error), str(error.description)) from None
    lifetime = found.get("expires_in")
    return Granted(str(found["access_token"]), str(found.get("refresh_token") or ""), _seconds(lifetime))


def values(answer: Answer) -> dict[str, Any]:
    """What a provider's JSON says; with an error in it, whatever else there is. Raises Unavailable for none."""
    try:
        said = json.loads(answer.body)
    except ValueError:
        said = None
    # A fault of theirs is a fault of theirs, whatever their error page says.
    if not isinstance(said, dict) or answer.status >= 500 or answer.status == 429:
        raise Unavailable(f"the provider's sign-in server answers {answer.status}")
    if answer.status >= 300 and "error" not in said:
        raise Unavailable(f"the provider's sign-in server answers {answer.status}")
    return said


def checked(answer: Answer) -> dict[str, Any]:
    """As `values`, and an error in it is raised."""
    said = values(answer)
    if "error" in said:
        raise _fault(str(said["error"]), str(said.get("error_description")))
    return said


def _fault(code: str, description: str) -> Unavailable:
    if code in ("authorization_pending", "slow_down"):
        return Pending(slower=code == "slow_down")
    if code in _PASSING:
        return Unavailable(f"the provider's sign-in server is out of order ({code})")
    told = code if _CODE.fullmatch(code) else "a word of its own"
    if number := _MICROSOFT.search(description):
        told = f"{told}, {number[0]}"
    return Denied(told) if code in _FINAL else Unregistered(told)


def _seconds(lifetime: Any) -> float | None:
    try:
        return float(lifetime) if lifetime is not None else None
    except (TypeError, ValueError):
        return None
