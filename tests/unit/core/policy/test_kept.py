"""What became of each promise, from events alone."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.events import Answered, Event, Expect, Origin, Received, Seen, Unseen, Withdrawn
from gateway.core.history import Story
from gateway.core.policy.kept import Kept, track
from tests.unit.core.billing.lives import MONDAY, story


def hour(hours: float) -> datetime:
    return MONDAY + timedelta(hours=hours)


#: Long after everything.
THEN = hour(1000)
BY = hour(24)


def wrote(*after: Event, at: float = 0, key: str = "k1", **received: Any) -> Story:
    return story(*after, key=key, at=hour(at), **received)


def due(*after: Event, at: float = 0, by: float | None = 24, key: str = "k1", **received: Any) -> Story:
    """A message that was promised an answer."""
    deadline = None if by is None else hour(by)
    return wrote(*after, at=at, key=key, answer_by=deadline, expect=Expect.ANSWER, **received)


def letter(hours: float) -> Answered:
    return Answered(at=hour(hours), witness="sent", words=100, answer=f"a{hours}")


def flag(hours: float) -> Answered:
    return Answered(at=hour(hours), witness="flag", words=None, answer="")


def seen(hours: float, since: float | None = None) -> Seen:
    return Seen(at=hour(hours), since=None if since is None else hour(since))


def marked(hours: float) -> Seen:
    """Together with many others."""
    return Seen(at=hour(hours), bulk=True)


def unseen(hours: float) -> Unseen:
    return Unseen(at=hour(hours))


def one(*stories: Story, now: datetime = THEN) -> Kept:
    (kept,) = track(stories, now)
    return kept


def states(*stories: Story, now: datetime = THEN) -> list[str]:
    return [kept.state for kept in track(stories, now)]


@pytest.mark.parametrize(
    ("events", "now", "state", "at"),
    [
        ((), hour(23), "open", None),
        ((), BY, "open", None),
        ((), hour(24.1), "broken", None),
        ((letter(20),), THEN, "kept", hour(20)),
        ((letter(24),), THEN, "kept", BY),
        ((letter(25),), THEN, "broken", hour(25)),
        ((flag(20),), THEN, "kept", hour(20)),
        ((flag(26), letter(20)), THEN, "kept", hour(20)),
        ((seen(1),), THEN, "broken", None),
    ],
)
def test_only_an_answer_keeps_a_promise_of_an_answer(
    events: tuple[Event, ...], now: datetime, state: str, at: datetime | None
) -> None:
    kept = one(due(*events), now=now)
    assert (kept.what, kept.by, kept.state, kept.at) == ("answer", BY, state, at)


def test_an_answer_due_by_no_set_time_is_open_until_it_comes_and_never_broken() -> None:
    assert one(due(by=None)).state == "open"
    assert one(due(letter(900), by=None)).state == "kept"


def test_where_nothing_was_promised_nothing_is_tracked() -> None:
    assert track([wrote(), wrote(key="k2", expect=Expect.NONE)], THEN) == ()


def test_a_deadline_recorded_before_anybody_said_what_to_expect_counts() -> None:
    assert one(wrote(answer_by=BY)).state == "broken"


def test_a_follow_up_is_part_of_the_older_promise() -> None:
    older, newer = due(by=24), due(at=2, by=26, key="k2")
    assert states(older, newer, now=hour(3)) == ["open", "moot"]
    assert states(older, newer) == ["broken", "moot"]


def test_an_answer_to_both_keeps_the_older_ones_promise_alone() -> None:
    assert states(due(letter(20)), due(letter(20), at=2, key="k2")) == ["kept", "moot"]


def test_an_answer_that_leaves_the_follow_up_open_leaves_its_promise_standing() -> None:
    older, newer = due(letter(20)), due(at=2, key="k2")
    assert states(older, newer, now=hour(21)) == ["kept", "open"]
    assert states(older, newer) == ["kept", "broken"]


def test_a_promise_that_was_broken_is_not_mended_by_a_late_answer() -> None:
    assert states(due(letter(20)), due(letter(40), at=2, key="k2")) == ["kept", "broken"]


def test_a_message_that_is_promised_an_earlier_answer_has_a_promise_of_its_own() -> None:
    assert states(due(by=24), due(at=2, by=6, key="k2"), now=hour(7)) == ["open", "broken"]
    assert states(due(by=None), due(at=2, by=6, key="k2"), now=hour(3)) == ["open", "open"]


def test_what_is_written_after_an_answer_or_after_a_promise_lapsed_has_its_own() -> None:
    assert states(due(letter(1)), due(at=2, by=26, key="k2")) == ["kept", "broken"]
    assert states(due(by=24), due(letter(40), at=30, by=54, key="k2")) == ["broken", "kept"]


def test_without_deadlines_too_the_oldest_unanswered_one_is_tracked() -> None:
    assert states(due(by=None), due(at=2, by=None, key="k2"), due(at=3, by=30, key="k3")) == [
        "open",
        "moot",
        "broken",
    ]


def test_other_people_and_other_mailboxes_have_promises_of_their_own() -> None:
    other = due(at=2, key="k2", author="noor@client.example")
    elsewhere = due(at=2, key="k3", mailbox="ben")
    same = due(at=2, key="k4", author="Cleo@Client.example")
    assert states(due(), other, elsewhere, same, now=hour(3)) == ["open", "open", "moot", "open"]


def test_a_machines_mail_has_no_promise() -> None:
    assert track([due(by=None, origin=Origin.MACHINE)], THEN) == ()
    recorded = due(origin=Origin.MACHINE, read_by=BY)
    assert states(recorded) == ["moot", "moot"]
    assert states(recorded, due(at=2, by=30, key="k2"), now=hour(3))[2:] == ["open"]


@pytest.mark.parametrize(
    ("events", "now", "state", "at"),
    [
        ((), hour(23), "open", None),
        ((), hour(25), "broken", None),
        ((seen(5),), hour(6), "kept", hour(5)),
        ((seen(24),), THEN, "kept", BY),
        ((seen(30),), THEN, "broken", hour(30)),
        ((seen(30, since=24),), THEN, "broken", hour(30)),
        ((seen(30, since=20),), THEN, "moot", hour(30)),  # some time between two looks
        ((seen(20, since=2),), THEN, "kept", hour(20)),
        ((letter(20),), THEN, "kept", hour(20)),  # who answers has read
        ((letter(20), seen(30, since=2)), THEN, "kept", hour(20)),
        ((letter(26), seen(30, since=20)), THEN, "broken", hour(26)),
        ((seen(5), unseen(6)), THEN, "broken", None),
        ((seen(5), unseen(6)), hour(7), "open", None),
        ((seen(5), unseen(6), seen(8)), THEN, "kept", hour(8)),
        ((seen(5), unseen(30)), THEN, "kept", hour(5)),  # what was kept stays kept
        ((seen(5), unseen(6), seen(30)), THEN, "broken", hour(30)),
        ((marked(5),), hour(6), "open", None),
        ((marked(5),), THEN, "moot", None),  # nobody can say that it was opened
        ((marked(30),), THEN, "broken", None),
        ((seen(5), marked(5)), THEN, "moot", None),  # found to be one of many after the first look
        ((marked(5), unseen(6), seen(7)), THEN, "kept", hour(7)),
        ((marked(5), unseen(6)), THEN, "broken", None),
        ((marked(5), letter(20)), THEN, "kept", hour(20)),
        ((marked(5), letter(30)), THEN, "moot", hour(30)),
    ],
)
def test_reading_is_judged_by_how_the_message_stood_when_it_was_due(
    events: tuple[Event, ...], now: datetime, state: str, at: datetime | None
) -> None:
    kept = one(wrote(*events, read_by=BY), now=now)
    assert (kept.what, kept.by, kept.state, kept.at) == ("read", BY, state, at)


def test_every_message_is_to_be_read_follow_ups_too() -> None:
    assert states(wrote(seen(1), read_by=BY), wrote(at=2, key="k2", read_by=hour(30))) == ["kept", "broken"]


def test_both_promises_of_a_message_stand_side_by_side_reading_first() -> None:
    found = track([due(seen(3), letter(30), read_by=BY)], THEN)
    assert [(kept.what, kept.state) for kept in found] == [("read", "kept"), ("answer", "broken")]
    assert {(kept.author, kept.received) for kept in found} == {("cleo@client.example", MONDAY)}


def test_what_happened_later_is_left_out_of_account() -> None:
    assert one(due(letter(20)), now=hour(19)).state == "open"
    assert track([due(at=2)], hour(1)) == ()


def test_a_message_recorded_in_part_has_no_promise() -> None:
    whole = due()
    assert track([replace(whole, events=whole.events[1:])], THEN) == ()


hours = st.integers(0, 60)
happenings = st.one_of(
    hours.map(letter),
    hours.map(flag),
    hours.map(unseen),
    hours.map(marked),
    st.builds(lambda at, before: seen(at, since=at - before), hours, st.integers(0, 20)),
)


@st.composite
def correspondences(draw: st.DrawFn) -> list[Story]:
    found = []
    for number in range(draw(st.integers(0, 6))):
        at = draw(hours)
        after = sorted(draw(st.lists(happenings, max_size=4)), key=lambda event: event.at)
        found.append(
            due(
                *(event for event in after if event.at >= hour(at)),
                at=at,
                by=draw(st.none() | hours.map(lambda length, at=at: at + length)),
                key=f"k{number}",
                author=draw(st.sampled_from(["cleo@client.example", "noor@client.example"])),
                read_by=draw(st.none() | hours.map(lambda length, at=at: hour(at + length))),
                origin=draw(st.sampled_from(Origin)),
            )
        )
    return found


@given(correspondences(), st.randoms(use_true_random=False), hours)
def test_the_order_in_which_stories_come_does_not_matter(stories: list[Story], random: Any, now: int) -> None:
    shuffled = list(stories)
    random.shuffle(shuffled)
    assert track(shuffled, hour(now)) == track(stories, hour(now))


def open_people(stories: list[Story]) -> set[str]:
    """Whoever was promised an answer and has an unanswered message."""
    return {
        received.author
        for story in stories
        if isinstance(received := story.received, Received)
        and received.origin is not Origin.MACHINE
        and story.answered is None
    }


@given(correspondences())
def test_whoever_waits_for_an_answer_has_a_line_that_says_so(stories: list[Story]) -> None:
    found = track(stories, THEN)
    waiting = {
        kept.author for kept in found if kept.what == "answer" and kept.state in ("open", "broken") and not kept.at
    }
    assert waiting == open_people(stories)


@given(correspondences(), hours, hours)
def test_once_an_answers_promise_is_kept_or_broken_it_stays_so(stories: list[Story], now: int, later: int) -> None:
    after = {kept.ref: kept.state for kept in track(stories, hour(now + later)) if kept.what == "answer"}
    for kept in track(stories, hour(now)):
        if kept.what == "answer" and kept.state in ("kept", "broken"):
            assert after[kept.ref] == kept.state


@given(correspondences(), hours, hours)
def test_once_the_time_has_passed_what_was_read_in_time_stays_so(stories: list[Story], now: int, later: int) -> None:
    after = {kept.ref: kept.state for kept in track(stories, hour(now + later)) if kept.what == "read"}
    for kept in track(stories, hour(now)):
        if kept.what == "read" and kept.state == "kept" and kept.by is not None and kept.by <= hour(now):
            assert after[kept.ref] == "kept"


def test_a_promise_of_what_was_taken_back_is_moot_and_stands_for_nothing_else() -> None:
    taken = due(Withdrawn(at=hour(1)), by=24)
    later = due(at=2, by=24, key="k2")
    assert [(kept.ref, kept.state) for kept in track([taken, later], hour(3))] == [
        (taken.ref, "moot"),
        (later.ref, "open"),
    ]
    assert [kept.state for kept in track([taken, later], hour(0.5))] == ["open"]
    assert one(wrote(Withdrawn(at=hour(1)), read_by=hour(24))).state == "moot"
