"""Smart hosts, mailboxes, clocks and stores that answer by script, for a worker on a real store."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from email import message_from_bytes
from email.message import Message

from gateway.clock import ManualClock
from gateway.core.effects import Mail, Reminder
from gateway.core.events import Event
from gateway.core.replies import Reply, accepted, permanent, transient
from gateway.core.tracking import Copy
from gateway.outbox.worker import Worker
from gateway.ports import Claim, Outbox, Unavailable, Words
from gateway.store import Store
from tests.ports.record_samples import received, ref

Make = Callable[..., Worker]
OK = accepted("queued")
REFUSED = permanent(550, "1.1", "no such user")
NULL_REFUSED = permanent(550, "7.1", "null sender not allowed")
GREYLISTED = transient(451, "7.1", "greylisted, try again")
PRACTICE = "Hope Street Practice"


@dataclass
class Script:
    """A smart host that gives these replies in turn, and the last one for ever."""

    replies: list[Reply]
    taken: list[tuple[str, str, bytes]] = field(default_factory=list)

    async def submit(self, reverse_path: str, recipient: str, content: bytes) -> Reply:
        self.taken.append((reverse_path, recipient, content))
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    @property
    def mails(self) -> list[Message]:
        return [message_from_bytes(content) for _, _, content in self.taken]


@dataclass
class Gate:
    """A smart host that answers only once it is let."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    let: asyncio.Event = field(default_factory=asyncio.Event)

    async def submit(self, reverse_path: str, recipient: str, content: bytes) -> Reply:
        self.asked.set()
        await self.let.wait()
        return OK


@dataclass
class Marks:
    """The flags of one mailbox; `away` makes it unreachable."""

    set_on: list[Copy] = field(default_factory=list)
    away: bool = False

    async def add(self, copy: Copy, flags: frozenset[str]) -> frozenset[str]:
        if self.away:
            raise Unavailable("the mailbox server does not answer")
        self.set_on.append(copy)
        return copy.flags | flags


@dataclass
class Told:
    """Alerts, as they were told."""

    now: dict[str, str] = field(default_factory=dict)

    def tell(self, code: str, **ids: str) -> None:
        self.now[code] = " ".join(ids.values())

    def standing(self) -> Mapping[str, str]:
        return self.now

    def clear(self, code: str, **ids: str) -> None:
        self.now.pop(code, None)


@dataclass
class Plain:
    """A wording that says what kind of mail it is; `broken` ones fail until they are mended."""

    broken: bool = False

    def render(self, effect: Mail) -> Words:
        if self.broken:
            raise ValueError("template en/ack failed: UndefinedError")
        return Words(f"A mail of the kind {effect.kind}", f"Hello from {effect.kind}.", "", effect.language)

    def draft(self, effect: Reminder) -> Words:
        if self.broken:
            raise ValueError("template en/draft failed: UndefinedError")
        return Words("A word between our sessions", f"Dear {effect.client_name},\n", "", effect.language)


@dataclass
class Drawer:
    """The drafts of one mailbox; `away` makes it unreachable."""

    drafts: dict[str, Message] = field(default_factory=dict)
    puts: int = 0
    away: bool = False

    async def put(self, message_id: str, content: bytes) -> None:
        if self.away:
            raise Unavailable("the mailbox server does not answer")
        self.puts += 1
        self.drafts.setdefault(message_id, message_from_bytes(content))


@dataclass
class Leaping:
    """A clock that makes nobody wait: it leaps to the instant that is waited for."""

    instant: datetime

    def now(self) -> datetime:
        return self.instant

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        assert until is not None
        self.instant = until


@dataclass
class Forgetful:
    """A store that is away when it is told to settle, so many times."""

    outbox: Outbox
    times: int

    async def claim(self, now: datetime, lease_until: datetime, limit: int) -> tuple[Claim, ...]:
        return await self.outbox.claim(now, lease_until, limit)

    async def settle(self, claim: Claim, events: Sequence[Event]) -> None:
        if self.times:
            self.times -= 1
            raise Unavailable("the database does not answer")
        await self.outbox.settle(claim, events)

    async def postpone(self, claim: Claim, due: datetime, error: str) -> None:
        await self.outbox.postpone(claim, due, error)

    async def next_due(self) -> datetime | None:
        return await self.outbox.next_due()


async def cause(store: Store, *effects: Mail) -> None:
    for number, effect in enumerate(effects):
        name = str(number)
        await store.append(ref(name), [received(name)], [replace(effect, ref=ref(name))])


async def events(store: Store, name: str = "0") -> tuple[Event, ...]:
    story = await store.story(ref(name))
    assert story is not None
    return story.events[1:]


async def go_on(worker: Worker, until: Callable[[], bool]) -> None:
    """Turn after turn, at each instant at which something is due."""
    clock = worker.clock
    assert isinstance(clock, ManualClock)
    for _ in range(200):
        await worker.carry_out_due()
        due = await worker.outbox.next_due()
        if until() or due is None:
            return
        clock.set(max(due, clock.now()))
    raise AssertionError("it never ends")
