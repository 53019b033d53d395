"""How much of an allowance is used, in calendar periods of the practice's zone or from session to session."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.core.history import Earlier
from gateway.core.policy.allowance import Usage, period_start, usage
from gateway.core.policy.calendar import Calendar, Session
from gateway.core.policy.client import Client
from gateway.core.policy.schema import Policy

SYDNEY = Calendar(ZoneInfo("Australia/Sydney"))
#: Wednesday evening in Sydney.
NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def policy(**allowance: object) -> Policy:
    return Policy.model_validate({"allowance": allowance})


FIVE_A_WEEK = policy(messages=5, per="week", warn_at=0.6)


def sent(*hours_ago: float, words: int = 100) -> tuple[Earlier, ...]:
    return tuple(Earlier(NOW - timedelta(hours=hours), words) for hours in hours_ago)


def used(
    rule: Policy,
    *earlier: Earlier,
    words: int = 100,
    client: Client | None = None,
    last: Session | None = None,
    now: datetime = NOW,
) -> Usage:
    return usage(rule, client, SYDNEY, earlier, words, now, last)


def test_this_message_counts() -> None:
    assert used(FIVE_A_WEEK).used == 1


def test_the_week_begins_on_monday_in_the_practices_zone() -> None:
    sunday_night = Earlier(datetime(2026, 11, 22, 12, 59, tzinfo=UTC), 10)  # 23:59 on Sunday in Sydney
    monday = Earlier(datetime(2026, 11, 22, 13, 0, tzinfo=UTC), 10)  # 00:00 on Monday in Sydney
    assert used(FIVE_A_WEEK, sunday_night, monday).used == 2


def test_the_month_begins_on_the_first_in_the_practices_zone() -> None:
    start = period_start(policy(messages=5, per="month").allowance, SYDNEY, NOW)
    assert start == datetime(2026, 10, 31, 13, 0, tzinfo=UTC)


def test_from_session_to_session_it_counts_from_the_end_of_the_last_one() -> None:
    last = Session(NOW - timedelta(hours=3), NOW - timedelta(hours=2))
    gap = policy(messages=1, per="session")
    assert period_start(gap.allowance, SYDNEY, NOW, last) == last.end
    now = used(gap, *sent(2.5, 2, 1), last=last)
    assert (now.used, now.per, now.over) == (3, "session", True)


def test_where_no_session_is_known_a_week_stands_for_the_gap() -> None:
    gap = policy(messages=1, per="session")
    assert period_start(gap.allowance, SYDNEY, NOW) == datetime(2026, 11, 22, 13, 0, tzinfo=UTC)
    assert used(gap).per == "week"


def test_a_session_that_is_not_over_begins_no_new_period() -> None:
    under_way = Session(NOW - timedelta(minutes=10), NOW + timedelta(minutes=40))
    assert used(policy(messages=1, per="session"), last=under_way).per == "week"


def test_the_early_word_comes_at_the_set_share() -> None:
    assert not used(FIVE_A_WEEK, *sent(1)).warn
    assert used(FIVE_A_WEEK, *sent(2, 1)).warn


def test_the_share_is_taken_as_it_is_written() -> None:
    rule = policy(messages=100, warn_at=0.55)
    assert not used(rule, *sent(*[1] * 53)).warn
    assert used(rule, *sent(*[1] * 54)).warn


def test_beyond_the_allowance_messages_go_on_to_count() -> None:
    now = used(FIVE_A_WEEK, *sent(5, 4, 3, 2, 1))
    assert (now.used, now.allowed, now.left, now.over) == (6, 5, 0, True)
    on_the_mark = used(FIVE_A_WEEK, *sent(4, 3, 2, 1))
    assert (on_the_mark.left, on_the_mark.over) == (0, False)


@pytest.mark.parametrize(
    ("words", "minutes", "left", "warns", "over"),
    [
        (0, 2, 8, False, False),
        (1, 3, 7, False, False),  # rounded up, once, for the sum
        (238 * 6, 8, 2, True, False),
        (238 * 8, 10, 0, True, False),
        (238 * 8 + 1, 11, 0, True, True),
    ],
)
def test_minutes_are_reading_time_of_all_words_of_the_period(
    words: int, minutes: int, left: int, *, warns: bool, over: bool
) -> None:
    now = used(policy(minutes=10, warn_at=0.8), *sent(2, 1, words=238), words=words)
    assert (now.minutes_used, now.minutes_allowed, now.minutes_left) == (minutes, 10, left)
    assert (now.warn, now.over, now.allowed, now.left) == (warns, over, None, None)


def test_either_limit_is_enough_to_warn_and_to_be_over() -> None:
    both = policy(messages=10, minutes=2, warn_at=1)
    assert used(both, words=238 * 2).warn
    assert used(both, words=238 * 3).over
    assert used(both, *sent(*[1] * 10, words=0), words=0).over


def test_the_policys_reading_speed_makes_the_minutes() -> None:
    quick = Policy.model_validate({"allowance": {"minutes": 5}, "billing": {"words_per_minute": 400}})
    assert used(quick, words=800).minutes_used == 2


def test_a_clients_own_number_goes_before_the_policys() -> None:
    cleo = Client(address="cleo@client.example", messages=2)
    assert used(FIVE_A_WEEK, *sent(1), client=cleo).left == 0
    assert used(policy(), client=cleo).allowed == 2
    assert used(FIVE_A_WEEK, client=Client(address="cleo@client.example")).allowed == 5


def test_without_a_limit_nothing_warns() -> None:
    now = used(policy(), *sent(*[1] * 50))
    assert (now.allowed, now.minutes_allowed, now.warn, now.over, now.left) == (None, None, False, False, None)


def test_what_came_later_than_now_is_not_counted() -> None:
    assert used(FIVE_A_WEEK, *sent(-1, 1)).used == 2
