"""What clients would notice of a change is found question by question."""

import pytest

from gateway.core.policy.about import About
from gateway.core.policy.difference import difference
from gateway.core.policy.schema import Policy
from gateway.core.policy.statements import QUESTIONS
from tests.unit.core.policy.knobs import ABOUT, HIDDEN, SEEN, turned


def test_a_policy_differs_from_itself_in_nothing() -> None:
    policy = Policy.model_validate({"hours": {"reading": "07:00-09:00"}})
    assert difference(policy, policy.model_copy(), ABOUT) == ()


def test_only_the_questions_that_are_answered_otherwise_are_told() -> None:
    before = Policy.model_validate({"answer": {"promise": "within 24h"}})
    after = Policy.model_validate({"answer": {"promise": "within 48h"}, "record": {"for": "2y"}})
    found = difference(before, after, ABOUT)
    assert [one.question for one in found] == ["when", "record"]
    assert [say.code for say in found[0].before] == [say.code for say in found[0].after]
    assert found[0].before != found[0].after


@pytest.mark.parametrize("knob", SEEN)
def test_a_turned_knob_is_a_change_both_ways(knob: str) -> None:
    before, after = turned(knob)
    there, back = difference(before, after, ABOUT), difference(after, before, ABOUT)
    assert there
    assert [(one.question, one.before, one.after) for one in there] == [(o.question, o.after, o.before) for o in back]
    assert [one.question for one in there] == [one for one in QUESTIONS if one in {o.question for o in there}]


@pytest.mark.parametrize("knob", HIDDEN)
def test_what_no_client_can_notice_is_no_change(knob: str) -> None:
    assert difference(*turned(knob), ABOUT) == ()


def test_what_the_practice_does_not_have_changes_nothing() -> None:
    before, after = turned("urgency.cover")
    assert difference(before, after, About()) == ()
