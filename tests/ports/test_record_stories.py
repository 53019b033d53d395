"""`Record` and `Stories`: events are appended once and told again as they were, on SQLite and on PostgreSQL."""

import asyncio
from datetime import datetime

import pytest

from gateway.core.events import (
    Acknowledged,
    Alerted,
    Answered,
    Event,
    GivenUp,
    Origin,
    ReceiptSent,
    Ref,
    Relayed,
    Seen,
    Tagged,
    Unseen,
)
from gateway.store import Store
from tests.ports.record_samples import CLIENT, START, ack, hours, received, ref

LIFE: tuple[Event, ...] = (
    received(),
    Relayed(at=hours(0.1), reply="250 2.0.0 <ana@hopestreet.example> saved"),
    Acknowledged(at=hours(0.2), message_id="<ours@hopestreet.example>"),
    Alerted(at=hours(0.3)),
    Tagged(at=hours(0.4), how="keyword"),
    Seen(at=hours(1), since=hours(0.5)),
    Unseen(at=hours(1.1)),
    Seen(at=hours(2)),
    ReceiptSent(at=hours(2.1), by="gateway", form="mdn"),
    Answered(at=hours(3), witness="sent", words=80, answer="ab" * 32),
    GivenUp(at=hours(4), effect="ack:ana:key", why="550 5.1.1"),
)


async def test_a_story_is_told_as_it_was_appended(store: Store):
    for event in LIFE:
        assert await store.append(ref(), [event], [])
    story = await store.story(ref())
    assert story is not None
    assert story.ref == ref()
    assert story.events == LIFE


async def test_nothing_is_known_of_a_message_that_never_came(store: Store):
    assert await store.story(ref()) is None


async def test_a_message_is_received_once_and_then_nothing_of_the_second_time_is_stored(store: Store):
    assert await store.append(ref(), [received(), LIFE[1]], [ack()])
    again = await store.append(ref(), [received(at=hours(1)), Alerted(at=hours(1))], [ack("other")])
    assert not again
    story = await store.story(ref())
    assert story is not None
    assert story.events == LIFE[:2]
    assert len(await store.pending()) == 1


async def test_one_of_many_that_receive_the_same_message_at_once_stores_it(store: Store):
    results = await asyncio.gather(*(store.append(ref(), [received()], [ack()]) for _ in range(12)))
    assert sorted(results) == [False] * 11 + [True]
    assert len(await store.pending()) == 1


async def test_events_appended_to_one_message_at_once_are_all_kept(store: Store):
    await store.append(ref(), [received()], [])
    await asyncio.gather(*(store.append(ref(), [Seen(at=hours(n))], []) for n in range(12)))
    story = await store.story(ref())
    assert story is not None
    assert {event.at for event in story.events[1:]} == {hours(n) for n in range(12)}


async def test_events_of_a_message_that_was_never_received_are_refused(store: Store):
    with pytest.raises(ValueError, match="never received"):
        await store.append(ref(), [Seen(at=START)], [ack()])
    assert await store.pending() == ()


async def test_the_same_message_in_two_mailboxes_is_two_stories(store: Store):
    for mailbox in ("ana", "ben"):
        assert await store.append(ref(mailbox=mailbox), [received()], [])
    assert {story.ref.mailbox for story in await store.stories(None, None, None)} == {"ana", "ben"}


async def test_text_that_no_charset_knows_is_kept_as_it_is(store: Store):
    odd = received(subject="\udcff\x00 Ωμέγα 🙂", author_name="\ud800")
    await store.append(ref(), [odd], [ack(subject=odd.subject)])
    story = await store.story(ref())
    assert story is not None
    assert story.received == odd
    (claim,) = await store.claim(START, hours(1), 5)
    assert claim.effect == ack(subject=odd.subject)


async def test_a_very_long_reply_of_the_downstream_is_kept(store: Store):
    relayed = Relayed(at=hours(1), reply="250 " + "ü" * 20_000)
    await store.append(ref(), [received(), relayed], [])
    story = await store.story(ref())
    assert story is not None
    assert story.events[1] == relayed


@pytest.mark.parametrize(
    ("mailbox", "since", "until", "expected"),
    [
        (None, None, None, ["a", "b", "c", "d"]),
        ("ana", None, None, ["a", "b", "d"]),
        ("ben", None, None, ["c"]),
        (None, hours(1), hours(3), ["b", "c"]),
        ("ana", hours(1), None, ["b", "d"]),
        ("ana", None, hours(3), ["a", "b"]),
        ("cleo", None, None, []),
    ],
)
async def test_stories_are_those_received_in_the_half_open_span_oldest_first(
    store: Store, mailbox: str | None, since: datetime | None, until: datetime | None, expected: list[str]
):
    came = {"d": ("ana", 3), "b": ("ana", 1), "a": ("ana", 0), "c": ("ben", 2)}
    for name, (box, hour) in came.items():
        await store.append(ref(name, box), [received(name, hours(hour)), LIFE[4]], [])
    told = await store.stories(mailbox, since, until)
    assert [story.ref for story in told] == [ref(name, came[name][0]) for name in expected]
    assert all(len(story.events) == 2 for story in told)


async def test_what_waits_is_what_a_person_wrote_and_nobody_answered(store: Store):
    answered = Answered(at=hours(9), witness="flag", words=None, answer="")
    came = {
        "second": [received("second", hours(2), origin=Origin.UNSURE)],
        "first": [received("first", hours(1), author="Jonas.Weber@CLIENT.example"), Seen(at=hours(8))],
        "machine": [received("machine", hours(3), origin=Origin.MACHINE)],
        "answered": [received("answered", hours(4)), answered],
        "other": [received("other", hours(5), author="mia@client.example")],
    }
    for name, events in came.items():
        await store.append(ref(name), events, [])
    await store.append(ref("elsewhere", "ben"), [received("elsewhere")], [])
    assert [story.ref for story in await store.waiting("ana", CLIENT)] == [ref("first"), ref("second")]
    assert await store.waiting("ana", "") == ()


async def test_messages_are_found_by_their_own_id_and_by_the_id_of_our_mail_about_them(store: Store):
    await store.append(ref("one"), [received("one")], [ack("one")])
    await store.append(ref("two"), [received("two", hours(1))], [])
    await store.append(ref("one", "ben"), [received("one")], [])
    (claim,) = await store.claim(START, hours(1), 5)
    replaced = claim.message_id.replace("@hopestreet.example", "@eu-west-1.amazonses.example")
    cases: dict[tuple[str, ...], tuple[Ref, ...]] = {
        ("<one@client.example>",): (ref("one"),),
        ("two@client.example", "<nobody@client.example>"): (ref("two"),),
        ("<two@client.example>", "<one@client.example>"): (ref("one"), ref("two")),
        (claim.message_id,): (ref("one"),),
        (replaced.upper(),): (ref("one"),),
        ("<one@client.example>", claim.message_id): (ref("one"),),
        ("", "<>", "<unknown@client.example>"): (),
        (): (),
    }
    for ids, expected in cases.items():
        assert await store.find("ana", ids) == expected


async def test_what_is_open_is_what_came_since_from_people_and_nobody_answered(store: Store):
    answered = Answered(at=hours(9), witness="flag", words=None, answer="")
    came = {
        "too old": [received("too old", hours(-1))],
        "unsure": [received("unsure", hours(2), origin=Origin.UNSURE, author="mia@client.example")],
        "just then": [received("just then", hours(0)), Seen(at=hours(8))],
        "machine": [received("machine", hours(3), origin=Origin.MACHINE)],
        "answered": [received("answered", hours(4)), answered],
    }
    for name, events in came.items():
        await store.append(ref(name), events, [])
    await store.append(ref("elsewhere", "ben"), [received("elsewhere")], [])
    found = await store.open("ana", hours(0))
    assert [story.ref for story in found] == [ref("just then"), ref("unsure")]
    assert found[0].seen is not None
