"""What the therapist is told of at set times, and when that is."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from gateway.core.decide.digest import Desk, answers_since, due, next_moment
from gateway.core.effects import Digest, Effect, Reminder
from gateway.core.events import Answered, Event, Expect, Origin, Seen
from gateway.core.history import Note, Story
from gateway.core.policy.client import Client
from tests.unit.core.billing.lives import story
from tests.unit.core.decide.cases import setting

#: Tuesday 24 November 2026, 07:30 in Berlin.
MORNING = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
CLEO = Client(address="cleo@client.example", name="Cleo", sessions=("thu 15:00-15:50",))  # type: ignore[arg-type]
#: Her session on Thursday, in UTC.
SESSION = datetime(2026, 11, 26, 14, 0, tzinfo=UTC)
DAILY = {"hours": {"days": "mon-fri"}, "answer": {"when": "always"}, "digest": {"at": "07:30"}}


def letter(hours: float, *after: Event, **changes: Any) -> Story:
    """A message that came so many hours before the morning."""
    usual = {"key": f"k{hours}", "at": MORNING - timedelta(hours=hours), "expect": Expect.ANSWER}
    return story(*after, **usual | changes)  # type: ignore[arg-type]


def desk(policy: dict[str, Any], *stories: Story, client: Client = CLEO, **changes: Any) -> Desk:
    of_client = setting(policy, client, **changes)
    return Desk(setting(policy, None, **changes), ((client, of_client),), stories)


def digests(effects: tuple[Effect, ...]) -> list[Digest]:
    return [effect for effect in effects if isinstance(effect, Digest)]


def test_what_is_open_is_listed_each_morning_the_oldest_first() -> None:
    (digest,) = digests(due(desk(DAILY, letter(30), letter(10)), MORNING))
    assert [one.received for one in digest.messages] == [MORNING - timedelta(hours=30), MORNING - timedelta(hours=10)]
    assert (digest.to, digest.due) == ("ana@hopestreet.example", MORNING)


def test_whose_writer_nobody_can_tell_for_a_person_comes_first() -> None:
    unsure = letter(1, origin=Origin.UNSURE, expect=Expect.MAYBE)
    (digest,) = digests(due(desk(DAILY, letter(30), unsure), MORNING))
    assert [one.unsure for one in digest.messages] == [True, False]


@pytest.mark.parametrize("expect", [Expect.MAYBE, Expect.NONE])
def test_what_need_not_be_answered_is_not_open(expect: Expect) -> None:
    assert due(desk(DAILY, letter(10, expect=expect)), MORNING) == ()


def test_nothing_is_sent_where_nothing_is_open() -> None:
    assert due(desk(DAILY), MORNING) == ()


def test_no_digest_on_a_day_on_which_mail_is_not_read() -> None:
    saturday = MORNING + timedelta(days=4)
    assert due(desk(DAILY, letter(10)), saturday) == ()
    assert next_moment(desk(DAILY, letter(10)), saturday) == MORNING + timedelta(days=6)


def test_a_morning_that_was_missed_is_made_up_for_and_keeps_its_key() -> None:
    late = due(desk(DAILY, letter(10)), MORNING + timedelta(hours=2))
    assert [one.key for one in digests(late)] == [one.key for one in digests(due(desk(DAILY, letter(10)), MORNING))]
    assert due(desk(DAILY, letter(10)), MORNING + timedelta(hours=7)) == ()


def test_a_mailbox_that_is_not_watched_has_no_digest() -> None:
    assert due(desk(DAILY, letter(10), watched=False), MORNING) == ()


def test_a_digest_says_what_is_switched_on_and_which_holidays_come() -> None:
    noted = replace(desk(DAILY, letter(10)), note=Note("x", MORNING, MORNING + timedelta(days=3)))
    calendar = replace(noted.setting.calendar, holiday=lambda day: "Christmas" if day == date(2026, 12, 25) else "")
    noted = replace(noted, setting=replace(noted.setting, calendar=calendar))
    (digest,) = digests(due(noted, MORNING))
    assert digest.note_until == MORNING + timedelta(days=3)
    assert digest.holidays == ((date(2026, 12, 25), "Christmas"),)


BEFORE = {"digest": {"before_session": "3h"}}


def test_before_a_session_the_therapist_gets_what_that_client_wrote() -> None:
    at = SESSION - timedelta(hours=3)
    theirs = letter(5, at=at - timedelta(hours=5), expect=Expect.NONE)
    others = letter(6, at=at - timedelta(hours=6), author="tom@client.example")
    (digest,) = digests(due(desk(BEFORE, others, theirs), at))
    assert (digest.client, digest.session, len(digest.messages)) == (CLEO.address, SESSION, 1)
    assert digest.messages[0].read is False


def test_what_came_long_after_its_moment_is_told_as_of_now() -> None:
    at = SESSION - timedelta(hours=20)
    (digest,) = digests(due(desk({"digest": {"before_session": "3d"}}, letter(5, at=at - timedelta(hours=1))), at))
    assert (digest.due, digest.session) == (at, SESSION)


def test_what_was_read_is_told_as_read() -> None:
    at = SESSION - timedelta(hours=3)
    read = letter(5, Seen(at=at - timedelta(hours=1)), at=at - timedelta(hours=5))
    (digest,) = digests(due(desk(BEFORE, read), at))
    assert digest.messages[0].read


@pytest.mark.parametrize("hours", [3.1, 0])
def test_not_earlier_and_not_once_the_session_has_begun(hours: float) -> None:
    at = SESSION - timedelta(hours=hours)
    assert due(desk(BEFORE, letter(5, at=at - timedelta(hours=5))), at) == ()


def test_it_wakes_for_the_session() -> None:
    assert next_moment(desk(BEFORE), MORNING) == SESSION - timedelta(hours=3)


ONE_EACH = {"allowance": {"messages": 1, "answers": 1, "per": "session", "remind": "3d"}}
ENDED = SESSION + timedelta(minutes=50)


def test_the_therapists_own_word_between_two_sessions_is_called_to_mind_when_it_is_due() -> None:
    at = ENDED + timedelta(days=3)
    (reminder,) = due(desk(ONE_EACH), at)
    assert isinstance(reminder, Reminder)
    assert (reminder.client, reminder.session, reminder.due) == (CLEO.address, ENDED, at)
    assert due(desk(ONE_EACH), at - timedelta(minutes=1)) == ()
    assert due(desk(ONE_EACH), at + timedelta(hours=6)) == ()
    assert next_moment(desk(ONE_EACH), at - timedelta(days=1)) == at


def test_an_answer_since_the_session_counts_once_however_many_messages_it_closes() -> None:
    answer = Answered(at=ENDED + timedelta(days=1), witness="sent", words=20, answer="a")
    before = Answered(at=ENDED - timedelta(days=1), witness="sent", words=20, answer="b")
    stories = [letter(1, answer), letter(2, answer), letter(3, before)]
    assert answers_since(stories, "Cleo@client.example", ENDED) == 1
