"""What the writer of a message may expect of the therapist: an answer, perhaps one, or none by email.

In go the policy and what was found out about the message; out comes one word that ack, receipt, digest and promise
report share.
"""

from __future__ import annotations

from collections.abc import Iterable

from gateway.core.events import Expect, Level
from gateway.core.message.facts import Facts
from gateway.core.policy.schema import Answer, AnswerWhen
from gateway.core.reasons import Reason, because
from gateway.core.urgency.assess import says

_SENTENCE = {Expect.ANSWER: "expect-answer", Expect.MAYBE: "expect-maybe", Expect.NONE: "expect-none"}


def expected(answer: Answer, facts: Facts, level: Level, category: str) -> tuple[Expect, Reason]:
    """What may be expected, and why."""
    if answer.only and category not in answer.only:
        return Expect.NONE, because("expect-other-category", only=", ".join(answer.only))
    expect = _by_rule(answer, facts, level)
    return expect, because(_SENTENCE[expect], when=answer.when.value)


def _by_rule(answer: Answer, facts: Facts, level: Level) -> Expect:
    match answer.when:
        case AnswerWhen.ALWAYS:
            return Expect.ANSWER
        case AnswerWhen.SOMETIMES:
            return Expect.MAYBE
        case AnswerWhen.NEVER:
            return Expect.NONE
        case AnswerWhen.ON_REQUEST:
            return Expect.ANSWER if asks(answer.request, facts) else Expect.NONE
        case AnswerWhen.IF_URGENT:
            return Expect.ANSWER if level.rank >= Level.URGENT.rank else Expect.NONE


def asks(request: Iterable[str], facts: Facts) -> bool:
    """Whether one of the words of a request stands in subject or new text."""
    return any(says(words, facts) for words in request)
