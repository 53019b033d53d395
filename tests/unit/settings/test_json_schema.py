"""What editors are told of the files is what the gateway reads: shipped files pass, typical mistakes don't."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from gateway import shipped
from gateway.core.policy.schema import Policy, as_file
from gateway.settings.json_schema import KINDS, json_schema
from gateway.settings.load import load

CONFIG = shipped.folder("config")
PLACES = {
    "policy": "policies/*.yaml",
    "gateway": "gateway.yaml",
    "routes": "routes.yaml",
    "crisis-lines": "crisis-lines.yaml",
    "lexicon": "urgency/*/*.yaml",
}
FILES = [(kind, path) for kind, place in PLACES.items() for path in sorted(CONFIG.glob(place))]


def as_editors_read(value: Any) -> Any:
    """An editor's YAML has no dates: they are texts."""
    if isinstance(value, dict):
        return {str(name): as_editors_read(one) for name, one in value.items()}
    if isinstance(value, list):
        return [as_editors_read(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


def faults(kind: str, text: str) -> list[str]:
    values = as_editors_read(YAML(typ="safe", pure=True).load(text))
    return [error.message for error in Draft202012Validator(json_schema(kind)).iter_errors(values)]


def shapes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from shapes(one)
    elif isinstance(value, list):
        for one in value:
            yield from shapes(one)


def test_each_kind_of_file_that_is_shipped_has_a_schema() -> None:
    assert set(PLACES) == set(KINDS)
    assert {kind for kind, _ in FILES} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_one_and_says_what_it_is_for(kind: str) -> None:
    schema = json_schema(kind)
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:handrail:{kind}"
    assert schema["description"]
    for shape in shapes(schema):
        assert "\n" not in re.sub("\n\n", "", str(shape.get("description", "")))


@pytest.mark.parametrize("name", sorted(Policy.model_fields))
def test_each_knob_of_a_policy_is_described(name: str) -> None:
    schema = json_schema("policy")
    knob = schema["properties"][name]
    assert "description" in knob or "description" in schema["$defs"][knob["$ref"].rpartition("/")[2]]


@pytest.mark.parametrize(("kind", "path"), FILES, ids=lambda one: one.name if isinstance(one, Path) else one)
def test_every_shipped_file_passes(kind: str, path: Path) -> None:
    assert faults(kind, path.read_text()) == []


def test_every_setting_that_the_shipped_file_shows_switched_off_passes_too() -> None:
    text = (CONFIG / "gateway.yaml").read_text()
    assert faults("gateway", re.sub(r"(?m)^#(?= +\S)( +\w+:)", r"\1", text)) == []


def test_a_policy_written_out_passes() -> None:
    for policy in load(CONFIG).policies.values():
        Draft202012Validator(json_schema("policy")).validate(as_file(policy))


MISTAKES = [
    ("policy", "acknowledge: {wen: always}"),
    ("policy", "acknowledge: always"),
    ("policy", "acknowledge: {when: allways}"),
    ("policy", "acknowledge: {when: [first, now]}"),
    ("policy", "answer: {promise: soon}"),
    ("policy", "answer: {promise: within}"),
    ("policy", "answer: {promise: within 24}"),
    ("policy", "hours: {reading: 7-9}"),
    ("policy", "hours: {reading: 25:00-26:00}"),
    ("policy", "hours: {days: mon-fry}"),
    ("policy", "hours: {days: weekdays}"),
    ("policy", "hours: {other: {friday: 08:00-09:00}}"),
    ("policy", "hours: {other: {fri: early}}"),
    ("policy", "hours: {holidays: off}"),
    ("policy", "receipt: {grace: 2}"),
    ("policy", "receipt: {grace: two minutes}"),
    ("policy", "receipt: {send: sometimes}"),
    ("policy", "allowance: {messages: five}"),
    ("policy", "allowance: {messages: 0}"),
    ("policy", "allowance: {warn_at: 80}"),
    ("policy", "billing: {rate: 45}"),
    ("policy", "billing: {rate: $45}"),
    ("policy", "billing: {suspended: [{since: 2020-03-16, until: 2022-03-31}]}"),
    ("policy", "billing: {cluster: 4}"),
    ("policy", "digest: {at: half past seven}"),
    ("policy", "digest: {at: '24:30'}"),
    ("policy", "colour: blue"),
    ("gateway", "practice: {name: Hope Street Practice}"),
    ("routes", "- {to: ana@hopestreet.example}"),
    ("routes", "- {to: ana@hopestreet.example, mailbox: ana, polcy: open-door}"),
    ("routes", "to: ana@hopestreet.example"),
    ("crisis-lines", "DE: TelefonSeelsorge 0800 111 0 111"),
    ("crisis-lines", "Germany: {line: TelefonSeelsorge 0800 111 0 111, source: ours, dated: 2026-01-01}"),
    ("crisis-lines", "FR: {line: 3114, source: ours, dated: 2026-01-01}"),
    ("lexicon", "name: ours\nlanguage: en\nphrases: [help]"),
]


@pytest.mark.parametrize(("kind", "text"), MISTAKES)
def test_a_typical_mistake_is_refused(kind: str, text: str) -> None:
    assert faults(kind, text)


GATEWAY_MISTAKES = [
    ('smarthost: {url: "maildir:sent"}', "smarthost: {url: mail.example}"),
    ("deliver: lmtp://127.0.0.1:24", "deliver: http://127.0.0.1"),
    ("watch: imaps://ana@mail.example", "watch: smtp://ana@mail.example"),
    ("region: AU-NSW", "region: New South Wales"),
    ("password: {env: ANA}", "password: swordfish"),
    ("password: {env: ANA}", "password: {env: ANA, file: ana.secret}"),
    ("password: {env: ANA}", "password: {}"),
    ("policy: open-door", "polcy: open-door"),
    ("until: 2027-01-03", "to: 2027-01-03"),
    ('phone: "1"', "phone: 1"),
]
SOUND = """
practice: {name: Hope Street Practice, timezone: Australia/Sydney, region: AU-NSW, phone: "1"}
smarthost: {url: "maildir:sent"}
mailboxes:
  ana:
    address: ana@hopestreet.example
    deliver: lmtp://127.0.0.1:24
    watch: imaps://ana@mail.example
    password: {env: ANA}
    policy: open-door
    absences: [{from: 2026-12-24, until: 2027-01-03}]
"""


@pytest.mark.parametrize(("right", "wrong"), GATEWAY_MISTAKES)
def test_a_typical_mistake_in_the_settings_is_refused(right: str, wrong: str) -> None:
    assert right in SOUND
    assert faults("gateway", SOUND) == []
    assert faults("gateway", SOUND.replace(right, wrong))


@pytest.mark.parametrize(
    "text",
    [
        "hours: {days: [mon, wed], reading: 7:00-9:00, other: {fri: ['08:00', 17:00-18:00]}}",
        "answer: {promise: within 8h of reading time, request: please answer}",
        "acknowledge: {when: [first, on-request], at_most_every: 0}",
        "receipt: {grace: 1h30m}",
        "summary: {en: Mornings., de: Morgens.}",
        "digest: {at: 07:30, before_session: 2h}",
        "extends: open-door",
        "{}",
    ],
)
def test_what_the_gateway_reads_is_not_refused(text: str) -> None:
    Policy.model_validate(YAML(typ="safe", pure=True).load(text))
    assert faults("policy", text) == []


def test_a_provider_may_stand_in_for_an_address_and_nothing_for_both() -> None:
    practice = "practice: {name: Hope, timezone: UTC}\nmailboxes: {ana: {address: a@h.example, policy: open-door}}\n"
    assert faults("gateway", f"{practice}smarthost: {{provider: icloud}}\n") == []
    assert faults("gateway", f"{practice}smarthost: {{url: 'smtps://mail.example'}}\n") == []
    assert faults("gateway", f"{practice}smarthost: {{user: ana}}\n")
    assert faults("gateway", f"{practice}smarthost: {{provider: aol}}\n")
