"""A client asks ten questions of a policy, and each answer follows from knobs, statement by statement."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from gateway.core.policy.about import About
from gateway.core.policy.card import card, in_words
from gateway.core.policy.schema import Policy
from gateway.core.policy.statements import QUESTIONS, STATEMENTS
from gateway.core.policy.units import Money, Weekday, duration
from tests.unit.core.policy.knobs import ABOUT, HIDDEN, SEEN, TURNS, knobs, many, turned

NOBODY = About()


def said(about: About = ABOUT, **written: Any) -> dict[str, dict[str, dict[str, Any]]]:
    """Question -> code -> values; of a code that is said twice, the last."""
    policy = Policy.model_validate(written)
    return {one.question: {say.code: dict(say.values) for say in one.statements} for one in card(policy, about)}


def codes(question: str, about: About = ABOUT, **written: Any) -> list[str]:
    return list(said(about, **written)[question])


@pytest.mark.parametrize("about", [ABOUT, NOBODY, replace(ABOUT, watched=False, alerted=False)])
def test_each_of_the_ten_questions_is_answered(about: About) -> None:
    for policy in many():
        answers = card(policy, about)
        assert tuple(answer.question for answer in answers) == QUESTIONS
        assert all(answer.statements for answer in answers)


def test_a_card_says_each_of_the_statements_and_no_other() -> None:
    cards = [card(policy, about) for policy in many() for about in (ABOUT, NOBODY)]
    found = {say.code for answers in cards for answer in answers for say in answer.statements}
    assert found == set(STATEMENTS)


def test_a_statement_has_the_values_that_its_words_are_given() -> None:
    for policy in many():
        for answer in card(policy, ABOUT):
            for say in answer.statements:
                assert tuple(name for name, _ in say.values) == STATEMENTS[say.code]


def test_no_statement_is_made_twice_of_the_same_values() -> None:
    for policy in many():
        for answer in card(policy, ABOUT):
            assert len(set(answer.statements)) == len(answer.statements)


def test_every_knob_of_the_schema_has_its_turn() -> None:
    assert set(knobs()) == set(TURNS)


@pytest.mark.parametrize("knob", SEEN)
def test_turning_a_knob_changes_the_card(knob: str) -> None:
    before, after = turned(knob)
    assert card(before, ABOUT) != card(after, ABOUT)


@pytest.mark.parametrize("knob", HIDDEN)
def test_what_no_client_can_notice_is_not_on_the_card(knob: str) -> None:
    before, after = turned(knob)
    assert before != after
    assert card(before, ABOUT) == card(after, ABOUT)


@pytest.mark.parametrize(
    ("written", "question", "code", "values"),
    [
        ({}, "limit", "no_limit", {}),
        ({"allowance": {"messages": 5}}, "limit", "limit_messages", {"count": 5, "per": "week"}),
        ({"allowance": {"messages": 5, "warn_at": 0.6}}, "limit", "limit_near_messages", {"count": 3}),
        ({"allowance": {"messages": 5, "warn_at": 1}}, "limit", "limit_near_messages", {"count": 5}),
        ({"allowance": {"minutes": 30}}, "limit", "limit_near_minutes", {"time": timedelta(minutes=24)}),
        ({"answer": {"promise": "within 24h"}}, "when", "promise_within", {"time": timedelta(days=1)}),
        ({"hours": {"days": "sat,tue"}}, "when", "read_days", {"days": (Weekday.TUE, Weekday.SAT)}),
        ({"hours": {"days": "mon-fri"}}, "days", "days_unread", {"days": (Weekday.SAT, Weekday.SUN)}),
        ({"receipt": {"grace": "5m"}}, "receipt", "receipt_grace", {"time": timedelta(minutes=5)}),
        ({"record": {"for": "7y"}}, "record", "record_erased", {"time": duration("7y")}),
        ({"urgency": {"cover": "ben"}}, "crisis", "crisis_cover", {"cover": "Ben Okafor"}),
        ({}, "crisis", "crisis_call", {"numbers": ("02 5550 1234", "Lifeline 13 11 14")}),
        ({}, "days", "holidays_unread", {"region": "AU-NSW"}),
        ({}, "days", "away", {"first": date(2027, 4, 1), "last": date(2027, 4, 9)}),
        ({}, "change", "change_notice", {"time": timedelta(days=14)}),
    ],
)
def test_a_statement_has_the_values_of_its_knobs(
    written: dict[str, Any], question: str, code: str, values: dict[str, Any]
) -> None:
    assert said(**written)[question][code] == values


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ({}, "answer_sometimes"),
        ({"answer": {"when": "always"}}, "answer_always"),
        ({"answer": {"promise": "within 24h"}}, "answer_always_by"),
        ({"answer": {"promise": "next-reading-time"}}, "answer_always"),
        ({"answer": {"promise": "next-reading-time"}, "hours": {"reading": "17:00"}}, "answer_always_by"),
        ({"answer": {"when": "always", "only": ["scheduling"]}}, "answer_always_only"),
        ({"answer": {"when": "always", "only": ["touchpoint"]}}, "answer_never"),
        ({"answer": {"when": "on-request", "request": ["please answer"]}}, "answer_on_request"),
        ({"answer": {"when": "on-request"}}, "answer_never"),
        ({"answer": {"when": "if-urgent"}}, "answer_if_urgent"),
        ({"answer": {"when": "never"}}, "answer_never"),
    ],
)
def test_whether_there_is_an_answer_is_said_first(written: dict[str, Any], code: str) -> None:
    assert codes("answer", **written)[0] == code


@pytest.mark.parametrize("when", ["never", "sometimes", "on-request"])
def test_no_time_is_named_for_answers_that_nobody_can_count_on(when: str) -> None:
    found = codes("when", answer={"when": when, "promise": "within 24h"})
    assert not any(code.startswith("promise_") and code != "promise_none" for code in found)


@pytest.mark.parametrize("promise", ["same-day", "next-working-day", "within 8h of reading time"])
def test_where_no_day_is_read_no_promise_hangs_on_one(promise: str) -> None:
    assert codes("when", answer={"promise": promise}, hours={"days": []})[-1] == "promise_none"
    assert codes("when", answer={"promise": promise})[-1] != "promise_none"


@pytest.mark.parametrize(
    ("promise", "hours"),
    [("within 24h", {"days": []}), ("within 8h of reading time", {"reading": "17:00"}), ("next-reading-time", {})],
)
def test_a_promise_that_no_time_can_be_reckoned_for_is_none(promise: str, hours: dict[str, Any]) -> None:
    assert codes("answer", answer={"promise": promise}, hours=hours)[0] == "answer_always"
    assert codes("when", answer={"promise": promise}, hours=hours)[-1] == "promise_none"


def test_a_promise_by_the_clock_says_what_becomes_of_it_while_mail_is_not_read() -> None:
    always = {"holidays": "open", "vacations": "open"}
    assert "promise_within_else" not in codes("when", answer={"promise": "within 24h"}, hours=always)
    for closing in ({"holidays": "closed"}, {"vacations": "closed"}, {"days": "mon-sat"}, {"reading": "17:00"}):
        assert "promise_within_else" in codes("when", answer={"promise": "within 24h"}, hours={**always, **closing})


@pytest.mark.parametrize("nothing", [{"rate": "0 EUR"}, {"rate": "9 EUR", "increment": "0"}])
def test_a_rate_of_nothing_is_none(nothing: dict[str, Any]) -> None:
    assert codes("charge", billing=nothing)[0] == "charge_no_rate"


def test_the_share_to_warn_at_is_taken_as_it_is_written() -> None:
    found = said(allowance={"messages": 100, "warn_at": 0.55})["limit"]
    assert found["limit_near_messages"] == {"count": 55}


def test_days_that_are_read_alike_are_said_together() -> None:
    hours = {"reading": "07:00-09:00", "days": "mon-fri", "other": {"fri": "08:00", "sat": []}}
    answer = next(one for one in card(Policy.model_validate({"hours": hours}), ABOUT) if one.question == "when")
    days = [values["days"] for say in answer.statements if "days" in (values := dict(say.values))]
    assert days == [(Weekday.MON, Weekday.TUE, Weekday.WED, Weekday.THU), (Weekday.FRI,), (Weekday.SAT,)]


def test_a_mailbox_that_is_not_watched_sends_no_receipts() -> None:
    unwatched = replace(ABOUT, watched=False)
    assert codes("receipt", unwatched, receipt={"send": "always"}) == ["receipt_never"]


def test_of_money_nothing_is_said_where_nothing_costs() -> None:
    written = {"free": "15m", "cluster": {"messages": 4}, "suspended": [{"from": "2020-03-16", "until": "2022-03-31"}]}
    for counts in ("nothing", "read", "read+answer"):
        found = codes("charge", billing={**written, "counts": counts})
        assert not {code for code in found if code.startswith("charge_")} - {"charge_nothing", "charge_no_rate"}
    found = said(billing={**written, "rate": "45.00 AUD"})["charge"]
    assert found["charge_rate"]["price"] == Money.model_validate({"amount": "45.00", "currency": "AUD"})
    assert {"charge_free_cluster", "charge_cluster", "charge_suspended", "charge_told"} <= set(found)


def test_a_touchpoint_without_a_number_of_words_is_no_category() -> None:
    assert "counted_never" not in codes("charge", billing={"exempt": ["touchpoint"]})
    found = said(billing={"exempt": ["touchpoint", "scheduling"], "touchpoint": 12})["charge"]
    assert found["counted_never"]["categories"] == ("touchpoint", "scheduling")
    assert found["touchpoint"] == {"words": 12}


def test_without_acks_nothing_is_promised_that_only_an_ack_can_keep() -> None:
    found = said(
        acknowledge={"when": "never", "at_most_every": "4h"}, allowance={"messages": 5}, billing={"rate": "1 EUR"}
    )
    everything = {code for answer in found.values() for code in answer}
    assert {"ack_never", "limit_not_told", "charge_not_told"} <= everything
    told = {"limit_told", "limit_near_messages", "charge_told", "away_told", "welcome_card", "presence_note"}
    assert not everything & (told | {"ack_at_most", "ack_stop", "ack_meaning"})


def test_where_email_is_not_for_a_crisis_that_comes_first() -> None:
    assert codes("crisis", urgency={"by_email": False})[0] == "crisis_not_by_email"
    assert "crisis_delivered" in codes("crisis", urgency={"by_email": False})


def test_an_alert_is_spoken_of_only_where_somebody_gets_it() -> None:
    assert "crisis_alert" not in codes("crisis", urgency={"alert": "never", "cover": "ben"})
    assert "crisis_cover" not in codes("crisis", urgency={"alert": "never", "cover": "ben"})
    deaf = replace(ABOUT, alerted=False)
    assert "crisis_alert" not in codes("crisis", deaf)
    assert "urgent_alert" not in codes("answer", deaf, urgency={"alert": "urgent"})
    assert "crisis_cover" not in codes("crisis", urgency={"cover": "somebody-else"})


def test_who_covers_is_named_where_clients_can_be_told() -> None:
    found = said()["days"]
    assert found["away_covered"]["cover"] == "Ben Okafor"
    assert "away_covered" not in said(replace(ABOUT, covers={}))["days"]
    assert "away" not in said(hours={"vacations": "open"})["days"]


def test_what_makes_a_message_urgent_is_said_where_something_follows_from_it() -> None:
    assert "urgent_found" not in codes("answer")
    for written in (
        {"urgency": {"alert": "urgent"}},
        {"answer": {"when": "if-urgent"}},
        {"acknowledge": {"when": "if-urgent"}},
        {"receipt": {"send": "if-urgent"}},
    ):
        assert {"urgent_found", "urgent_agreed"} <= set(codes("answer", **written))
    trusting = codes("answer", urgency={"alert": "urgent", "trust_all": True, "words": ["urgent"]})
    assert "urgent_all" in trusting
    assert not {"urgent_found", "urgent_agreed", "urgent_words"} & set(trusting)


def test_public_holidays_of_no_region_are_days_like_others() -> None:
    assert "holidays_read" in codes("days", NOBODY)


@pytest.mark.parametrize(
    ("written", "words"),
    [("24h", "24 hours"), ("90m", "1 hour 30 minutes"), ("14d", "14 days"), ("1y", "1 year"), ("0", "0 seconds")],
)
def test_durations_are_said_to_admins_as_people_say_them(written: str, words: str) -> None:
    assert in_words(duration(written)) == words
