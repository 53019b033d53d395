"""A message's life, folded from its events."""

from datetime import UTC, datetime, timedelta

from gateway.core.events import Acknowledged, Answered, Event, Ref, Seen, Unseen
from gateway.core.history import Story

T0 = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
REF = Ref("ana", "0" * 64)


def at(minutes: int) -> datetime:
    return T0 + timedelta(minutes=minutes)


def story(*events: Event) -> Story:
    return Story(REF, events)


def test_nothing_has_happened_to_a_message_without_events() -> None:
    empty = story()
    assert (empty.received, empty.seen, empty.answered, empty.receipt, empty.acknowledged_at) == (None,) * 5


def test_seen_is_the_first_reading_of_the_current_run() -> None:
    first = Seen(at=at(1))
    assert story(first, Seen(at=at(2))).seen == first


def test_marked_unread_again_it_is_not_seen() -> None:
    assert story(Seen(at=at(1)), Unseen(at=at(2))).seen is None
    again = Seen(at=at(3))
    assert story(Seen(at=at(1)), Unseen(at=at(2)), again).seen == again


def test_marked_as_read_with_many_others_it_is_seen_and_not_read() -> None:
    opened, marked = Seen(at=at(1)), Seen(at=at(1), bulk=True)
    assert (story(opened).read, story(marked).read, story(marked).seen) == (opened, None, marked)
    assert (story(opened, marked).read, story(opened, marked).seen) == (None, opened)
    assert story(marked, Unseen(at=at(2)), Seen(at=at(3))).read == Seen(at=at(3))


def test_an_answer_with_words_comes_before_a_bare_flag() -> None:
    flag = Answered(at=at(1), witness="flag", words=None, answer="")
    sent = Answered(at=at(2), witness="sent", words=40, answer="a")
    assert story(flag, sent).answered == sent
    assert story(flag).answered == flag


def test_the_ack_has_its_instant() -> None:
    assert story(Acknowledged(at=at(1), message_id="<x@y.example>")).acknowledged_at == at(1)
