"""One sign-in while the gateway runs: gives access tokens, renews them before they run out, and tells when it is over.

In go a registration and the port that keeps tokens, out come tokens, whoever asks and however many at once. A refresh
token that is replaced is kept before the new access token is used: a crash in between must not lose it. What the
provider ended is not tried again until a person has signed in; what passes is tried again after a growing pause.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from gateway.ports import Alerts, Clock, SignIns, Unavailable, Unsigned
from gateway.sign_in.grants import Denied, Granted, Registration, Unregistered, granted, refresh_form, revoke_form
from gateway.sign_in.kept import Kept, Place, kept_of, text_of
from gateway.sign_in.post import Post

log = structlog.get_logger(__name__)

#: First and longest pause after a fault that passes; and the pause after one of the registration.
PAUSE = timedelta(seconds=5)
PAUSE_CAP = timedelta(minutes=5)
UNREGISTERED = timedelta(minutes=10)


class SignIn:
    """`ports.Bearer` for one place."""

    def __init__(
        self,
        place: Place,
        user: str,
        registration: Registration,
        *,
        keeping: SignIns,
        post: Post,
        clock: Clock,
        alerts: Alerts,
    ) -> None:
        """`user` is who signs in, as the mail server is told. Opens nothing."""
        self.place = place
        self.user = user
        self.registration = registration
        self._keeping = keeping
        self.post = post
        self._clock = clock
        self._alerts = alerts
        self._turn = asyncio.Lock()
        self._kept: Kept | None = None
        #: Given, and not kept yet: not used before it is.
        self._given: Kept | None = None
        self._not_before: datetime | None = None
        self._failures = 0
        self._why = ""

    async def token(self, refused: str = "") -> str:
        """See `ports.Bearer`. Those who ask at once wait for one renewal."""
        async with self._turn:
            if kept := self._good(self._kept, refused):
                return kept.access
            kept = self._good(await self._read(), refused) or await self._renewed(refused)
            self._all_is_well()
            return kept.access

    async def accept(self, given: Granted) -> None:
        """Keep what a person's signing in brought. Raises Unavailable, and Denied where it would not last."""
        if not given.refresh:
            raise Denied("no refresh token; ask for one in `oauth2.scopes` or `oauth2.parameters`")
        now = self._clock.now()
        async with self._turn:
            await self._keep(self._kept_from(given, given.refresh, now, now))

    async def forget(self) -> bool:
        """Give the refresh token back where the provider takes it, and forget it; False where there was none.

        Raises Unavailable.
        """
        async with self._turn:
            kept = await self._read()
            if kept is None:
                return False
            if self.registration.revoke and kept.issuer == self.registration.token:
                try:
                    await self.post(self.registration.revoke, revoke_form(self.registration, kept.refresh))
                except Unavailable as fault:
                    log.warning("sign-in-not-given-back", place=self.place.key, why=type(fault).__name__.lower())
            await self._keeping.keep_sign_in(self.place.key, None)
            self._kept = self._given = None
            return True

    def _good(self, kept: Kept | None, refused: str) -> Kept | None:
        usable = kept is not None and kept.fresh(self._clock.now()) and kept.access != refused
        return kept if usable and self._is_ours(kept) else None

    def _is_ours(self, kept: Kept | None) -> bool:
        """Tokens of another registration, person or provider are of no use, and go to nobody else."""
        ours = (self.user, self.registration.client_id, self.registration.token)
        return kept is not None and (kept.user, kept.client_id, kept.issuer) == ours

    async def _read(self) -> Kept | None:
        """What is kept: another node, or `handrail login`, may have kept something since."""
        if self._given is not None:
            await self._keep(self._given)
        else:
            self._kept = kept_of(await self._keeping.sign_in(self.place.key))
        return self._kept

    async def _renewed(self, refused: str) -> Kept:
        kept = self._kept
        if kept is None or not self._is_ours(kept):
            raise self._needs_a_person("nobody has signed in yet")
        if kept.ended:
            raise self._needs_a_person(f"the provider ended the sign-in ({kept.ended})")
        if self._not_before is not None and self._clock.now() < self._not_before:
            raise Unavailable(self._why)
        try:
            given = granted(await self.post(self.registration.token, refresh_form(self.registration, kept.refresh)))
        except Denied as fault:
            return await self._ended(kept, fault, refused)
        except Unavailable as fault:
            self._note_fault(fault)
            raise
        await self._keep(self._kept_from(given, given.refresh or kept.refresh, kept.since, self._clock.now()))
        assert self._kept is not None
        return self._kept

    def _kept_from(self, given: Granted, refresh: str, since: datetime, now: datetime) -> Kept:
        return Kept(
            user=self.user,
            client_id=self.registration.client_id,
            issuer=self.registration.token,
            refresh=refresh,
            access=given.access,
            since=since,
            renewed=now,
            until=now + timedelta(seconds=given.lifetime) if given.lifetime is not None else None,
        )

    async def _keep(self, kept: Kept) -> None:
        self._given = kept
        await self._keeping.keep_sign_in(self.place.key, text_of(kept))
        self._kept, self._given = kept, None
        self._failures, self._not_before = 0, None
        self._all_is_well()
        log.info("sign-in-renewed", place=self.place.key)

    def _all_is_well(self) -> None:
        """Whoever signed in or renewed it, here or elsewhere."""
        for code in ("sign-in-needed", "sign-in-unregistered"):
            self._alerts.clear(code, place=self.place.key, command=self.place.command)

    async def _ended(self, before: Kept, fault: Denied, refused: str) -> Kept:
        """The provider ended it, unless another node was quicker and what replaced it is kept already."""
        kept = await self._read()
        if good := self._good(kept, refused):
            return good
        if kept is None or kept.refresh != before.refresh:
            raise Unavailable("the sign-in was replaced just now; what replaced it is tried next") from fault
        ended = replace(before, access="", ended=fault.code)
        await self._keeping.keep_sign_in(self.place.key, text_of(ended))
        self._kept = ended
        log.error("sign-in-ended", place=self.place.key, why=fault.code)
        raise self._needs_a_person(f"the provider ended the sign-in ({fault.code})") from fault

    def _needs_a_person(self, why: str) -> Unsigned:
        self._alerts.tell("sign-in-needed", place=self.place.key, command=self.place.command)
        return Unsigned(f"{why}; run `{self.place.command}`")

    def _note_fault(self, fault: Unavailable) -> None:
        pause = min(PAUSE * 2 ** min(self._failures, 20), PAUSE_CAP)
        if isinstance(fault, Unregistered):
            self._alerts.tell("sign-in-unregistered", place=self.place.key, command=self.place.command)
            pause = UNREGISTERED
        self._failures += 1
        self._not_before, self._why = self._clock.now() + pause, str(fault)
        why = fault.code if isinstance(fault, Unregistered) else type(fault).__name__.lower()
        log.warning("sign-in-not-renewed", place=self.place.key, why=why)
