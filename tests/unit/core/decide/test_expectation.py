"""What a client may expect: a table of policies and messages."""

from typing import Any

import pytest

from gateway.core.decide.expectation import expected
from gateway.core.events import Expect, Level
from gateway.core.policy.schema import Answer
from tests.unit.core.decide.cases import facts


@pytest.mark.parametrize(
    ("answer", "text", "level", "category", "expect"),
    [
        ({"when": "always"}, "hello", Level.ROUTINE, "", Expect.ANSWER),
        ({"when": "sometimes"}, "hello", Level.ROUTINE, "", Expect.MAYBE),
        ({"when": "never"}, "hello", Level.CRISIS, "", Expect.NONE),
        ({"when": "if-urgent"}, "hello", Level.ROUTINE, "", Expect.NONE),
        ({"when": "if-urgent"}, "hello", Level.URGENT, "", Expect.ANSWER),
        ({"when": "on-request", "request": "please answer"}, "hello", Level.ROUTINE, "", Expect.NONE),
        (
            {"when": "on-request", "request": "please answer"},
            "Could you PLEASE answer?",
            Level.ROUTINE,
            "",
            Expect.ANSWER,
        ),
        ({"when": "always", "only": "scheduling"}, "hello", Level.ROUTINE, "", Expect.NONE),
        ({"when": "always", "only": "scheduling"}, "Thursday?", Level.ROUTINE, "scheduling", Expect.ANSWER),
        ({"promise": "within 24h"}, "hello", Level.ROUTINE, "", Expect.ANSWER),
        ({}, "hello", Level.ROUTINE, "", Expect.MAYBE),
    ],
)
def test_what_may_be_expected_follows_from_the_policy(
    answer: dict[str, Any], text: str, level: Level, category: str, expect: Expect
) -> None:
    assert expected(Answer.model_validate(answer), facts(text), level, category)[0] is expect


def test_the_reason_names_the_rule() -> None:
    _, why = expected(Answer.model_validate({"only": ["scheduling", "billing"]}), facts(), Level.ROUTINE, "")
    assert str(why) == "by email, only scheduling, billing is answered"
