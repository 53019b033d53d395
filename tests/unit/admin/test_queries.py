"""What an admin can ask."""

from datetime import timedelta
from decimal import Decimal

import pytest

from gateway.admin.queries import MailboxStatus
from gateway.core.billing.ledger import total
from gateway.core.events import Acknowledged, Alerted, GivenUp, Level, Origin, ReceiptSent, Tagged
from gateway.core.policy.client import Client
from gateway.ports import Unavailable
from tests.unit.admin.house import Memory, Watch, pending, queries, settings
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


async def test_questions_beside_the_status_say_that_the_store_is_down() -> None:
    with pytest.raises(Unavailable):
        await queries(Memory(down=True)).messages()


async def test_outbox_and_clients_come_from_their_ports() -> None:
    cleo = Client(address="cleo@client.example")
    asked = queries(Memory(effects=[pending(1)], roster={("ana", cleo.address): cleo}))
    assert [one.id for one in await asked.outbox()] == [1]
    assert await asked.clients("ana") == (cleo,)
