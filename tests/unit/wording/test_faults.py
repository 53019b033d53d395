"""Templates are judged before a client meets them: every one is tried, and what is wrong is named by path and line."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway import shipped
from gateway.core.effects import Ack
from gateway.core.policy.schema import Allowance, Policy
from gateway.settings.schema import Mailbox, Practice
from gateway.wording import Templates, samples
from gateway.wording.contexts import FOLDERS, folder_for

PRACTICE = Practice(name="Hope Street Practice", timezone="Australia/Sydney", phone="+61 2 5550 1234")
WATCHED = Mailbox(address="ana@hopestreet.example", deliver="maildir:ana", watch="maildir:ana", policy="five")
UNWATCHED = WATCHED.model_copy(update={"address": "office@hopestreet.example", "watch": None})
POLICIES = {"five": Policy(allowance=Allowance(messages=5)), "open": Policy()}
FRENCH = {f"fr/{message}/{part}": "x" for message in FOLDERS.values() for part in ("subject.txt", "body.txt")} | {
    f"fr/{message}/body.html": "{% extends 'letter.html' %}" for message in FOLDERS.values()
}


def faults(folder: Path, files: Mapping[str, str | bytes]) -> list[str]:
    """What is wrong with these files in a practice's own folder, as lines with paths from there."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    mailboxes = {"ana": WATCHED, "office": UNWATCHED}
    found = Templates([folder, shipped.folder("templates")], PRACTICE, mailboxes, POLICIES).faults()
    assert all(fault.mend for fault in found)
    return [f"{fault.where}: {fault.what}; {fault.mend}".replace(f"{folder}/", "") for fault in found]


def test_nothing_is_wrong_with_what_is_shipped(tmp_path: Path) -> None:
    assert faults(tmp_path, {}) == []


CASES = [
    (
        "en/ack/body.txt",
        "one\n{{ subject }}",
        "en/ack/body.txt:2: 'subject' is undefined; this template knows",
    ),
    ("en/ack/body.txt", "{% if crisis %}\n{{ 1 / 0 }}{% endif %}", "en/ack/body.txt:2: fails with ZeroDivisionError"),
    ("de/receipt/body.txt", "\n\n{% if %}", "de/receipt/body.txt:3: is no template: Expected an expression"),
    ("en/ack/body.txt", "\n{% include 'en/hlep.txt' %}", "en/ack/body.txt:2: there is no template en/hlep.txt; add it"),
    ("en/help.txt", "{{ fone }}", "en/help.txt:1: 'fone' is undefined"),
    ("en/ack/body.txt", b"gr\xfc\xdfe", "en/ack/body.txt:1: is not UTF-8; save the file as UTF-8"),
    ("en/alert/body.html", "\n{{ paragraph }}", "en/alert/body.html:2: 'paragraph' is undefined"),
    ("letter.html", "{{ body }}", "letter.html:1: 'body' is undefined"),
    ("en/ack/body.txt", "{% if allowance.over %}{{ x }}{% endif %}", "en/ack/body.txt:1: 'None' has no attribute"),
]


@pytest.mark.parametrize(("name", "text", "line"), CASES)
def test_a_template_that_fails_is_named_with_its_line_and_mend(
    tmp_path: Path, name: str, text: str | bytes, line: str
) -> None:
    found = faults(tmp_path, {name: text})
    assert any(one.startswith(line) for one in found), found
    assert all(one.startswith(name) for one in found)


def test_a_fault_that_every_message_runs_into_is_told_once(tmp_path: Path) -> None:
    (found,) = faults(tmp_path, {"letter.html": "{{ body }}"})
    assert found.startswith("letter.html:1: 'body' is undefined; this template knows")


def test_a_branch_that_only_one_policy_reaches_is_tried(tmp_path: Path) -> None:
    text = "{% if allowance and allowance.over %}{{ oops }}{% endif %}"
    (found,) = faults(tmp_path, {"en/ack/body.txt": text})
    assert found.startswith("en/ack/body.txt:1: 'oops' is undefined")


def test_what_a_language_lacks_is_told(tmp_path: Path) -> None:
    assert faults(tmp_path, FRENCH) == []
    (tmp_path / "fr" / "receipt" / "body.html").unlink()
    for part in ("subject.txt", "body.txt", "body.html"):
        (tmp_path / "fr" / "alert" / part).unlink()
    alert, receipt = faults(tmp_path, {})
    assert alert.startswith("fr/alert: alert is missing, so people who read fr get it in another language; add subject")
    assert receipt.startswith("fr/receipt/body.html: is missing; add it, for example {% extends 'letter.html' %}, or")


def test_a_practice_whose_language_no_template_speaks_is_told() -> None:
    def said(language: str) -> list[str]:
        practice = PRACTICE.model_copy(update={"language": language})
        faults = Templates([shipped.folder("templates")], practice, {"ana": WATCHED}, POLICIES).faults()
        return [f"{fault.where}: {fault.what}; {fault.mend}" for fault in faults]

    assert said("de-CH") == []
    assert said("nl") == [
        "gateway.yaml practice.language: there are no templates in nl, so mail goes out in English; "
        "write one of de, en, or add templates/nl"
    ]


def test_a_country_may_say_one_message_in_its_own_way(tmp_path: Path) -> None:
    whole = {f"de-AT/ack/{part}": FRENCH[f"fr/ack/{part}"] for part in ("subject.txt", "body.txt", "body.html")}
    assert faults(tmp_path, whole) == []


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("en/akc/body.txt", "en/akc: there is no such message; there is ack, ack-neutral, alert, receipt"),
        ("en/ack/body.htm", "en/ack/body.htm: no message is made of this file; name it one of subject.txt"),
        ("en/crisi.txt", "en/crisi.txt: no message is made of this file"),
        ("English/ack/body.txt", "English: no mail is in this language; name the folder for example en or de-AT"),
        ("de_AT/ack/body.txt", "de_AT: no mail is in this language"),
    ],
)
def test_a_name_that_means_nothing_is_told(tmp_path: Path, name: str, line: str) -> None:
    (found,) = faults(tmp_path, {name: "text"})
    assert found.startswith(line)


@pytest.mark.parametrize("name", ["README.md", "en/ack/body.txt~", "en/ack/.body.txt.swp", "web/x.html", "en/a.md"])
def test_notes_pages_and_what_editors_leave_are_no_templates(tmp_path: Path, name: str) -> None:
    assert faults(tmp_path, {name: "{% nonsense"}) == []


def test_a_file_that_a_template_of_ones_own_includes_is_used(tmp_path: Path) -> None:
    own = {"en/ack/body.txt": "{% include 'en/ack/about.txt' %}", "en/ack/about.txt": "{{ practice }}"}
    assert faults(tmp_path, own) == []


def test_a_name_that_is_computed_may_mean_any_file(tmp_path: Path) -> None:
    own = {"en/ack/body.txt": "{% include 'en/' ~ 'mine.txt' %}", "en/mine.txt": "hello"}
    assert faults(tmp_path, own) == []


def test_samples_reach_every_message_under_every_policy_and_both_kinds_of_mailbox() -> None:
    found = list(samples.effects("de", PRACTICE, {"ana": WATCHED, "office": UNWATCHED}, POLICIES))
    assert {folder_for(effect) for effect in found} == set(FOLDERS.values())
    assert {effect.policy for effect in found} == set(POLICIES)
    assert {effect.ref.mailbox for effect in found} == {"ana", "office"}
    assert {effect.language for effect in found} == {"de"}
    limited = {(effect.used, effect.warn) for effect in found if isinstance(effect, Ack) and effect.allowed}
    assert limited == {(1, False), (4, True), (5, True), (6, True)}
