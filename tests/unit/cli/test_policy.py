"""`handrail policy` shows the policies as files and as cards."""

import pytest

from gateway.core.policy.schema import Policy
from tests.unit.cli.conftest import Handrail


def test_ones_own_and_the_shipped_ones_are_listed_a_line_each(handrail: Handrail) -> None:
    lines = handrail("policy", "list").out.splitlines()
    assert "hope-street        I read mail each morning and answer then. Write whenever you need to." in lines
    assert any(line.startswith("open-door ") for line in lines)
    told = {policy["name"]: policy["summary"] for policy in handrail("policy", "list", "--json").json}
    assert len(told) == len(lines) - 1


def test_what_is_shown_is_a_file_that_says_the_same(handrail: Handrail) -> None:
    shown = handrail("policy", "show", "hope-street")
    assert (shown.code, shown.err) == (0, "")
    handrail.write("policies/copy.yaml", shown.out)
    assert handrail("policy", "show", "copy", "--json").json == handrail("policy", "show", "hope-street", "--json").json
    assert Policy.model_validate(handrail("policy", "show", "copy", "--json").json).allowance.messages == 5


def test_the_card_answers_ten_questions(handrail: Handrail) -> None:
    ended = handrail("policy", "card", "hope-street")
    assert ended.out.startswith("I read mail each morning and answer then. Write whenever you need to.\n\nMay I write")
    told = handrail("policy", "card", "hope-street", "--json").json
    assert len(told) == 10
    assert all(f"{one['question']}\n    {one['answer']}\n" in ended.out for one in told)
    assert "Lifeline 13 11 14" in ended.out


@pytest.mark.parametrize("command", ["show", "card"])
def test_a_name_that_means_nothing_is_answered_by_one_that_does(handrail: Handrail, command: str) -> None:
    ended = handrail("policy", command, "hope-stret")
    assert (ended.code, ended.out) == (2, "")
    assert "NAME: no policy 'hope-stret'; did you mean hope-street?" in ended.err
