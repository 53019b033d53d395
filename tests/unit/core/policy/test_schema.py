"""What a policy file may say, and what it is told when it says something else."""

from datetime import date, timedelta

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


def test_days_may_be_a_list_and_an_hour_needs_no_nought() -> None:
    listed = Policy.model_validate({"hours": {"days": ["mon", "wed-fri"], "reading": "7:00-9:00"}})
    assert listed == Policy.model_validate({"hours": {"days": "mon,wed-fri", "reading": ["07:00-09:00"]}})


def test_days_may_have_times_of_their_own() -> None:
    hours = Policy.model_validate(
        {"hours": {"reading": "09:00", "days": "mon-fri", "other": {"fri": ["13:00-14:00", "08:00"], "sat": []}}}
    ).hours
    assert [str(span) for span in hours.spans_on(Weekday.MON) or ()] == ["09:00"]
    assert [str(span) for span in hours.spans_on(Weekday.FRI) or ()] == ["08:00", "13:00-14:00"]
    assert hours.spans_on(Weekday.SAT) == ()
    assert hours.spans_on(Weekday.SUN) is None


@pytest.mark.parametrize(
    ("answer", "when"),
    [
        ({}, "sometimes"),
        ({"promise": "none"}, "sometimes"),
        ({"promise": "within 24h"}, "always"),
        ({"promise": "before-session"}, "always"),
        ({"promise": "within 24h", "when": "if-urgent"}, "if-urgent"),
    ],
)
def test_a_promise_means_that_all_is_answered_unless_it_is_said_otherwise(answer: dict[str, str], when: str) -> None:
    assert Policy.model_validate({"answer": answer}).answer.when == when


@pytest.mark.parametrize("when", [["always", "first"], ["never", "if-urgent"], []])
def test_always_and_never_stand_alone(when: list[str]) -> None:
    with pytest.raises(ValidationError, match="stand alone"):
        Policy.model_validate({"acknowledge": {"when": when}})


def test_a_summary_is_said_in_the_languages_that_it_has() -> None:
    one = Policy.model_validate({"summary": "Mornings."})
    assert (one.summary_in("en-GB", "en"), one.summary_in("de", "en")) == ("Mornings.", "")
    two = Policy.model_validate({"summary": {"en": "Mornings.", "de": "Morgens."}})
    assert (two.summary_in("en", "de"), two.summary_in("de-AT", "en"), two.summary_in("fr", "en")) == (
        "Mornings.",
        "Morgens.",
        "",
    )


def test_a_span_of_dates_has_both_its_ends() -> None:
    (span,) = Policy.model_validate(
        {"billing": {"suspended": [{"from": "2020-03-16", "until": "2022-03-31"}]}}
    ).billing.suspended
    assert date(2020, 3, 16) in span
    assert date(2022, 3, 31) in span
    assert date(2022, 4, 1) not in span


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"hours": {"reading": "25:00"}}, "no time of day"),
        ({"hours": {"reading": "09:00-07:00"}}, "ends before it begins"),
        ({"hours": {"days": "mon-fry"}}, "no weekday"),
        ({"hours": {"reading": "07:00Z"}}, "no time of day"),
        ({"hours": {"other": {"frei": "08:00"}}}, "no weekday"),
        ({"digest": {"at": "late"}}, "no time of day; write for example 07:30"),
        ({"digest": {"at": 730}}, "no time of day"),
        ({"billing": {"rate": "45"}}, "no amount of money"),
        ({"billing": {"rate": "-45.00 AUD"}}, "no amount of money"),
        ({"billing": {"rate": "NaN AUD"}}, "no amount of money"),
        ({"billing": {"suspended": [{"from": "2022-03-31", "until": "2020-03-16"}]}}, "before it begins"),
        ({"answer": {"promise": "soon"}}, "no promise"),
        ({"answer": {"promise": "within"}}, "no promise"),
        ({"allowance": {"messages": 0}}, "greater than or equal to 1"),
        ({"allowance": {"warn_at": 1.5}}, "less than or equal to 1"),
        ({"acknowledge": {"sometimes": True}}, "Extra inputs"),
        ({"acknowledge": {"latest": 0}}, "nothing would ever be acked"),
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
            "extends": "open-door",
            "answer": {"promise": "within 8h of reading time", "request": "please answer", "words": 80},
            "acknowledge": {"when": ["first", "on-request"], "at_most_every": "4h"},
            "allowance": {"messages": 1, "per": "session", "answers": 1, "remind": "2d"},
            "billing": {
                "rate": "45.00 AUD",
                "cluster": {"messages": 4},
                "suspended": [{"from": "2020-03-16", "until": "2022-03-31"}],
            },
            "digest": {"at": "7:30", "before_session": "90m"},
            "record": {"for": "7y"},
        }
    )
    assert Policy.model_validate(as_file(policy)) == policy
