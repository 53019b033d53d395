"""What an admin can ask."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from gateway.admin.promises import Outstanding
from gateway.admin.queries import MailboxStatus
from gateway.core.billing.ledger import total
from gateway.core.events import (
    Acknowledged,
    Alerted,
    Answered,
    Event,
    Expect,
    GivenUp,
    Level,
    Origin,
    ReceiptSent,
    Seen,
    Tagged,
)
from gateway.core.history import Note, Story
from gateway.core.policy.client import Client
from gateway.core.policy.schema import Policy
from gateway.ports import Unavailable
from tests.unit.admin.house import SOUND_POLICY, Memory, Watch, pending, queries, settings
from tests.unit.core.billing.lives import MONDAY, answered, seen, story

NOON = MONDAY + timedelta(hours=5)


async def test_a_status_counts_what_became_of_the_last_days_messages() -> None:
    whole = story(
        Acknowledged(at=MONDAY, message_id="<a@hopestreet.example>"),
        seen(),
        ReceiptSent(at=NOON, by="gateway", form="mdn"),
        answered(),
        level=Level.CRISIS,
    )
    broken = story(GivenUp(at=NOON, effect="ack", why="550"), key="k2")
    machine = story(key="k3", origin=Origin.MACHINE)
    old = story(key="k4", at=MONDAY - timedelta(days=2))
    counts = (await queries(Memory([whole, broken, machine, old])).status(NOON)).last_day
    assert (counts.received, counts.by_machines, counts.urgent, counts.relayed) == (3, 1, 1, 3)
    assert (counts.acknowledged, counts.seen, counts.receipts, counts.answered, counts.given_up) == (1, 1, 1, 1, 1)


async def test_a_status_shows_outbox_troubles_and_version() -> None:
    memory = Memory(effects=[pending(1), pending(2), pending(3, "given-up")], troubles={"given-up": "Look at it."})
    status = await queries(memory).status(NOON)
    assert status.outbox == {"given-up": 1, "pending": 2}
    assert [(trouble.what, trouble.words) for trouble in status.troubles] == [("given-up", "Look at it.")]
    assert (status.version, status.at, status.store) == ("0.1.0", NOON, "")


async def test_a_store_that_does_not_answer_is_part_of_a_status() -> None:
    status = await queries(Memory(down=True), watches={"ana": Watch()}).status(NOON)
    assert status.store == "the database does not answer"
    assert status.mailboxes[0].up


@pytest.mark.parametrize(
    ("mailbox", "watches", "watch", "up"),
    [
        ({}, {"ana": Watch()}, "idle", True),
        ({}, {"ana": Watch("looking")}, "looking", True),
        ({}, {"ana": Watch("down", why="login refused")}, "down", False),
        ({}, {}, "starting", False),
        ({}, None, "unknown", False),
        ({"watch": None}, {}, "off", False),
    ],
)
def test_a_mailbox_shows_how_its_watch_is_doing(mailbox, watches, watch: str, up: bool) -> None:
    (status,) = queries(Memory(), settings(mailbox=mailbox), watches).mailboxes()
    assert (status.name, status.watch, status.up) == ("ana", watch, up)


def test_a_watched_mailbox_says_since_when_and_how_tags_show() -> None:
    (status,) = queries(Memory(), watches={"ana": Watch()}).mailboxes()
    assert status == MailboxStatus("ana", "mornings-billed", "idle", MONDAY, MONDAY, "keyword", "")


async def test_lives_come_newest_first_without_author_and_subject() -> None:
    first = story(Tagged(at=NOON, how="keyword"), Alerted(at=NOON), seen(), key="a" * 64)
    second = story(key="b" * 64, at=MONDAY + timedelta(minutes=1))
    newest, oldest = await queries(Memory([first, second])).messages()
    assert (newest.ref, oldest.ref) == ("b" * 12, "a" * 12)
    assert (oldest.tagged, oldest.tagged_how, oldest.alerted) == (NOON, "keyword", NOON)
    assert oldest.seen == MONDAY + timedelta(hours=1)
    assert (oldest.author, oldest.subject) == ("", "")


async def test_lives_say_author_and_subject_where_asked() -> None:
    (life,) = await queries(Memory([story()])).messages(personal=True)
    assert (life.author, life.subject) == ("cleo@client.example", "Tuesday")


async def test_lives_are_limited_to_the_newest() -> None:
    memory = Memory([story(key=f"k{n}", at=MONDAY + timedelta(minutes=n)) for n in range(9)])
    assert [life.ref for life in await queries(memory).messages(limit=2)] == ["k8", "k7"]
    assert await queries(memory).messages(mailbox="ben") == ()


async def test_an_answer_is_not_timed_again_in_the_next_span() -> None:
    january = story(seen(), answered())
    february = story(seen(), answered(), key="k2", at=MONDAY + timedelta(days=1))
    asked = queries(Memory([january, february]))
    border = MONDAY + timedelta(hours=12)
    assert total(await asked.ledger_for("ana", None, border)) == Decimal("7.6")
    assert total(await asked.ledger_for("ana", border, None)) == Decimal("1.3")


async def test_a_line_is_counted_by_the_version_that_decided_and_charged_by_it() -> None:
    old = SOUND_POLICY | {"billing": {"rate": "20.00 AUD", "increment": "5m"}}
    new = SOUND_POLICY | {"billing": {"rate": "45.00 EUR", "increment": "1m", "counts": "read"}}
    versions = {1: Policy.model_validate(old), 2: Policy.model_validate(new)}
    first = story(seen(), answered(), version=1)
    second = story(seen(), key="k2", at=MONDAY + timedelta(days=1), version=2)
    asked = queries(Memory([first, second]), policy_of=lambda _, number: versions.get(number))
    one, two = await asked.ledger_for("ana", None, None)
    assert (str(one.charge), str(two.charge)) == ("40.00 AUD", "90.00 EUR")
    exempt = Client(address="Cleo@client.example", exempt=True)
    asked = queries(Memory([first], roster={("ana", exempt.address): exempt}), policy_of=lambda *_: versions[1])
    (free,) = await asked.ledger_for(None, None, None)
    assert free.charge is None
    assert free.charge_derivation == "not charged: nothing is charged to this person"


def promised(key: str, day: int, *after: Event, author: str = "cleo@client.example", **changes: Any) -> Story:
    """A message of a day, read within an hour and answered within two by promise."""
    at = MONDAY + timedelta(days=day)
    due = {"read_by": at + timedelta(hours=1), "answer_by": at + timedelta(hours=2), "expect": Expect.ANSWER}
    return story(*after, key=key, at=at, author=author, **(due | changes))


def done(day: int, hours: float, words: int = 50) -> tuple[Seen, Answered]:
    at = MONDAY + timedelta(days=day, hours=hours)
    return Seen(at=at), Answered(at=at, witness="sent", words=words, answer=f"a{day}")


async def test_promises_are_told_with_how_late_they_were_and_summed() -> None:
    memory = Memory([promised("k1", 0, *done(0, 0.5)), promised("k2", 1, *done(1, 5)), promised("k3", 2)])
    now = MONDAY + timedelta(days=2, hours=1.5)
    told = await queries(memory).promises_for("ana", None, None, now)
    assert [(line.ref, line.what, line.state, line.late) for line in told.lines] == [
        ("k1", "read", "kept", None),
        ("k1", "answer", "kept", None),
        ("k2", "read", "broken", timedelta(hours=4)),
        ("k2", "answer", "broken", timedelta(hours=3)),
        ("k3", "read", "broken", timedelta(minutes=30)),
        ("k3", "answer", "open", None),
    ]
    assert (told.kept, told.broken, told.open, told.moot, told.overdue, told.share) == (2, 3, 1, 0, 1, 0.4)
    assert {line.author for line in told.lines} == {""}


async def test_only_what_can_still_be_done_is_listed_where_asked_and_the_sums_are_of_all() -> None:
    memory = Memory([promised("k1", 0, *done(0, 5)), promised("k2", 1)])
    asked = queries(memory).promises_for(None, None, None, MONDAY + timedelta(days=2), standing=True, personal=True)
    told = await asked
    assert [(line.ref, line.what, line.author) for line in told.lines] == [
        ("k2", "read", "cleo@client.example"),
        ("k2", "answer", "cleo@client.example"),
    ]
    assert (told.broken, told.overdue, told.share) == (4, 2, 0.0)


async def test_promises_of_a_span_know_the_older_one_that_they_are_part_of() -> None:
    memory = Memory([promised("k1", 0, answer_by=MONDAY + timedelta(days=9)), promised("k2", 1)])
    later = promised("k3", 2, answer_by=MONDAY + timedelta(days=10), read_by=None)
    memory.kept.append(later)
    (line,) = (await queries(memory).promises_for("ana", later.events[0].at, None, MONDAY + timedelta(days=3))).lines
    assert (line.ref, line.state) == ("k3", "moot")
    empty = await queries(memory).promises_for("ana", None, MONDAY, MONDAY)
    assert (empty.lines, empty.share) == ((), None)


async def test_answers_that_were_to_be_brief_are_counted_once_each() -> None:
    brief = settings({"mornings-billed": SOUND_POLICY | {"answer": {"words": 60}}})
    both = done(0, 1, words=61)
    memory = Memory([promised("k1", 0, *both), promised("k2", 0, *both), promised("k3", 1, *done(1, 1, words=60))])
    told = await queries(memory, brief).promises_for("ana", None, None, MONDAY + timedelta(days=2))
    assert (told.brief.answers, told.brief.longer) == (2, 1)
    told = await queries(memory).promises_for("ana", None, None, MONDAY + timedelta(days=2))
    assert (told.brief.answers, told.brief.longer) == (0, 0)


async def test_nobody_can_tell_of_a_mailbox_that_is_not_watched() -> None:
    blind, memory = settings(mailbox={"watch": None}), Memory([promised("k1", 0)])
    told = await queries(memory, blind).promises_for("ana", None, None, NOON)
    assert (told.lines, told.unwatched) == ((), ("ana",))
    assert (await queries(memory, blind).status(NOON)).promises == Outstanding()


async def test_a_status_counts_open_and_overdue_promises_however_old() -> None:
    memory = Memory([promised("k1", -40), promised("k2", 0, author="mia@client.example", read_by=None)])
    status = await queries(memory).status(MONDAY + timedelta(hours=1))
    assert status.promises == Outstanding(open=1, overdue=2)
    memory.down = True
    assert (await queries(memory).status(MONDAY)).promises == Outstanding()


async def test_the_last_presence_note_and_one_client_can_be_asked_for() -> None:
    note, cleo = Note("By the sea.", MONDAY, MONDAY), Client(address="cleo@client.example")
    asked = queries(Memory(notes={"ana": note}, roster={("ana", cleo.address): cleo}))
    assert (await asked.note("ana"), await asked.note("ben")) == (note, None)
    assert (await asked.client("ana", cleo.address), await asked.client("ana", "x@client.example")) == (cleo, None)


async def test_questions_beside_the_status_say_that_the_store_is_down() -> None:
    with pytest.raises(Unavailable):
        await queries(Memory(down=True)).messages()


async def test_outbox_and_clients_come_from_their_ports() -> None:
    cleo = Client(address="cleo@client.example")
    asked = queries(Memory(effects=[pending(1)], roster={("ana", cleo.address): cleo}))
    assert [one.id for one in await asked.outbox()] == [1]
    assert await asked.clients("ana") == (cleo,)
