"""How much of an allowance is used, in calendar periods of the practice's zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.core.policy.allowance import usage
from gateway.core.policy.schema import Allowance

SYDNEY = ZoneInfo("Australia/Sydney")
FIVE_A_WEEK = Allowance(messages=5, per="week", warn_at=0.6)
#: Wednesday evening in Sydney.
NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def test_this_message_counts() -> None:
    assert usage(FIVE_A_WEEK, SYDNEY, (), NOW).used == 1


def test_the_week_begins_on_monday_in_the_practices_zone() -> None:
    sunday_night = datetime(2026, 11, 22, 12, 59, tzinfo=UTC)  # 23:59 on Sunday in Sydney
    monday = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)  # 00:00 on Monday in Sydney
    assert usage(FIVE_A_WEEK, SYDNEY, (sunday_night, monday), NOW).used == 2


def test_the_early_word_comes_at_the_set_share() -> None:
    earlier = tuple(NOW - timedelta(hours=hours) for hours in (1, 2))
    assert not usage(FIVE_A_WEEK, SYDNEY, earlier[:1], NOW).warn
    assert usage(FIVE_A_WEEK, SYDNEY, earlier, NOW).warn


def test_beyond_the_allowance_messages_go_on_to_count() -> None:
    earlier = tuple(NOW - timedelta(hours=hours) for hours in range(1, 6))
    now = usage(FIVE_A_WEEK, SYDNEY, earlier, NOW)
    assert (now.used, now.allowed) == (6, 5)


def test_without_a_limit_nothing_warns() -> None:
    now = usage(Allowance(), SYDNEY, (NOW,) * 50, NOW)
    assert (now.allowed, now.warn) == (None, False)
