"""What a policy file may say, and what it is told when it says something else."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.core.policy.schema import Policy, as_file
from gateway.core.policy.units import Weekday, duration, in_units


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("90s", 90), ("2m", 120), ("4h", 14400), ("14d", 1209600), ("1h30m", 5400), ("7y", 220752000)],
)
def test_a_duration_is_read_with_its_unit(text: str, seconds: int) -> None:
    assert duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "soon", "4", "4 hours please", "-2m"])
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="write for example"):
        duration(text)


@pytest.mark.parametrize("text", ["9999y", "99999999999y", "9" * 400 + "y"])
def test_a_duration_beyond_the_years_that_there_are_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="at most 200y"):
        duration(text)


@given(st.integers(0, 10**9))
def test_a_duration_written_and_read_again_is_the_same(seconds: int) -> None:
    value = timedelta(seconds=seconds)
    assert duration(in_units(value)) == value


def test_days_go_round_the_end_of_the_week() -> None:
    policy = Policy.model_validate({"hours": {"days": "sat-mon,wed"}})
    assert policy.hours.days == {Weekday.SAT, Weekday.SUN, Weekday.MON, Weekday.WED}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"hours": {"reading": "25:00"}}, "no time of day"),
        ({"hours": {"reading": "09:00-07:00"}}, "ends before it begins"),
        ({"hours": {"days": "mon-fry"}}, "no weekday"),
        ({"answer": {"promise": "soon"}}, "no promise"),
        ({"answer": {"promise": "within"}}, "no promise"),
        ({"allowance": {"messages": 0}}, "greater than or equal to 1"),
        ({"allowance": {"warn_at": 1.5}}, "less than or equal to 1"),
        ({"acknowledge": {"sometimes": True}}, "Extra inputs"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(values: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Policy.model_validate(values)


def test_a_policy_written_out_reads_back_as_itself() -> None:
    policy = Policy.model_validate(
        {
            "summary": "I answer each morning.",
            "hours": {"reading": ["07:00-09:00", "17:00"], "days": "mon-fri"},
            "answer": {"promise": "within 24h"},
            "acknowledge": {"when": "always", "at_most_every": "4h"},
            "record": {"for": "7y"},
        }
    )
    assert Policy.model_validate(as_file(policy)) == policy
