"""`handrail policy check` says which promises can't be kept, and `handrail schema` what editors need to know."""

import json

import pytest

from tests.unit.cli.conftest import Handrail

UNKEPT = "hours: {reading: 07:00-09:00, days: mon-fri, holidays: open}\nanswer: {promise: within 24h}\n"


def test_the_policies_in_use_are_checked_and_others_where_they_are_named(handrail: Handrail) -> None:
    handrail.write("policies/odd.yaml", UNKEPT)
    assert "odd" not in handrail("policy", "check").out
    named = handrail("policy", "check", "odd")
    assert named.code == 1
    assert "policies/odd.yaml answer.promise" in named.out
    assert "waits 2 days 22 hours" in named.out
    assert "promise `within 70h` or more" in named.out
    assert "policies/odd.yaml answer.promise" in handrail("policy", "check", "--all").out


def test_what_is_sound_is_said_to_be(handrail: Handrail) -> None:
    handrail.write("policies/plain.yaml", "hours: {holidays: open}\n")
    ended = handrail("policy", "check", "plain")
    assert (ended.code, ended.out) == (0, "plain: nothing to mend.\n")


def test_programs_get_the_findings_by_policy(handrail: Handrail) -> None:
    handrail.write("policies/odd.yaml", UNKEPT)
    ended = handrail("policy", "check", "odd", "--json")
    assert ended.code == 1
    (finding,) = ended.json["odd"]
    assert finding["severity"] == "error"
    assert set(finding) == {"severity", "where", "what", "mend"}


def test_a_name_that_means_nothing_is_answered_by_one_that_does(handrail: Handrail) -> None:
    ended = handrail("policy", "check", "hope-stret")
    assert ended.code == 2
    assert "did you mean hope-street?" in ended.err


@pytest.mark.parametrize("kind", ["policy", "gateway", "routes", "crisis-lines", "lexicon"])
def test_each_kind_of_file_has_a_schema(handrail: Handrail, kind: str) -> None:
    ended = handrail.bare("schema", kind)
    assert ended.code == 0
    assert json.loads(ended.out)["$id"] == f"urn:handrail:{kind}"


def test_a_kind_of_file_that_there_is_not_is_answered_by_those_that_there_are(handrail: Handrail) -> None:
    ended = handrail.bare("schema", "polcy")
    assert ended.code == 2
    assert "did you mean policy?" in ended.err
