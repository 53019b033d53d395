"""`handrail login`: a person signs in by OAuth 2, once; the gateway keeps what it is given, sealed, and renews it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from gateway import app as house
from gateway.cli.options import DEFAULT, Config, called, must_know, run, settings_from
from gateway.cli.output import FOUND, WRONG, fail, say
from gateway.core.policy.waits import in_words
from gateway.ports import Unavailable
from gateway.settings.providers import PROVIDERS
from gateway.settings.schema import Settings
from gateway.settings.sign_in import OAuth2

_GUIDE = "docs/sign-in.md says what to do at each provider."


def login(
    mailbox: Annotated[str, typer.Argument(help="The mailbox to sign in to, by its name in gateway.yaml.")] = "",
    smarthost: Annotated[bool, typer.Option("--smarthost", help="Sign in to the smart host.")] = False,
    device: Annotated[bool, typer.Option("--device", help="By a code that is typed in on any machine.")] = False,
    browser: Annotated[bool, typer.Option("--browser", help="By a browser that can reach this machine.")] = False,
    forget: Annotated[bool, typer.Option("--forget", help="Forget the sign-in, and give it back.")] = False,
    config: Config = DEFAULT,
) -> None:
    """Sign in to a mailbox or the smart host by OAuth 2. Waits until you have decided in the browser.

    Without --device or --browser it takes the code where the provider gives one. What is granted is kept sealed in the
    record; a running gateway takes it up by itself. Ends with 0 where the server lets the gateway in, else with 1.

    Example: `handrail login ana`
    """
    settings = settings_from(config)
    if not mailbox and not smarthost:
        _tell_places(settings)
        return
    oauth2 = _oauth2(settings, mailbox, smarthost=smarthost)
    if forget:
        run(lambda: _forget(settings, mailbox))
        return
    by_code = _by_code(oauth2, device=device, browser=browser)
    run(lambda: _sign_in(settings, mailbox, by_code=by_code))


def _tell_places(settings: Settings) -> None:
    """What may be named."""
    places = list(house.places_of(settings))
    if not places:
        say("Nothing signs in by OAuth 2: no mailbox in gateway.yaml has `oauth2`, nor has the smart host.")
        say(_GUIDE)
        return
    say("Sign in by one of:")
    for place in places:
        say(f"  {called()}{place.command.removeprefix('handrail')}", "  ")


def _oauth2(settings: Settings, mailbox: str, *, smarthost: bool) -> OAuth2:
    """How to sign in there, or an end that says why not."""
    if mailbox and smarthost:
        raise typer.BadParameter("name a mailbox, or the smart host, not both", param_hint="--smarthost")
    gateway = settings.gateway
    if smarthost:
        if gateway.smarthost.sign_in:
            name = gateway.smarthost.sign_in
            raise fail(WRONG, f"The smart host uses the sign-in of mailbox {name}: run `{called()} login {name}`.")
        found, where, provider = gateway.smarthost.oauth2, "smarthost", gateway.smarthost.provider
    else:
        must_know("mailbox", mailbox, gateway.mailboxes, "MAILBOX")
        known = gateway.mailboxes[mailbox]
        found, where, provider = known.oauth2, f"mailboxes.{mailbox}", known.provider
    if found is None:
        instead = PROVIDERS[provider].instead if provider else "its password"
        what = f"{where} in gateway.yaml has no `oauth2`, so there is nothing to sign in to by this"
        raise fail(WRONG, f"{what}: `password` there is {instead}. {_GUIDE}")
    return found


def _by_code(oauth2: OAuth2, *, device: bool, browser: bool) -> bool:
    if device and browser:
        raise typer.BadParameter("choose one of --device and --browser", param_hint="--browser")
    if device and not oauth2.device:
        raise fail(WRONG, "This provider gives no codes for mail: sign in with --browser.")
    if browser and not oauth2.authorize:
        raise fail(WRONG, "`oauth2` has no `authorize`, so no browser can be asked: sign in with --device.")
    return device or (bool(oauth2.device) and not browser)


async def _forget(settings: Settings, mailbox: str) -> None:
    async with house.open_login(settings, mailbox) as signing:
        known = await signing.sign_in.forget()
    if not known:
        say("Nothing was kept, so there is nothing to forget.")
        return
    say("Forgotten. A running gateway uses what it holds for an hour at most; restart it to end that now.")
    say("Take the permission away at the provider, too: in the account's security page, among apps with access.")


async def _sign_in(settings: Settings, mailbox: str, *, by_code: bool) -> None:
    async with house.open_login(settings, mailbox) as signing:
        say(f"Signing in for {signing.sign_in.place.key} as {signing.user}.")
        try:
            await (_with_code(signing) if by_code else _with_browser(signing))
        except house.Denied as fault:
            raise fail(FOUND, f"Not signed in: {fault}. Nothing was changed; run this to try again.") from None
        except house.Unregistered as fault:
            raise fail(WRONG, f"Not signed in: {fault}. {_GUIDE}") from None
        say("Granted, and kept sealed in the record.")
        try:
            found = await signing.tried()
        except Unavailable as fault:
            what = f"But it does not let the gateway in yet: {fault}."
            raise fail(FOUND, f"{what}\nWas it {signing.user} who signed in? {_GUIDE}") from None
    say(f"Tried: {found}.")
    say(f"A running gateway takes it up by itself within some minutes; `{called()} status` shows how it stands.")


async def _with_code(signing: house.Login) -> None:
    code = await signing.code()
    say(f"  1. Open `{code.whole_url or code.url}` in a browser, on any machine.")
    say(f"  2. Type in the code `{code.code}`, and sign in there as {signing.user}.", "     ")
    await signing.by_code(code, _Waiting())


async def _with_browser(signing: house.Login) -> None:
    async with signing.browser() as browser:
        port = browser.port
        say("  1. Open this address in a browser:\n")
        typer.echo(f"{browser.url}\n")
        say(f"  2. Sign in there as {signing.user}. The browser comes back to port {port} of its own machine.", "     ")
        say(f"     Not the same as this one? Keep this running, and there first: `ssh -L {port}:127.0.0.1:{port} HERE`")
        say("Waiting for the browser; Ctrl-C ends it.")
        await signing.by_browser(browser)


class _Waiting:
    """Says once a minute how long there is left."""

    def __init__(self) -> None:
        self._told: timedelta | None = None

    def __call__(self, left: timedelta) -> None:
        if self._told is None or self._told - left >= timedelta(minutes=1):
            self._told = left
            minutes = timedelta(minutes=max(1, round(left.total_seconds() / 60)))
            say(f"Waiting for you, {in_words(minutes)} at most; Ctrl-C ends it.")
