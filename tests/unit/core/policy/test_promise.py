"""What is promised for a message, from policy and arrival alone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.core.policy.promise import promised
from gateway.core.policy.schema import Policy

ZONE = ZoneInfo("Europe/Berlin")
MONDAY_NIGHT = datetime(2026, 11, 23, 20, 10, tzinfo=UTC)
MORNINGS = {"reading": "07:00-09:00", "days": "mon-fri"}


@pytest.mark.parametrize(
    ("promise", "answer_by"),
    [
        ("none", None),
        ("within 24h", MONDAY_NIGHT + timedelta(hours=24)),
        ("next-reading-time", datetime(2026, 11, 24, 8, 0, tzinfo=UTC)),
        ("next-working-day", datetime(2026, 11, 24, 8, 0, tzinfo=UTC)),
    ],
)
def test_each_promise_gives_its_instant(promise: str, answer_by: datetime | None) -> None:
    policy = Policy.model_validate({"hours": MORNINGS, "answer": {"promise": promise}})
    assert promised(policy, ZONE, MONDAY_NIGHT).answer_by == answer_by


def test_when_mail_is_read_is_said_even_where_no_answer_is_promised() -> None:
    policy = Policy.model_validate({"hours": MORNINGS})
    due = promised(policy, ZONE, MONDAY_NIGHT)
    assert due.read_by == datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    assert due.answer_by is None
