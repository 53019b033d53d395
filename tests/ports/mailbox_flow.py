"""A practice's mailbox with the real flow behind the watch, and faults on the way to it.

    the client's mail --> Arrival --LMTP--> Dovecot <--IMAP-- (gate) <-- watch --> Observation --> Store: the outbox
                                               ^
                                               '--IMAP-- the therapist's mail program

Nothing is sent: what the client got is what the outbox would hand to the smart host by the next day.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import TypeVar

from gateway import shipped
from gateway.alerts import LogAlerts
from gateway.clock import SystemClock
from gateway.core.events import Event
from gateway.core.message.facts import Envelope
from gateway.core.policy.schema import Policy
from gateway.core.routing import Route
from gateway.core.tracking import Copy
from gateway.core.urgency.lexicon import Lexicon
from gateway.flow.arrival import Arrival
from gateway.flow.in_force import InForce
from gateway.flow.in_hand import InHand
from gateway.flow.observation import Observation
from gateway.mailbox import Hand, Intervals, State, Watch, watch_for
from gateway.metrics import Metrics
from gateway.settings.load import load
from gateway.settings.schema import Settings
from gateway.store import Sealer, Store, open_store
from gateway.transport import transport_for
from tests.ports.observed import BRISK
from tests.servers.dovecot import Dovecot, MailProgram
from tests.servers.gate import Gate

T = TypeVar("T", bound=Event)

ANA = "ana@hopestreet.example"
CARLA = "carla@client.example"
ROUTE = Route(ANA, "ana", "always")
#: Every message is acked, and its reading is told an hour later unless it is marked as unread until then.
POLICY = {
    "acknowledge": {"when": "always"},
    "receipt": {"send": "always", "grace": "1h"},
    "urgency": {"alert": "never"},
}
#: A second connection asks of other folders now and then.
OFTEN = replace(BRISK, look=timedelta(seconds=0.4), command=timedelta(seconds=1.5))


@dataclass
class Scene:
    """What a scenario plays with."""

    server: Dovecot
    gate: Gate
    user: str
    store: Store
    arrival: Arrival
    observation: Observation
    alerts: LogAlerts
    settings: Settings
    program: MailProgram
    intervals: Intervals = BRISK
    password: str = "pw"
    watch: Watch | None = None
    hand: Hand | None = None
    written: list[str] = field(default_factory=list)

    # The client and the therapist.

    async def write(self, subject: str = "This week", extra: str = "", *, relayed: bool = True) -> str:
        """A client writes; the Message-ID. Not `relayed`: it comes into the mailbox by another way."""
        message_id = f"<{uuid.uuid4().hex}@client.example>"
        content = letter(message_id, subject, extra)
        if relayed:
            reply = await self.arrival(ROUTE, Envelope(CARLA, (ANA,)), content)
            assert reply.accepted, reply
        else:
            await self.do(self.program.append, "INBOX", content)
        self.written.append(message_id)
        return message_id

    async def do(self, what: Callable[..., object], *arguments: object) -> None:
        """Something in the therapist's mail program, which waits for its server."""
        await asyncio.to_thread(what, *arguments)

    async def met(self, message_id: str, folder: str = "INBOX") -> None:
        """The watch knows where it lies."""
        await self.until(lambda: self._lies_in(message_id, folder), "its place to be known")

    async def _lies_in(self, message_id: str, folder: str) -> bool:
        refs = await self.store.find("ana", [message_id])
        copies = [copy for ref in refs for copy in await self.store.copies(ref)]
        return any(copy.folder == folder for copy in copies)

    async def written_and_met(self, subject: str = "This week", extra: str = "") -> str:
        """A message that the watch has seen unread."""
        message_id = await self.write(subject, extra)
        await self.met(message_id)
        return message_id

    # The watch.

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """The gateway's watch runs; entered once the inbox was looked at."""
        async with self.started():
            await self.idle()
            yield

    @asynccontextmanager
    async def started(self) -> AsyncIterator[None]:
        """The gateway's watch runs, or tries to."""
        self.watch, self.hand = watch_for(
            "ana", self.settings.gateway.mailboxes["ana"], password=lambda: self.password, observer=self.observation,
            folders=self.store, record=self.store, alerts=self.alerts, clock=SystemClock(), intervals=self.intervals,
            dice=random.Random(1),
        )  # fmt: skip
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.watch.run())
            try:
                yield
            finally:
                task.cancel()

    async def idle(self) -> None:
        """Inbox and sent mail were looked at, and nothing is wrong."""

        async def so() -> bool:
            assert self.watch is not None
            states = [await self.store.folder("ana", name) for name in ("INBOX", "Sent")]
            return self.watch.condition.state is State.IDLE and all(state.validity for state in states)

        await self.until(so, "the watch to idle")

    async def down(self) -> None:
        """The watch has noticed that something is wrong."""

        async def so() -> bool:
            assert self.watch is not None
            return self.watch.condition.state is State.DOWN

        await self.until(so, "the watch to be down")

    async def settle(self, *folders: str) -> None:
        """The watch has looked at these folders since this was called."""
        assert self.hand is not None
        # A wish is granted before a look; once a second one is, the first look is over.
        for folder in (*folders, *folders):
            await self.hand.add(Copy(folder, "4294967295", frozenset()), frozenset())

    # What came of it.

    async def got(self) -> str:
        """What all clients got: `ack, receipt`; `2 ack` for two of them, and nothing for nothing."""
        return _counted(row.kind for row in await self.store.pending())

    async def handed_over(self) -> str:
        """The same, as the outbox claims it within a day, each once."""
        tomorrow = SystemClock().now() + timedelta(days=1)
        claims = await self.store.claim(tomorrow, tomorrow, 1000)
        assert {claim.effect.to for claim in claims} <= {CARLA}
        return _counted(claim.effect.kind for claim in claims)

    async def gets(self, what: str) -> None:
        """Wait until the client has got this."""

        async def so() -> bool:
            return await self.got() == what

        try:
            await self.until(so, "")
        except AssertionError:
            raise AssertionError(f"the client got {await self.got()}, and not {what}") from None

    async def events(self, kind: type[T], message_id: str = "") -> list[T]:
        """What happened to a message, by default to the last one, of one kind."""
        refs = await self.store.find("ana", [message_id or self.written[-1]])
        stories = [story for ref in refs if (story := await self.store.story(ref))]
        return [event for story in stories for event in story.events if isinstance(event, kind)]

    async def until(self, holds: Callable[[], Awaitable[bool]], what: str, seconds: float = 20) -> None:
        """Wait until something holds; fails by name."""
        try:
            async with asyncio.timeout(seconds):
                while not await holds():
                    await SystemClock().wait(asyncio.Event(), SystemClock().now() + timedelta(milliseconds=20))
        except TimeoutError:
            raise AssertionError(f"waited {seconds} s for {what}") from None


def _counted(kinds: Iterable[str]) -> str:
    to_clients = Counter(kind for kind in kinds if kind in ("ack", "receipt"))
    said = (kind if count == 1 else f"{count} {kind}" for kind, count in sorted(to_clients.items()))
    return ", ".join(said) or "nothing"


def letter(message_id: str, subject: str = "This week", extra: str = "", at: datetime | None = None) -> bytes:
    """A client's message, of this moment."""
    date = format_datetime(at or SystemClock().now())
    head = f"From: Carla <{CARLA}>\r\nTo: {ANA}\r\nDate: {date}\r\nMessage-ID: {message_id}\r\n"
    return f"{head}Subject: {subject}\r\n{extra}\r\nDear Ana,\r\nI sleep better since Tuesday.\r\n".encode()


def _settings(root: Path, user: str, port: int, mailbox: dict[str, object], policy: dict[str, object]) -> Settings:
    ana = {"address": ANA, "deliver": "lmtp://127.0.0.1:24", "watch": f"imap://{user}@127.0.0.1:{port}"}
    values = {
        "folder": root,
        "gateway": {
            "practice": {"name": "Hope Street Practice", "timezone": "Europe/Berlin"},
            "smarthost": {"url": f"maildir:{root}/outgoing"},
            "mailboxes": {"ana": ana | {"policy": "always"} | mailbox},
        },
        "routes": [{"to": ANA, "mailbox": "ana"}],
        "policies": {"always": Policy.model_validate(POLICY | policy)},
        "lexicons": _lexicons(),
    }
    return Settings.model_validate(values)


@cache
def _lexicons() -> tuple[Lexicon, ...]:
    return load(shipped.folder("config")).lexicons


class _ToUser:
    """Mail for Ana goes to the mailbox that a test has for itself."""

    def __init__(self, server: Dovecot, user: str) -> None:
        self._user = user
        self._transport = transport_for(f"lmtp://127.0.0.1:{server.lmtp_port}", helo="gateway.hopestreet.example")

    async def relay(self, envelope: Envelope, content: bytes) -> object:
        return await self._transport.relay(replace(envelope, recipients=(self._user,)), content)

    async def aclose(self) -> None:
        await self._transport.aclose()


@asynccontextmanager
async def scene(
    root: Path,
    server: Dovecot,
    gate: Gate,
    user: str,
    *,
    mailbox: dict[str, object] | None = None,
    policy: dict[str, object] | None = None,
    folders: Sequence[str] = (),
) -> AsyncIterator[Scene]:
    """A practice whose mailbox is behind a gate; nothing watches it yet."""
    clock, metrics, in_hand = SystemClock(), Metrics(), InHand()
    settings = _settings(root, user, gate.port, mailbox or {}, policy or {})
    alerts, in_force = LogAlerts(clock, metrics), InForce(settings, (ROUTE,))
    transport = _ToUser(server, user)
    try:
        async with open_store(
            f"sqlite:///{root}/handrail.db", sealer=Sealer([bytes(32)]), host="hopestreet.example"
        ) as store:
            await store.migrate()
            arrival = Arrival(clock, store, store, store, {"ana": transport}, in_force, in_hand, alerts, metrics)  # type: ignore[dict-item]
            observation = Observation(clock, store, store, store, store, in_force, in_hand, alerts)
            with server.open(user) as program:
                for folder in folders:
                    program.create(folder)
                yield Scene(server, gate, user, store, arrival, observation, alerts, settings, program)
    finally:
        await transport.aclose()
