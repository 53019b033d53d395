"""Sign-ins by OAuth 2 as the settings have them: one each, whoever uses it, the same in the house and in commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from gateway.admin.checks import Finding, Severity
from gateway.admin.queries import SignInStatus
from gateway.app.roster import missing
from gateway.app.wiring import below, open_record, secret_of
from gateway.credentials import CredentialError
from gateway.ports import Alerts, Bearer, Clock, SignIns, Unavailable
from gateway.settings.schema import Mailbox, Settings
from gateway.settings.sign_in import OAuth2
from gateway.sign_in import Place, Registration, SignIn, kept_of, poster
from gateway.store import SealError

#: The smart host's name among those of mailboxes.
SMARTHOST = ""


class Ring:
    """Every sign-in of these settings. Made without opening anything."""

    def __init__(self, settings: Settings, keeping: SignIns, clock: Clock, alerts: Alerts) -> None:
        """A smart host that uses a mailbox's sign-in has none of its own: both hold the same tokens."""
        self._settings = settings
        self._keeping = keeping
        self._made = {place.mailbox: _sign_in(settings, place, keeping, clock, alerts) for place in places_of(settings)}

    def of(self, mailbox: str) -> SignIn | None:
        """What a mailbox signs in with, None where it has a password or nothing; `SMARTHOST` for the smart host."""
        borrowed = self._settings.gateway.smarthost.sign_in if mailbox == SMARTHOST else ""
        return self._made.get(borrowed or mailbox)

    def bearer(self, mailbox: str) -> Bearer | None:
        """The same, for who needs tokens alone."""
        return self.of(mailbox)


def places_of(settings: Settings) -> Iterator[Place]:
    """Where somebody signs in by OAuth 2, each place once."""
    for name, mailbox in settings.gateway.mailboxes.items():
        if mailbox.oauth2 is not None:
            yield Place(name)
    if settings.gateway.smarthost.oauth2 is not None:
        yield Place()


def mailbox_user(mailbox: Mailbox) -> str:
    """Who signs in at a mailbox's `watch`."""
    return unquote(urlsplit(mailbox.watch or "").username or "") or mailbox.user or mailbox.address


def smarthost_user(settings: Settings) -> str:
    """Who signs in at the smart host; empty for nobody."""
    smarthost = settings.gateway.smarthost
    own = unquote(urlsplit(smarthost.url).username or "") or smarthost.user
    return own or (mailbox_user(settings.gateway.mailboxes[smarthost.sign_in]) if smarthost.sign_in else "")


def users_of(settings: Settings) -> dict[str, str]:
    """Who signs in at each place, by where the settings have it."""
    return {place.key: _said(settings, place)[0] for place in places_of(settings)}


async def sign_in_status(settings: Settings, keeping: SignIns) -> tuple[SignInStatus, ...]:
    """How each sign-in stands, by what is kept of it; no token. Raises Unavailable."""
    return tuple([await _status(settings, keeping, place) for place in places_of(settings)])


async def sign_ins_found(settings: Settings) -> tuple[Finding, ...]:
    """How each sign-in stands, for a check: by the record as it is, which is neither made nor changed."""
    places, users = list(places_of(settings)), users_of(settings)
    if not places or missing(settings):
        return tuple(_found(_needed(place), users) for place in places)
    try:
        async with open_record(settings) as store:
            return tuple(_found(one, users) for one in await sign_in_status(settings, store))
    except (Unavailable, CredentialError, SealError) as error:
        what = "the record can't be read" if isinstance(error, SealError) else str(error)
        return (Finding(Severity.WARNING, "store", f"whether somebody has signed in can't be told: {what}"),)


def _needed(place: Place) -> SignInStatus:
    return SignInStatus(place.key, "needed", mend=place.command)


def _found(one: SignInStatus, users: Mapping[str, str]) -> Finding:
    where = f"gateway.yaml {one.place}.oauth2"
    if one.state == "signed-in":
        renewed = f", renewed last on {one.renewed:%Y-%m-%d}" if one.renewed else ""
        return Finding(Severity.FINE, where, f"signed in as {users[one.place]}{renewed}")
    what = f"the provider ended the sign-in ({one.why})" if one.why else "nobody has signed in yet"
    return Finding(Severity.ERROR, where, what, f"run `{one.mend}`")


async def _status(settings: Settings, keeping: SignIns, place: Place) -> SignInStatus:
    user, oauth2, _ = _said(settings, place)
    kept = kept_of(await keeping.sign_in(place.key))
    if kept is None or (kept.user, kept.client_id, kept.issuer) != (user, oauth2.client_id, oauth2.token):
        return _needed(place)
    if kept.ended:
        return SignInStatus(place.key, "ended", kept.since, kept.renewed, kept.ended, place.command)
    return SignInStatus(place.key, "signed-in", kept.since, kept.renewed)


def _sign_in(settings: Settings, place: Place, keeping: SignIns, clock: Clock, alerts: Alerts) -> SignIn:
    user, oauth2, trust = _said(settings, place)
    post = poster(below(settings.folder, trust))
    registration = registration_of(oauth2, lambda: _secret(settings, oauth2))
    return SignIn(place, user, registration, keeping=keeping, post=post, clock=clock, alerts=alerts)


def registration_of(oauth2: OAuth2, secret: Callable[[], str]) -> Registration:
    """The settings as the sign-in has them; `secret` is asked at each renewal, so that a new one is taken up."""
    return Registration(
        client_id=oauth2.client_id,
        token=oauth2.token,
        authorize=oauth2.authorize,
        device=oauth2.device,
        revoke=oauth2.revoke,
        scopes=oauth2.scopes,
        redirect=oauth2.redirect,
        parameters=oauth2.parameters,
        secret=secret,
    )


def _said(settings: Settings, place: Place) -> tuple[str, OAuth2, Path | None]:
    """Who signs in there, how, and whose certificates are trusted beside the system's."""
    gateway = settings.gateway
    if place.mailbox:
        mailbox = gateway.mailboxes[place.mailbox]
        user, oauth2, trust = mailbox_user(mailbox), mailbox.oauth2, mailbox.trust
    else:
        user, oauth2, trust = smarthost_user(settings), gateway.smarthost.oauth2, gateway.smarthost.trust
    assert oauth2 is not None
    return user, oauth2, trust


def _secret(settings: Settings, oauth2: OAuth2) -> str:
    try:
        return secret_of(settings, oauth2.client_secret)
    except CredentialError as error:
        raise Unavailable(str(error)) from error
