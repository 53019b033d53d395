"""What a policy cannot keep is found, each with its mend, and nothing that it can keep is complained about."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.core.policy.about import About, Covering
from gateway.core.policy.calendar import Absence
from gateway.core.policy.consistency import inconsistencies
from gateway.core.policy.rules import RULES
from gateway.core.policy.schema import Hours, Policy
from gateway.core.policy.waits import A_WEEK, in_words, longest_wait

#: A practice in which everything that a policy may lean on is there.
SANE = About(phone="030 5550 1234", crisis_line="TelefonSeelsorge 0800 111 0 111", zone="Europe/Berlin", region="DE-BE")
UNWATCHED = replace(SANE, watched=False)
WORKDAYS = {"reading": "07:00-09:00", "days": "mon-fri"}


def away(first: str, last: str, cover: str = "") -> Absence:
    return Absence.model_validate({"from": first, "until": last, "cover": cover})


BEN = Covering("Ben Okafor", "030 5550 9876")
CHRISTMAS = (away("2026-12-21", "2027-01-03", "ben"),)
COVERED = replace(SANE, covers={"ben": BEN}, absences=CHRISTMAS)


def found(knobs: dict[str, Any], about: About = SANE) -> list[tuple[str, str]]:
    return [(one.severity, one.key) for one in inconsistencies(Policy.model_validate(knobs), about)]


ERRORS: list[tuple[dict[str, Any], About, str]] = [
    ({"answer": {"promise": "within 0"}}, SANE, "answer.promise"),
    ({"answer": {"promise": "within 0 of reading time"}, "hours": WORKDAYS}, SANE, "answer.promise"),
    ({"answer": {"promise": "within 24h"}, "hours": WORKDAYS}, SANE, "answer.promise"),
    ({"answer": {"promise": "within 24h"}, "hours": {"days": "mon-fri"}}, SANE, "answer.promise"),
    ({"answer": {"promise": "within 12h"}, "hours": {"reading": "17:00"}}, SANE, "answer.promise"),
    ({"answer": {"promise": "next-reading-time"}}, SANE, "answer.promise"),
    (
        {"answer": {"promise": "within 2h of reading time"}, "hours": {"reading": ["08:00", "17:00"]}},
        SANE,
        "answer.promise",
    ),
    ({"answer": {"promise": "same-day", "when": "never"}}, SANE, "answer.when"),
    ({"answer": {"promise": "same-day", "when": "sometimes"}}, SANE, "answer.when"),
    ({"answer": {"when": "on-request"}}, SANE, "answer.request"),
    ({"answer": {"when": "never", "only": ["scheduling"]}}, SANE, "answer.only"),
    ({"hours": {"days": []}}, SANE, "hours.days"),
    ({"receipt": {"send": "always"}}, UNWATCHED, "receipt.send"),
    ({"receipt": {"send": "important"}}, UNWATCHED, "receipt.send"),
    ({"receipt": {"send": "if-urgent"}}, UNWATCHED, "receipt.send"),
    ({}, UNWATCHED, "receipt.send"),
    ({"withdraw": "unread", "receipt": {"send": "never"}}, UNWATCHED, "withdraw"),
    ({"billing": {"rate": "45.00 EUR"}, "receipt": {"send": "never"}}, UNWATCHED, "billing.counts"),
    ({"urgency": {"alert": "crisis"}}, replace(SANE, alerted=False), "urgency.alert"),
    ({"urgency": {"by_email": False}}, replace(SANE, phone="", crisis_line=""), "urgency.by_email"),
    ({"urgency": {"cover": "ben"}}, SANE, "urgency.cover"),
    ({"allowance": {"remind": "2d"}}, SANE, "allowance.remind"),
    ({"billing": {"rate": "45.00 EUR", "counts": "nothing"}}, SANE, "billing.rate"),
    ({"billing": {"free": "15m"}}, SANE, "billing.rate"),
    ({"billing": {"cluster": {"messages": 4}}}, SANE, "billing.rate"),
    ({"billing": {"suspended": [{"from": "2026-01-01", "until": "2026-02-01"}]}}, SANE, "billing.rate"),
    ({"billing": {"rate": "45.00 EUR", "increment": "0"}}, SANE, "billing.increment"),
    ({"billing": {"rate": "45.00 EUR", "cluster": {"messages": 4, "within": "0"}}}, SANE, "billing.cluster"),
    ({"billing": {"exempt": ["touchpoint"]}}, SANE, "billing.touchpoint"),
    ({"answer": {"when": "always", "only": ["touchpoint"]}}, SANE, "billing.touchpoint"),
    ({}, replace(SANE, spoken=frozenset({"en"}), needed=frozenset({"fr-CA"})), "language"),
    ({}, replace(COVERED, covers={}), "absences[0].cover"),
    ({}, replace(COVERED, covers={"ben": replace(BEN, absences=CHRISTMAS)}), "absences[0].cover"),
    (
        {"urgency": {"cover": "ben"}},
        replace(COVERED, covers={"ben": replace(BEN, absences=CHRISTMAS)}),
        "urgency.cover",
    ),
]

WARNINGS: list[tuple[dict[str, Any], About, str]] = [
    ({"answer": {"promise": "within 3d"}, "hours": WORKDAYS}, SANE, "answer.promise"),
    ({"answer": {"promise": "same-day"}, "hours": {"days": "mon-fri"}}, SANE, "answer.promise"),
    ({"answer": {"promise": "within 24h"}, "hours": {"holidays": "open"}}, COVERED, "absences[0]"),
    ({"answer": {"request": ["please answer"]}}, SANE, "answer.request"),
    ({"answer": {"when": "never", "words": 80}}, SANE, "answer.words"),
    ({"answer": {"promise": "within 2h"}, "hours": {"holidays": "open"}}, SANE, "answer.nudge"),
    ({}, replace(SANE, region=""), "hours.holidays"),
    ({"acknowledge": {"when": "outside-hours"}}, SANE, "acknowledge.when"),
    ({"acknowledge": {"request": ["please confirm"]}}, SANE, "acknowledge.request"),
    ({"acknowledge": {"when": "never"}, "answer": {"promise": "next-working-day"}}, SANE, "acknowledge.when"),
    ({"acknowledge": {"when": "never"}, "allowance": {"messages": 5}}, SANE, "allowance"),
    ({"acknowledge": {"when": "never"}, "allowance": {"minutes": 30}}, SANE, "allowance"),
    ({"acknowledge": {"when": "never"}}, SANE, "welcome.card"),
    ({"acknowledge": {"when": "never"}}, SANE, "presence.carry"),
    ({"presence": {"lasts": "0"}}, SANE, "presence.lasts"),
    ({"acknowledge": {"when": "never"}, "withdraw": "unread"}, SANE, "withdraw"),
    ({}, UNWATCHED, "billing.counts"),
    ({"answer": {"promise": "next-working-day"}}, UNWATCHED, "answer.promise"),
    ({"digest": {"at": "07:30"}}, UNWATCHED, "digest"),
    ({"digest": {"before_session": "2h"}}, UNWATCHED, "digest"),
    ({"answer": {"when": "always", "words": 80}}, UNWATCHED, "answer.words"),
    ({"allowance": {"answers": 1}}, UNWATCHED, "allowance.answers"),
    ({"urgency": {"by_email": False, "alert": "never"}}, SANE, "urgency.by_email"),
    ({"urgency": {"words": ["urgent"], "trust_all": True}}, SANE, "urgency.words"),
    ({"urgency": {"alert": "urgent", "trust_all": True}}, SANE, "urgency"),
    ({"billing": {"rate": "0 EUR"}}, SANE, "billing.rate"),
    ({"billing": {"rate": "45.00 EUR"}, "acknowledge": {"when": "first"}}, SANE, "acknowledge.when"),
    ({"billing": {"rate": "45.00 EUR"}, "acknowledge": {"at_most_every": "4h"}}, SANE, "acknowledge.when"),
    ({"billing": {"touchpoint": 60}}, SANE, "billing.touchpoint"),
    ({"change": {"notice": "0"}}, SANE, "change.notice"),
    ({"record": {"for": "0"}}, SANE, "record.for"),
    ({"record": {"for": "2d"}, "answer": {"promise": "within 5d"}}, SANE, "record.for"),
    ({"record": {"for": "2w"}, "allowance": {"messages": 9, "per": "month"}}, SANE, "record.for"),
    (
        {"record": {"for": "1d"}, "billing": {"rate": "1 EUR", "cluster": {"messages": 2, "within": "2d"}}},
        SANE,
        "record.for",
    ),
    ({}, replace(COVERED, absences=(away("2026-12-24", "2026-12-24"),)), "absences[0].cover"),
    ({}, replace(COVERED, covers={"ben": Covering("Ben Okafor")}), "absences[0].cover"),
]


@pytest.mark.parametrize(("knobs", "about", "key"), ERRORS)
def test_a_promise_that_can_not_be_kept_is_an_error(knobs: dict[str, Any], about: About, key: str) -> None:
    assert ("error", key) in found(knobs, about)


@pytest.mark.parametrize(("knobs", "about", "key"), WARNINGS)
def test_a_knob_without_effect_or_a_promise_at_risk_is_a_warning(knobs: dict[str, Any], about: About, key: str) -> None:
    assert ("warning", key) in found(knobs, about)


@pytest.mark.parametrize(("knobs", "about"), [row[:2] for row in (*ERRORS, *WARNINGS)])
def test_each_finding_says_what_and_how_to_mend_it_in_words(knobs: dict[str, Any], about: About) -> None:
    for one in inconsistencies(Policy.model_validate(knobs), about, "ours"):
        assert one.what
        assert one.mend
        assert one.policy == "ours"
        assert not any(sign in one.what for sign in "{}")
        assert "{{" not in one.mend


def test_every_row_of_the_table_is_broken_by_a_case_above() -> None:
    broken = {
        (rule.key, rule.what)
        for knobs, about, _ in (*ERRORS, *WARNINGS)
        for rule in RULES
        if rule.found(Policy.model_validate(knobs), about) is not None
    }
    assert broken == {(rule.key, rule.what) for rule in RULES}


@pytest.mark.parametrize(
    ("knobs", "about"),
    [
        ({}, SANE),
        ({}, COVERED),
        ({"answer": {"promise": "within 24h"}, "hours": {"holidays": "open"}}, SANE),
        ({"answer": {"promise": "within 7d"}, "hours": WORKDAYS}, SANE),
        ({"answer": {"promise": "within 3h of reading time"}, "hours": {"reading": "09:00-17:00"}}, COVERED),
        ({"answer": {"promise": "within 3h of reading time"}}, SANE),
        ({"answer": {"promise": "next-reading-time"}, "hours": {"other": {"fri": "08:00-09:00"}}}, SANE),
        ({"answer": {"promise": "next-working-day"}, "hours": WORKDAYS}, COVERED),
        ({"answer": {"promise": "before-session"}, "hours": {"before_session": True}}, SANE),
        ({"answer": {"promise": "within 24h"}, "hours": {"holidays": "open", "vacations": "open"}}, COVERED),
        ({"answer": {"when": "on-request", "request": ["please answer"], "promise": "next-working-day"}}, SANE),
        ({"answer": {"when": "never", "rest": "session"}}, SANE),
        ({"hours": {"days": [], "other": {"fri": "08:00-09:00"}}}, SANE),
        ({"hours": {"holidays": "open"}}, replace(SANE, region="")),
        ({"billing": {"rate": "45.00 EUR", "free": "15m", "cluster": {"messages": 4}}}, SANE),
        ({"billing": {"touchpoint": 60, "exempt": ["touchpoint"]}}, SANE),
        ({"receipt": {"send": "never"}, "billing": {"counts": "nothing"}}, UNWATCHED),
        ({"urgency": {"alert": "never"}}, replace(SANE, alerted=False)),
        ({"urgency": {"cover": "ben"}}, COVERED),
        ({"urgency": {"cover": "ben"}}, replace(COVERED, covers={"ben": Covering("Ben Okafor")}, absences=())),
        ({}, replace(SANE, spoken=frozenset({"de", "en"}), needed=frozenset({"de-AT"}))),
        ({}, replace(SANE, needed=frozenset({"fr"}))),
        ({"record": {"for": "7d"}, "allowance": {"messages": 5}}, SANE),
    ],
)
def test_what_can_be_kept_is_not_complained_about(knobs: dict[str, Any], about: About) -> None:
    assert found(knobs, about) == []


def test_which_arrival_would_wait_how_long_is_said() -> None:
    weekend, *_ = inconsistencies(
        Policy.model_validate({"answer": {"promise": "within 24h"}, "hours": WORKDAYS}), replace(SANE, region="")
    )
    assert weekend.what == (
        "an answer is promised within 1 day, but what comes on Friday at 09:00 waits 2 days 22 hours before mail is "
        "read again on Monday at 07:00"
    )
    assert weekend.mend.startswith("promise `within 70h` or more")


def test_public_holidays_are_told_apart_from_weekends_with_an_example() -> None:
    policy = Policy.model_validate({"answer": {"promise": "within 3d"}, "hours": WORKDAYS})
    (easter,) = inconsistencies(policy, SANE)
    assert "over public holidays 4 days 22 hours can pass" in easter.what
    assert "from Thursday, 2026-04-02 09:00 to Tuesday, 2026-04-07 07:00" in easter.what
    elsewhere = replace(SANE, region="")
    assert [one.key for one in inconsistencies(policy, elsewhere)] == ["hours.holidays"]


def test_a_cover_who_is_away_on_some_of_the_days_is_named_with_these_days() -> None:
    about = replace(COVERED, covers={"ben": replace(BEN, absences=(away("2026-12-30", "2027-02-01"),))})
    (one,) = inconsistencies(Policy(), about)
    assert one.what == "Ben Okafor is to cover from 2026-12-30 to 2027-01-03, and is away then as well"


def test_errors_come_before_warnings() -> None:
    severities = [severity for severity, _ in found({"hours": {"days": []}, "acknowledge": {"when": "never"}})]
    assert severities == sorted(severities)
    assert set(severities) == {"error", "warning"}


def test_a_warning_share_above_all_is_refused_by_the_schema_already() -> None:
    with pytest.raises(ValidationError, match="less than or equal to 1"):
        Policy.model_validate({"allowance": {"messages": 5, "warn_at": 1.2}})


def test_waits_are_measured_over_the_end_of_the_week() -> None:
    def longest(**knobs: Any) -> timedelta | None:
        wait = longest_wait(Hours.model_validate(knobs), A_WEEK)
        return wait and wait.length

    assert longest(reading=["08:00", "17:00"]) == timedelta(hours=15)
    assert longest(reading="09:00-10:00", days="wed") == timedelta(days=7) - timedelta(hours=1)
    assert longest(reading="09:00", days="mon-thu", other={"fri": "12:00-13:00"}) == timedelta(days=2, hours=20)
    assert longest() is None
    assert longest(days=[]) is None


@given(st.sets(st.integers(0, 6), min_size=1), st.integers(0, 23), st.integers(0, 23))
def test_nothing_waits_longer_than_the_longest_wait(days: set[int], start: int, length: int) -> None:
    end = min(start + length, 23)
    hours = Hours.model_validate({"reading": f"{start:02}:00-{end:02}:00", "days": days})
    wait = longest_wait(hours, A_WEEK)
    starts = [datetime.combine(day, datetime.min.time()) for day in A_WEEK if day.weekday() in days]
    gaps = [later + timedelta(hours=start) - earlier - timedelta(hours=end) for earlier, later in pairwise(starts)]
    assert max(gaps) == (wait.length if wait else timedelta())


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(), "0 seconds"),
        (timedelta(days=2, hours=22), "2 days 22 hours"),
        (timedelta(days=1, minutes=1, seconds=1), "1 day 1 minute"),
        (timedelta(seconds=90), "1 minute 30 seconds"),
    ],
)
def test_a_span_is_said_in_at_most_two_units(span: timedelta, words: str) -> None:
    assert in_words(span) == words


def test_days_that_are_closed_belong_to_the_wait() -> None:
    days = [date(2026, 12, 21) + timedelta(days=step) for step in range(14)]
    closed = {date(2026, 12, 24), date(2026, 12, 25)}
    wait = longest_wait(Hours.model_validate(WORKDAYS), days, lambda day: day in closed)
    assert wait is not None
    assert (wait.since, wait.until) == (
        datetime.combine(date(2026, 12, 23), datetime.min.time()) + timedelta(hours=9),
        datetime.combine(date(2026, 12, 28), datetime.min.time()) + timedelta(hours=7),
    )
