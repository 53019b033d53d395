"""A person signs in: what `handrail login` has to do, beside a gateway that may or may not be running."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from gateway.alerts import LogAlerts
from gateway.app.sign_ins import Ring, smarthost_user
from gateway.app.wiring import below, open_record, secret_of, smarthost_of
from gateway.clock import SystemClock
from gateway.mailbox.probe import sign_in as look
from gateway.metrics import Metrics
from gateway.settings.schema import Settings
from gateway.sign_in import Browser, DeviceCode, SignIn, ask_for_code, open_browser, wait_for_person


@dataclass(frozen=True)
class Login:
    """One place to sign in to. What is granted is kept before anything else happens with it."""

    settings: Settings
    sign_in: SignIn
    clock: SystemClock

    @property
    def user(self) -> str:
        """As whom to sign in."""
        return self.sign_in.user

    async def code(self) -> DeviceCode:
        """A code for the person. Raises Denied, Unregistered and Unavailable."""
        return await ask_for_code(self.sign_in.registration, self.sign_in.post, self.clock.now())

    async def by_code(self, code: DeviceCode, tell: Callable[[timedelta], None]) -> None:
        """Wait until the person has decided; `tell` hears now and then how long the code still holds."""
        known = self.sign_in
        await known.accept(await wait_for_person(known.registration, code, known.post, self.clock, tell))

    def browser(self) -> AbstractAsyncContextManager[Browser]:
        """An address for the person's browser, and the listener that it comes back to. Raises Unavailable."""
        return open_browser(self.sign_in.registration, self.user, self.sign_in.post)

    async def by_browser(self, browser: Browser) -> None:
        """Wait until the person has decided."""
        await self.sign_in.accept(await browser.wait())

    async def tried(self) -> str:
        """What the server says to it, in words. Raises Unavailable."""
        name = self.sign_in.place.mailbox
        if not name:
            async with aclosing(smarthost_of(self.settings, smarthost_user(self.settings), self.sign_in)) as smarthost:
                return await smarthost.probe()
        mailbox = self.settings.gateway.mailboxes[name]
        trusting = mailbox.model_copy(update={"trust": below(self.settings.folder, mailbox.trust)})
        return await look(trusting, lambda: secret_of(self.settings, mailbox.password), self.sign_in)


@asynccontextmanager
async def open_login(settings: Settings, mailbox: str) -> AsyncIterator[Login]:
    """The sign-in of a mailbox, or of the smart host where none is named; the settings must have it.

    Raises Unavailable and CredentialError.
    """
    clock = SystemClock()
    async with open_record(settings) as store:
        await store.migrate()
        known = Ring(settings, store, clock, LogAlerts(clock, Metrics())).of(mailbox)
        assert known is not None
        yield Login(settings, known, clock)
