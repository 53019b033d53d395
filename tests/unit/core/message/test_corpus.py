"""Every message in tests/corpus reads to the facts that stand beside it."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime
from pathlib import Path

import pytest

from gateway.core.message.automatic import SIGNS
from gateway.core.message.facts import Envelope, Facts
from gateway.core.message.read import read

CORPUS = Path(__file__).parents[3] / "corpus"
CASES = sorted(path for folder in ("automatic", "text", "headers") for path in (CORPUS / folder).glob("*.eml"))


def read_case(path: Path) -> tuple[Facts, dict[str, object]]:
    expected = json.loads(path.with_suffix(".json").read_text())
    envelope = Envelope(expected["envelope"]["reverse_path"], tuple(expected["envelope"]["recipients"]))
    content = path.read_bytes().replace(b"\n", b"\r\n")
    return read(content, envelope, own=frozenset(expected["own"])), expected["facts"]


def plain(value: object) -> object:
    """A fact as JSON has it."""
    if isinstance(value, datetime):
        return value.isoformat()
    return [plain(one) for one in value] if isinstance(value, tuple | list) else value


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_message_reads_to_the_facts_beside_it(path: Path) -> None:
    facts, expected = read_case(path)
    found = {name: plain(value) for name, value in dataclasses.asdict(facts).items() if name in expected}
    if "automation" in expected:
        verdict = facts.automation
        reasons = [str(reason) for reason in verdict.reasons]
        found["automation"] = {"origin": verdict.origin.value, "answerable": verdict.answerable, "reasons": reasons}
    assert found == expected


def test_every_sign_of_automation_has_a_message_that_shows_it() -> None:
    told = {str(reason) for path in CASES for reason in read_case(path)[0].automation.reasons}
    assert [sign.name for sign in SIGNS if str(sign.why()) not in told] == []
