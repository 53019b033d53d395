"""The sixteen arrangements, each as a file of a few readable lines that turns the knobs it needs and no other."""

from typing import Any

import pytest
from ruamel.yaml import YAML

from gateway import shipped
from gateway.core.policy.about import About
from gateway.core.policy.consistency import inconsistencies
from gateway.core.policy.schema import Policy, as_file
from gateway.settings.load import load

FOLDER = shipped.folder("config")
SETTINGS = load(FOLDER)
#: What each arrangement asks for, as the file would say it with every default written out.
ARRANGEMENTS: dict[str, dict[str, Any]] = {
    "open-door": {
        "answer.promise": "within 1d",
        "answer.when": "always",
        "answer.nudge": "2h",
        "urgency.alert": "urgent",
    },
    "seen-is-enough": {"receipt.send": "important", "answer.rest": "session", "presence.carry": True},
    "urgent-only": {"answer.when": "if-urgent", "urgency.words": ["urgent"], "acknowledge.when": "always"},
    "touchpoints": {
        "receipt.send": "always",
        "hours.reading": ["12:30-13:00", "18:00-18:30"],
        "billing.touchpoint": 60,
        "billing.exempt": ["touchpoint"],
        "answer.promise": "none",
    },
    "twice-daily": {"hours.reading": ["08:30", "17:00"], "answer.promise": "none", "welcome.card": True},
    "before-session": {
        "hours.before_session": True,
        "digest.before_session": "2h",
        "billing.counts": "nothing",
        "allowance.messages": None,
    },
    "one-each": {
        "allowance.messages": 1,
        "allowance.answers": 1,
        "allowance.per": "session",
        "allowance.remind": "2d",
        "answer.rest": "session",
        "record.letters": True,
    },
    "mornings-billed": {
        "hours.reading": ["07:00-09:00"],
        "hours.vacations": "open",
        "answer.promise": "next-reading-time",
        "acknowledge.when": "always",
        "billing.counts": "read+answer",
        "billing.free": "15m",
        "billing.increment": "15m",
        "billing.exempt": ["scheduling", "stressor", "touchpoint"],
        "billing.suspended": [{"from": "2020-03-16", "until": "2022-03-31"}],
    },
    "scheduling-only": {"answer.only": ["scheduling"], "answer.when": "always", "change.notice": "14d"},
    "when-able": {
        "acknowledge.when": ["outside-hours", "on-request"],
        "receipt.send": "on-request",
        "answer.promise": "none",
    },
    "always-replies": {
        "answer.when": "always",
        "answer.promise": "none",
        "digest.at": "07:30",
        "billing.counts": "nothing",
    },
    "read-not-answered": {"answer.when": "never", "answer.rest": "session", "receipt.send": "always"},
    "brief-reply": {"answer.words": 80, "answer.rest": "session", "billing.counts": "nothing"},
    "phone-in-crisis": {"answer.promise": "none", "urgency.alert": "crisis", "acknowledge.when": "always"},
    "clear-limits": {"allowance.messages": 5, "allowance.per": "week", "allowance.warn_at": 0.6},
    "no-crisis-by-email": {"extends": "phone-in-crisis", "urgency.by_email": False, "urgency.alert": "crisis"},
}
#: For people who are no clients yet: beside the sixteen.
BESIDE = {"new-enquiries"}
NAMES = sorted(SETTINGS.policies)
SANE = About(phone="02 5550 1234", crisis_line="Lifeline 13 11 14", zone="Australia/Sydney", region="AU-NSW")


def at(values: dict[str, Any], key: str) -> Any:
    for part in key.split("."):
        values = values[part]
    return values


def written(name: str) -> tuple[list[str], dict[str, Any]]:
    text = (FOLDER / "policies" / f"{name}.yaml").read_text()
    return text.splitlines(), YAML(typ="safe", pure=True).load(text)


def test_the_sixteen_are_there_and_nothing_else() -> None:
    assert set(NAMES) == set(ARRANGEMENTS) | BESIDE


@pytest.mark.parametrize("name", sorted(ARRANGEMENTS))
def test_a_preset_turns_the_knobs_of_its_arrangement(name: str) -> None:
    values = as_file(SETTINGS.policies[name])
    assert {key: at(values, key) for key in ARRANGEMENTS[name]} == ARRANGEMENTS[name]


def test_mornings_are_charged_by_the_quarter_of_an_hour_and_by_the_cluster() -> None:
    billing = SETTINGS.policies["mornings-billed"].billing
    assert billing.rate is not None
    assert billing.rate.amount > 0
    assert billing.cluster is not None
    assert (billing.cluster.messages, billing.cluster.within.total_seconds()) == (4, 86400)


@pytest.mark.parametrize("name", NAMES)
def test_nobody_but_mornings_billed_charges(name: str) -> None:
    assert (SETTINGS.policies[name].billing.rate is not None) == (name == "mornings-billed")


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_is_a_few_lines_below_one_that_says_what_it_is(name: str) -> None:
    lines, values = written(name)
    assert lines[0].startswith("# ")
    assert [line for line in lines[1:] if line.startswith("#")] == []
    assert len(lines) <= 16
    assert values["summary"]


@pytest.mark.parametrize("name", NAMES)
def test_a_summary_is_short_and_says_nothing_of_being_watched(name: str) -> None:
    summary = SETTINGS.policies[name].summary_in("en", "en")
    assert 20 < len(summary) < 200
    assert not {"monitor", "monitored", "watch", "watched", "safe"} & set(summary.lower().replace(".", " ").split())


@pytest.mark.parametrize("name", NAMES)
def test_a_summary_says_that_nothing_is_charged_only_where_nothing_is(name: str) -> None:
    policy = SETTINGS.policies[name]
    if "charge for it" in policy.summary_in("en", "en"):
        assert policy.billing.counts == "nothing"


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_leans_on_nothing_that_a_practice_of_its_own_must_have(name: str) -> None:
    assert SETTINGS.policies[name].urgency.cover == ""


@pytest.mark.parametrize("name", NAMES)
def test_a_sane_practice_can_keep_every_preset(name: str) -> None:
    assert inconsistencies(SETTINGS.policies[name], SANE, name) == ()


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_written_out_is_the_same_policy(name: str) -> None:
    policy = SETTINGS.policies[name]
    assert Policy.model_validate(as_file(policy)) == policy


@pytest.mark.parametrize("language", sorted({lexicon.language for lexicon in SETTINGS.lexicons}))
def test_each_category_that_a_preset_exempts_or_answers_is_recognised_in_each_language(language: str) -> None:
    known = {lexicon.category for lexicon in SETTINGS.lexicons if lexicon.language == language} | {"touchpoint"}
    for policy in SETTINGS.policies.values():
        assert set(policy.billing.exempt) | set(policy.answer.only) <= known
