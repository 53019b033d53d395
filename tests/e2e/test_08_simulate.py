"""Years of recorded mail, simulated, come to what they come to when they are lived through, one message at a time.

    mbox ──> simulate: mail read, played on the stage ──> stories, effects, numbers
                                                                   =
    the same octets ──SMTP──> a running house, its clock set ──Maildir──> downstream
                                   │  its own store, its own worker ──Maildir──> smart host
                                   '── what the therapist reads and answers, told as its watch would tell it

The two share the core and the flow, as they must. Reading the mbox, the order of things, when a message is read, the
outbox, the record's engine and the account are each their own.
"""

from __future__ import annotations

import asyncio
import mailbox
import multiprocessing
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from email import message_from_bytes
from pathlib import Path
from zoneinfo import ZoneInfo

import aiosmtplib
import pytest

from gateway import logs
from gateway.app import House, open_house, settings_from
from gateway.clock import ManualClock
from gateway.core.billing.ledger import total
from gateway.core.effects import Mail
from gateway.core.events import Acknowledged, Event, Origin, Ref, Relayed
from gateway.core.history import Story
from gateway.core.policy.client import Client
from gateway.core.tracking import SEEN, Copy, FlagChange
from gateway.ports import Sighting
from gateway.simulation import Findings, Played, Span, find, open_mail, simulate
from tests.servers.places import memory_folder
from tests.unit.simulation.years import ANA, FIRST, Came, Years, draw, write_mbox

MESSAGES = 5000
SYDNEY = ZoneInfo("Australia/Sydney")
GATEWAY = """\
practice: {{name: Hope Street Practice, timezone: Australia/Sydney, crisis_line: Lifeline 13 11 14}}
smtp: {{listen: ["127.0.0.1:0"], hostname: gateway.hopestreet.example}}
store: {{url: "sqlite:///{folder}/handrail.db"}}
smarthost: {{url: "maildir:{folder}/outgoing"}}
web: {{listen: "127.0.0.1:0"}}
logs: {{level: error}}
mailboxes:
  ana:
    address: ana@hopestreet.example
    deliver: "maildir:{folder}/mailbox"
    watch: "maildir:{folder}/mailbox"
    policy: mornings
"""
#: Nearly everything that a policy can say of a message, so that nearly everything can differ. Not that many marked at
#: once count as unread: here all are read as the clock strikes nine, which simulate never takes for a mark.
POLICY = """\
hours: {reading: "07:00-09:00", days: mon-fri}
answer: {promise: next-working-day, nudge: 90m}
acknowledge: {when: always, at_most_every: 2h}
receipt: {send: important, grace: 3m, bulk: 0}
urgency: {alert: urgent}
allowance: {messages: 3, minutes: 20, per: month, warn_at: 0.6}
billing:
  free: 1m
  increment: 5m
  rate: 12.50 AUD
  cluster: {messages: 3, within: 24h}
  exempt: [scheduling]
"""


def practice(folder: Path) -> Path:
    """A config folder."""
    (folder / "config" / "policies").mkdir(parents=True)
    (folder / "config" / "gateway.yaml").write_text(GATEWAY.format(folder=folder), encoding="utf-8")
    (folder / "config" / "policies" / "mornings.yaml").write_text(POLICY, encoding="utf-8")
    return folder / "config"


def end_of_next_reading(at: datetime) -> datetime:
    """As anybody would read the policy: nine o'clock in the morning, on the next weekday that still has one."""
    day = at.astimezone(SYDNEY).date()
    while True:
        nine = datetime.combine(day, time(9), SYDNEY).astimezone(UTC)
        if day.weekday() < 5 and nine >= at:
            return nine
        day += timedelta(days=1)


@dataclass
class Living:
    """A house whose time is ours: mail comes to it by SMTP, and what it has to say it says before time goes on."""

    house: House
    clock: ManualClock
    peer: aiosmtplib.SMTP
    said: list[Mail] = field(default_factory=list)
    unread: dict[Ref, Story] = field(default_factory=dict)
    known: set[Ref] = field(default_factory=set)
    by_id: dict[str, Ref] = field(default_factory=dict)
    readings: list[tuple[datetime, Ref]] = field(default_factory=list)

    async def live(self, years: Years) -> Played:
        came = [(one.at, self.arrive, one) for one in years.inbox]
        went = [(one.at, self.answer, one) for one in years.sent]
        turns = sorted([*came, *went], key=_when)
        for at, happens, one in turns:
            await self.until(at, including_readings=happens == self.answer)
            await happens(one)
        await self.say_until(turns[-1][0])
        stories = await self.house.store.stories("ana", None, None)
        again = len(years.inbox) - len(stories)
        return Played("mornings", stories, tuple(self.said), turns[-1][0], again)

    async def until(self, at: datetime, *, including_readings: bool) -> None:
        """Let time pass: what is due is said when it is due, what is read is read when it is read."""
        while self.readings and (self.readings[0][0] < at or (including_readings and self.readings[0][0] == at)):
            due, ref = self.readings.pop(0)
            await self.say_until(due)
            await self.read(ref)
        await self.say_until(at)

    async def say_until(self, at: datetime) -> None:
        while (due := await self.house.store.next_due()) is not None and due <= at:
            self.clock.set(max(due, self.clock.now()))
            assert await self.house.worker.carry_out_due()
        self.clock.set(at)

    async def arrive(self, one: Came) -> None:
        refused, _ = await self.peer.sendmail(one.reverse_path, [ANA], one.content)
        assert refused == {}
        for story in await self.house.store.stories("ana", one.at, one.at + timedelta(seconds=1)):
            received = story.received
            if received is None or story.ref in self.known:
                continue
            self.known.add(story.ref)
            self.by_id[received.message_id] = story.ref
            self.unread[story.ref] = story
            if one.read and received.origin is not Origin.MACHINE:
                self.readings.append((end_of_next_reading(one.at), story.ref))
                self.readings.sort(key=_when)

    async def read(self, ref: Ref) -> None:
        if self.unread.pop(ref, None) is not None:
            before, now = (Copy("INBOX", ref.key, flags, ref) for flags in (frozenset(), frozenset({SEEN})))
            await self.house.observation.changed("ana", [FlagChange(before, now)], self.clock.now())

    async def answer(self, one: Came) -> None:
        letter = message_from_bytes(one.content)
        named = [letter.get("In-Reply-To", ""), *letter.get("References", "").split()[-1:]]
        for ref in [self.by_id[name] for name in dict.fromkeys(named) if name in self.by_id]:
            await self.read(ref)
        copy = Copy("Sent", one.at.isoformat(), frozenset())
        await self.house.observation.sent("ana", Sighting(copy, one.content, one.at))
        to = str(letter["To"])
        closed = [ref for ref, story in self.unread.items() if story.received and story.received.author == to]
        answered = [ref for ref in closed if (story := await self.house.store.story(ref)) and story.answered]
        for ref in answered:
            await self.read(ref)


def _when(turn: Sequence[object]) -> object:
    return turn[0]


@asynccontextmanager
async def living(config: Path, roster: Sequence[Client]) -> AsyncIterator[Living]:
    """The house with its SMTP side open, and a peer connected to it."""
    clock = ManualClock(FIRST)
    async with open_house(settings_from(config), clock) as house, asyncio.TaskGroup() as group:
        await house.store.migrate()
        for client in roster:
            await house.store.save("ana", client)
        serving = group.create_task(house.intake.run())
        host, port = (await house.intake.bound())[0]
        async with aiosmtplib.SMTP(hostname=host, port=port, use_tls=False, start_tls=False, timeout=60) as peer:
            life = Living(house, clock, peer)
            house.worker.said = life.said.append
            yield life
        serving.cancel()


def simulated(config: Path, inbox: Path, sent: Path, roster: Sequence[Client]) -> Played:
    """In a process of its own, so that both lives pass at once."""
    logs.set_up("error", "text")
    mail, answers = open_mail(inbox), open_mail(sent)
    return asyncio.run(simulate(settings_from(config), "ana", "mornings", mail, answers, roster=roster))


def told(story: Story) -> list[Event]:
    """A story's events in the order of time, without what is drawn by lot or said by one downstream alone."""
    events: list[Event] = []
    for event in story.events:
        if isinstance(event, Acknowledged):
            events.append(replace(event, message_id=""))
        elif isinstance(event, Relayed):
            events.append(replace(event, reply=""))
        else:
            events.append(event)
    return sorted(events, key=lambda event: (event.at, event.kind))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with memory_folder(tmp_path) as found:
        yield found


@pytest.mark.long
@pytest.mark.timeout(1800)
async def test_recorded_mail_simulated_comes_to_what_it_comes_to_lived_through(folder: Path) -> None:
    config, years = practice(folder), draw(MESSAGES)
    inbox, sent = write_mbox(folder / "inbox.mbox", years.inbox), write_mbox(folder / "sent.mbox", years.sent)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as aside:
        waits = asyncio.get_running_loop().run_in_executor(aside, simulated, config, inbox, sent, years.roster)
        async with living(config, years.roster) as life:
            lived = await life.live(years)
            lines = await life.house.queries.ledger_for("ana", None, None)
        played = await waits
    mine, theirs = ({story.ref: told(story) for story in one.stories} for one in (played, lived))
    assert mine.keys() == theirs.keys()
    assert [ref for ref in mine if mine[ref] != theirs[ref]] == []
    assert {effect.key: effect for effect in played.said} == {effect.key: effect for effect in lived.said}

    policies = settings_from(config).policies
    found, expected = (find(one, policies, SYDNEY, Span(), clients=years.roster) for one in (played, lived))
    assert found == expected
    assert found.minutes.counted == total(lines)
    _holds_what_was_drawn(found)
    outgoing = mailbox.Maildir(folder / "outgoing", create=False)
    assert len(outgoing) == found.acked + sum(found.receipts.values()) + found.alerts + found.nudges


def _holds_what_was_drawn(found: Findings) -> None:
    """That two numbers are equal shows little where both are nothing."""
    assert found.messages + found.again == MESSAGES
    assert found.again > 50
    assert all(found.acks.values())
    assert len(found.silent) > 8
    assert min(found.promises.kept, found.promises.broken, found.promises.moot) > 50
    assert all(found.receipts.values())
    assert min(found.alerts, found.nudges, found.allowance.warned, found.allowance.over) > 20
    assert found.charged
