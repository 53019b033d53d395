"""A message is taken back: what the mailbox shows decides, and the record keeps what came of it before anybody is told.

In goes the effect, out comes the same with what happened; whoever asks again gets the same answer. Whether a message is
unread is asked of the mailbox itself, as late as can be. Nothing is deleted: it lies in a folder of its own from then
on, with the mail that asked for it, so that nobody is led to look for what is gone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from gateway.core.decide.withdrawal import came_of, settled, why_it_stays
from gateway.core.effects import Staying, Withdrawal
from gateway.core.events import Ref, Withdrawn
from gateway.core.history import Story
from gateway.core.tracking import SEEN, Copy
from gateway.flow.in_force import InForce
from gateway.ports import Clock, Moves, Record, Unavailable
from gateway.settings.schema import Mailbox

log = structlog.get_logger(__name__)

#: For so long after it came, a message that is not in the mailbox may still be on its way there.
ON_ITS_WAY = timedelta(minutes=2)
#: How long before a message was taken up it may have come into the mailbox: one that was found there late.
_CAME_BEFORE = timedelta(days=14)


@dataclass(frozen=True)
class TakingBack:
    """Carries out withdrawals."""

    clock: Clock
    record: Record
    in_force: InForce
    #: What may be moved in a mailbox; None where it is not watched.
    moves: Callable[[str], Moves | None]
    #: Arms the reminder of a person's next promise, by mailbox and author, after one is gone.
    remind: Callable[[str, str, datetime], Awaitable[None]]

    async def __call__(self, effect: Withdrawal) -> Withdrawal:
        """Take the message back if that is possible, and say what came of it. Raises Unavailable."""
        story = await self.record.story(effect.ref)
        if story is None or story.received is None:
            return replace(effect, staying="gone")  # erased since, as its card says
        staying = settled(story)
        if staying is None:
            staying = await self._settle(effect, story)
        if not staying:
            await self._take_along(effect)
            await self.remind(effect.ref.mailbox, story.received.author, self.clock.now())
        return replace(effect, staying=staying)

    async def _settle(self, effect: Withdrawal, story: Story) -> Staying:
        staying = await self._try(effect, story)
        outcome = came_of(effect.ref, staying, self.clock.now())
        await self.record.append(effect.ref, outcome.events, outcome.effects)
        log.info("withdrawal", mailbox=effect.ref.mailbox, message=effect.ref.key[:12], staying=staying or "no")
        return staying

    async def _try(self, effect: Withdrawal, story: Story) -> Staying:
        received, now = story.received, self.clock.now()
        policy = self.in_force.policy_of(effect.policy, effect.version)
        moves = self.moves(effect.ref.mailbox)
        if received is None or policy is None or moves is None:
            return "policy"
        if staying := why_it_stays(story, policy, now):
            return staying
        place = _Place(moves, self._known(effect), received.message_id, received.at - _CAME_BEFORE)
        copies = await place.inbox()
        if not copies:
            return await self._missing(place, now - received.at)
        if any(copy.has(SEEN) for copy in copies):
            return "seen"
        for copy in copies:
            if not await moves.move(copy, place.folder, unseen=True):
                return await self._overtaken(place, copies)
        return ""

    async def _missing(self, place: _Place, age: timedelta) -> Staying:
        """An earlier try may have moved it and not lived to tell; then it lies there."""
        moved = await place.taken()
        if any(copy.has(SEEN) for copy in moved):
            await place.put_back(moved)
            return "seen"
        if not moved and age < ON_ITS_WAY:
            raise Unavailable("a message to be taken back is not in the mailbox yet")
        return "" if moved else "gone"

    async def _overtaken(self, place: _Place, copies: Sequence[Copy]) -> Staying:
        """Somebody was faster: of several copies those that were moved go back."""
        await place.put_back(await place.taken(), copies[0].folder)
        return "seen" if any(copy.has(SEEN) for copy in await place.inbox()) else "gone"

    async def _take_along(self, effect: Withdrawal) -> None:
        """The mail that asked goes to the same folder. Where it is not in the inbox yet, it is moved as it is met."""
        ref, moves = Ref(effect.ref.mailbox, effect.request), self.moves(effect.ref.mailbox)
        asking = await self.record.story(ref)
        if asking is None or moves is None:
            return
        if asking.withdrawn is None:
            await self.record.append(ref, [Withdrawn(at=self.clock.now())], ())
        place = _Place(moves, self._known(effect), effect.in_reply_to, effect.due - _CAME_BEFORE)
        for copy in await place.inbox():
            await moves.move(copy, place.folder)

    def _known(self, effect: Withdrawal) -> Mailbox:
        return self.in_force.settings.gateway.mailboxes[effect.ref.mailbox]


@dataclass(frozen=True, slots=True)
class _Place:
    """One message in one mailbox."""

    moves: Moves
    known: Mailbox
    message_id: str
    since: datetime

    @property
    def folder(self) -> str:
        """Where what was taken back lies."""
        return self.known.withdrawn

    async def inbox(self) -> list[Copy]:
        """Its copies where new mail lies; what is urgent may have been moved by us."""
        named = (self.known.inbox, *self.known.inboxes, self.known.tags.folder)
        return await self._copies(*dict.fromkeys(one for one in named if one))

    async def taken(self) -> list[Copy]:
        """Its copies among what was taken back."""
        return await self._copies(self.folder)

    async def put_back(self, copies: Sequence[Copy], folder: str = "") -> None:
        """Move copies to where they lay."""
        for copy in copies:
            await self.moves.move(copy, folder or self.known.inbox)

    async def _copies(self, *folders: str) -> list[Copy]:
        if not self.message_id:
            return []
        return [copy for one in folders for copy in await self.moves.find(one, self.message_id, self.since)]
