"""Minutes from words, with the arithmetic shown."""

from decimal import Decimal

import pytest

from gateway.core.billing.duration import answering, reading
from gateway.core.policy.schema import Billing

MEANS = Billing()


@pytest.mark.parametrize(
    ("new", "attached", "minutes", "derivation"),
    [
        (312, 0, "1.3", "312 new words ÷ 238 words a minute = 1.3 min to read"),
        (1, 0, "0.0", "1 new word ÷ 238 words a minute = 0.0 min to read"),
        (0, 0, "0.0", "0 new words ÷ 238 words a minute = 0.0 min to read"),
        (100, 376, "2.0", "(100 new words + 376 in attachments) ÷ 238 words a minute = 2.0 min to read"),
    ],
)
def test_reading_time_is_new_words_by_the_reading_speed(new: int, attached: int, minutes: str, derivation: str) -> None:
    estimate = reading(new, attached, MEANS)
    assert (estimate.minutes, estimate.derivation) == (Decimal(minutes), derivation)


def test_answering_time_is_written_words_by_the_typing_speed() -> None:
    estimate = answering(120, MEANS)
    assert estimate.minutes == Decimal("6.3")
    assert estimate.derivation == "120 words written ÷ 19 words a minute = 6.3 min to answer"


def test_half_a_tenth_is_rounded_up() -> None:
    assert reading(5, 0, Billing(words_per_minute=100)).minutes == Decimal("0.1")


def test_the_speeds_are_the_policys() -> None:
    quick = Billing(words_per_minute=400, typed_words_per_minute=60)
    assert reading(400, 0, quick).minutes == Decimal("1.0")
    assert answering(60, quick).minutes == Decimal("1.0")
