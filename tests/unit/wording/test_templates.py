"""How a template is chosen and filled: by language, a practice's own first, one policy's before both."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.core.effects import Ack
from tests.unit.wording.made import ACK, PRACTICE, RECEIVED, flat, shared, templates


def written(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("wanted", "own", "given"),
    [("de", "en", "de"), ("de-AT", "en", "de"), ("sv", "de", "de"), ("", "de-CH", "de"), ("sv", "da", "en")],
)
def test_a_language_without_templates_falls_back_to_the_practices_then_to_english(
    wanted: str, own: str, given: str
) -> None:
    speak = templates(PRACTICE.model_copy(update={"language": own}))
    assert speak.render(replace(ACK, language=wanted)).language == given


@pytest.mark.parametrize("wanted", ["../en", "en/../de", "EN", "x" * 300, "{{ 1 }}", "\0"])
def test_a_language_is_never_a_path(wanted: str) -> None:
    assert shared().render(replace(ACK, language=wanted)).language == "en"


@pytest.mark.parametrize("policy", ["../en", "..", ".", "", "a/b", "\0", "{{ 1 }}"])
def test_a_policys_name_is_never_a_path(tmp_path: Path, policy: str) -> None:
    own = written(tmp_path, {"en/help.txt": "shared", "policies/a/b/en/help.txt": "one"})
    assert "shared" in templates(PRACTICE, own).render(replace(ACK, policy=policy)).text


def test_dates_and_the_clock_follow_the_country_of_the_practice_or_of_the_reader() -> None:
    later = replace(ACK, read_by=RECEIVED + timedelta(days=4))
    speak = templates(PRACTICE.model_copy(update={"language": "en-AU"}))
    assert "on Friday, 27 November, by 9:10 pm." in flat(speak.render(later))
    assert "on Friday, 27 November, by 21:10." in flat(shared().render(replace(later, language="en-GB")))
    assert "on Friday, November 27, by 21:10." in flat(shared().render(later))


def test_a_practices_own_template_comes_before_the_shipped_one(tmp_path: Path) -> None:
    own = written(tmp_path, {"en/ack/subject.txt": "It is here,\n  {{ practice }}\n"})
    words = templates(PRACTICE, own).render(ACK)
    assert words.subject == "It is here, Hope Street Practice"
    assert "Your message has arrived" in words.text


OWN = {
    "en/help.txt": "Ours: call us.",
    "policies/full/en/help.txt": "Only here: call Ana.",
    "policies/full/en/ack/subject.txt": "Here",
    "policies/full/letter.html": "<p>{{ title }}</p>",
}


def test_a_policys_own_file_comes_before_all_others_and_leaves_the_rest(tmp_path: Path) -> None:
    speak = templates(PRACTICE, written(tmp_path, OWN))

    def said(**changed: object) -> Ack:
        return replace(ACK, **changed)  # type: ignore[arg-type]

    full, plain = speak.render(said(policy="full")), speak.render(said(policy="plain"))
    assert "Only here: call Ana." in full.text
    assert full.subject == "Here"
    assert full.html == "<p>Here</p>"
    assert "It will be read" in full.text
    assert "Ours: call us." in plain.text
    assert plain.subject == "Your message has arrived"
    assert "<h1" not in plain.html
    assert plain.html.startswith("<!doctype html>")
    german = speak.render(said(policy="full", language="de"))
    assert "E-Mails werden nicht rund um die Uhr gelesen." in german.text
    assert german.subject == "Ihre Nachricht „the dream about the canary“ ist angekommen"


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    own = written(tmp_path, {"en/ack/subject.txt": "one"})
    speak = templates(PRACTICE, own)
    assert speak.render(ACK).subject == "one"
    written(own, {"policies/plain/en/ack/subject.txt": "two"})
    assert speak.render(ACK).subject == "two"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("one\n{{ author }}", r"\S+/en/ack/body.txt:2"),
        ("{{ 1 / 0 }}", r"\S+/en/ack/body.txt:1"),
        ("\n\n{% if %}", r"\S+/en/ack/body.txt:3"),
        ("{{ practice.__class__.__mro__ }}", r"\S+/en/ack/body.txt:1"),
        ("{{ practice + 1 }}", r"\S+/en/ack/body.txt:1"),
        ("{% include 'no/such' %}", r"\S+/en/ack/body.txt:1"),
        ("{% include 'en/ack/body.txt' %}", r"\S+/en/ack/body.txt:1"),
        ("\xe9", "en/ack"),
    ],
)
def test_a_template_that_fails_is_a_value_error_that_names_its_line_and_nobody(
    tmp_path: Path, text: str, place: str
) -> None:
    own = tmp_path / "en" / "ack"
    own.mkdir(parents=True)
    (own / "body.txt").write_text(text, encoding="latin-1")
    with pytest.raises(ValueError, match=f"^template {place} failed: \\w+$") as failed:
        templates(PRACTICE, tmp_path).render(ACK)
    assert "river" not in str(failed.value)
    assert failed.value.__cause__ is None


def test_a_card_that_fails_is_a_value_error_too(tmp_path: Path) -> None:
    own = written(tmp_path, {"en/card.txt": "{% macro question_limit() %}{{ oops }}{% endmacro %}"})
    with pytest.raises(ValueError, match=r"^template \S+card.txt:1 failed: \w+$"):
        templates(PRACTICE, own).render(replace(ACK, welcome=True))
