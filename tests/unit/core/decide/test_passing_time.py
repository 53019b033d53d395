"""What passing time takes off the record."""

from datetime import UTC, datetime, timedelta

from gateway.core.decide.passing_time import LOOK, expire
from gateway.core.policy.schema import Policy

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
WEEK = Policy.model_validate({"record": {"for": "1w"}})
YEAR = Policy.model_validate({"record": {"for": "365d"}})


def test_what_is_older_than_the_card_says_goes() -> None:
    forgetting = expire({"short": NOW - timedelta(days=8)}, {"short": WEEK}, NOW)
    assert forgetting.before == {"short": NOW - timedelta(days=7)}


def test_what_is_younger_stays_and_is_looked_at_when_its_time_comes() -> None:
    forgetting = expire({"short": NOW - timedelta(days=7) + timedelta(hours=1)}, {"short": WEEK}, NOW)
    assert forgetting.before == {}
    assert forgetting.wake == NOW + timedelta(hours=1)


def test_mail_of_a_policy_that_is_gone_is_kept_by_the_longest_period() -> None:
    policies = {"short": WEEK, "long": YEAR}
    assert expire({"gone": NOW - timedelta(days=30)}, policies, NOW).before == {}
    assert expire({"gone": NOW - timedelta(days=400)}, policies, NOW).before == {"gone": NOW - timedelta(days=365)}


def test_an_empty_record_is_looked_at_again_tomorrow() -> None:
    assert expire({}, {"short": WEEK}, NOW).wake == NOW + LOOK
