"""What a client would notice of a change: two cards side by side, without words.

In go two states of one policy and what the practice is; out come the questions whose answers differ. A change that
no client can notice, as of a digest's hour or of the therapist's own summary, is none.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.policy.about import About
from gateway.core.policy.card import card
from gateway.core.policy.schema import Policy
from gateway.core.policy.statements import Statement


@dataclass(frozen=True, slots=True)
class Changed:
    """A question that is answered otherwise, with all the statements of both answers."""

    question: str
    before: tuple[Statement, ...]
    after: tuple[Statement, ...]


def difference(before: Policy, after: Policy, about: About) -> tuple[Changed, ...]:
    """The questions that the two policies answer otherwise, in the card's order."""
    pairs = zip(card(before, about), card(after, about), strict=True)
    return tuple(Changed(old.question, old.statements, new.statements) for old, new in pairs if old != new)
