"""How long a message takes to read and an answer to write, with the arithmetic in words.

In go counted words and the policy's speeds, out come exact minutes and the sentence that derives them. The speeds:
238 words a minute is the mean of 190 studies for silent reading of English non-fiction (Brysbaert 2019,
doi:10.1016/j.jml.2019.104047); 19 words a minute is the mean for composing text at a keyboard
(Karat et al. 1999, doi:10.1145/302979.303160). They are estimates of reading and typing alone,
not of thinking about a person: no study of that was found.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from gateway.core.policy.schema import Billing

#: Minutes are shown and summed to a tenth.
TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Estimate:
    """Exact minutes, and how they were derived."""

    exact: Fraction
    derivation: str

    @property
    def minutes(self) -> Decimal:
        """Rounded half up to a tenth of a minute, as the derivation says."""
        return tenths(self.exact)


def reading(new_words: int, attachment_words: int, billing: Billing) -> Estimate:
    """Time to read what is new in a message and the text attached to it."""
    words = plural(new_words, "new word")
    if attachment_words:
        words = f"({words} + {attachment_words} in attachments)"
    return _estimate(new_words + attachment_words, words, billing.words_per_minute, "read")


def answering(words: int, billing: Billing) -> Estimate:
    """Time to write an answer, by its own words."""
    return _estimate(words, f"{plural(words, 'word')} written", billing.typed_words_per_minute, "answer")


def plural(count: int, noun: str) -> str:
    """`1 word`, `2 words`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def tenths(exact: Fraction) -> Decimal:
    """Minutes to a tenth, half up: 0.05 is 0.1."""
    return (Decimal(exact.numerator) / exact.denominator).quantize(TENTH, ROUND_HALF_UP)


def _estimate(words: int, shown: str, speed: int, purpose: str) -> Estimate:
    exact = Fraction(words, speed)
    return Estimate(exact, f"{shown} ÷ {speed} words a minute = {tenths(exact)} min to {purpose}")
