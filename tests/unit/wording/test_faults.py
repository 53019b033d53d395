"""Templates are judged before a client meets them: every one is tried, and what is wrong is named by path and line."""

import shutil
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway import shipped
from gateway.wording import Templates
from gateway.wording.contexts import FOLDERS
from gateway.wording.premises import Premises
from gateway.wording.samples import premises_for_samples, samples
from tests.unit.wording.made import COVERS, LINES, POLICIES, PRACTICE, UNWATCHED, WATCHED

FEW = {name: POLICIES[name] for name in ("plain", "full")}
MAILBOXES = {"ana": WATCHED, "office": UNWATCHED.model_copy(update={"address": "office@hopestreet.example"})}
FRENCH = {f"fr/{message}/{part}": "x" for message in FOLDERS.values() for part in ("subject.txt", "body.txt")} | {
    f"fr/{message}/body.html": "{% extends 'letter.html' %}" for message in FOLDERS.values()
}


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped templates in English and German alone: what is true of two languages is true of seven."""
    root = tmp_path_factory.mktemp("templates")
    for name in ("en", "de"):
        shutil.copytree(shipped.folder("templates") / name, root / name)
    shutil.copy(shipped.folder("templates") / "letter.html", root)
    return root


def faults(folder: Path, files: Mapping[str, str | bytes], base: Path) -> list[str]:
    """What is wrong with these files in a practice's own folder, as lines with paths from there."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    found = Templates([folder, base], PRACTICE, MAILBOXES, FEW, covers=COVERS, crisis_lines=LINES).faults()
    assert all(fault.mend for fault in found)
    return [f"{fault.where}: {fault.what}; {fault.mend}".replace(f"{folder}/", "") for fault in found]


def test_nothing_is_wrong_with_what_is_shipped_and_to_find_that_out_is_quick() -> None:
    speak = Templates([shipped.folder("templates")], PRACTICE, MAILBOXES, POLICIES, covers=COVERS, crisis_lines=LINES)
    began = time.process_time()
    assert speak.faults() == ()
    assert time.process_time() - began < 15  # in fact about three seconds, where nothing else runs


CASES = [
    ("en/ack/body.txt", "one\n{{ author }}", "en/ack/body.txt:2: 'author' is undefined; this template knows"),
    ("en/ack/body.txt", "{% if crisis %}\n{{ 1 / 0 }}{% endif %}", "en/ack/body.txt:2: fails with ZeroDivisionError"),
    ("de/receipt/body.txt", "\n\n{% if %}", "de/receipt/body.txt:3: is no template: Expected an expression"),
    ("en/ack/body.txt", "\n{% include 'en/hlep.txt' %}", "en/ack/body.txt:2: there is no template en/hlep.txt; add it"),
    ("en/help.txt", "{{ fone }}", "en/help.txt:1: 'fone' is undefined"),
    ("en/ack/body.txt", b"gr\xfc\xdfe", "en/ack/body.txt:1: is not UTF-8; save the file as UTF-8"),
    ("en/alert/body.html", "\n{{ paragraph }}", "en/alert/body.html:2: 'paragraph' is undefined"),
    ("letter.html", "{{ body }}", "letter.html:1: 'body' is undefined"),
    ("en/ack/body.txt", "{% if allowance.over %}{{ x }}{% endif %}", "en/ack/body.txt:1: 'None' has no attribute"),
    ("policies/full/en/help.txt", "\n{{ fone }}", "policies/full/en/help.txt:2: 'fone' is undefined"),
    ("policies/full/de/ack/body.txt", "{% if %}", "policies/full/de/ack/body.txt:1: is no template"),
]


@pytest.mark.parametrize(("name", "text", "line"), CASES)
def test_a_template_that_fails_is_named_with_its_line_and_mend(
    tmp_path: Path, english: Path, name: str, text: str | bytes, line: str
) -> None:
    found = faults(tmp_path, {name: text}, english)
    assert any(one.startswith(line) for one in found), found
    assert all(one.startswith(name) for one in found)


def test_a_fault_that_every_message_runs_into_is_told_once(tmp_path: Path, english: Path) -> None:
    (found,) = faults(tmp_path, {"letter.html": "{{ body }}"}, english)
    assert found.startswith("letter.html:1: 'body' is undefined; this template knows")


@pytest.mark.parametrize(
    "condition",
    [
        "allowance and allowance.over",
        "minutes and minutes.left == 1",
        "cost and cost.certain and cost.cluster",
        "rest and expect == 'maybe' and not session",
        "away and away.phone and crisis",
        "note",
        "card",
        "read_by and read_by.zone",
        "answer_by and answer_by.end_of_day",
        "not receipt_follows",
    ],
)
def test_a_branch_that_only_some_sort_of_message_reaches_is_tried(
    tmp_path: Path, english: Path, condition: str
) -> None:
    text = f"{{% if {condition} %}}{{{{ oops }}}}{{% endif %}}"
    (found,) = faults(tmp_path, {"en/ack/body.txt": text}, english)
    assert found.startswith("en/ack/body.txt:1: 'oops' is undefined")


def test_what_a_language_lacks_is_told(tmp_path: Path, english: Path) -> None:
    assert faults(tmp_path, FRENCH, english) == []
    (tmp_path / "fr" / "receipt" / "body.html").unlink()
    for part in ("subject.txt", "body.txt", "body.html"):
        (tmp_path / "fr" / "alert" / part).unlink()
    alert, receipt = faults(tmp_path, {}, english)
    assert alert.startswith("fr/alert: alert is missing, so people who read fr get it in another language; add subject")
    assert receipt.startswith("fr/receipt/body.html: is missing; add it, for example {% extends 'letter.html' %}, or")


def test_a_practice_whose_language_no_template_speaks_is_told(english: Path) -> None:
    def said(language: str) -> list[str]:
        practice = PRACTICE.model_copy(update={"language": language})
        found = Templates([english], practice, {"ana": WATCHED}, {"plain": POLICIES["plain"]}).faults()
        return [f"{fault.where}: {fault.what}; {fault.mend}" for fault in found]

    assert said("de-CH") == []
    assert said("sv") == [
        "gateway.yaml practice.language: there are no templates in sv, so mail goes out in English; "
        "write one of de, en, or add templates/sv"
    ]


def test_a_country_may_say_one_message_in_its_own_way(tmp_path: Path, english: Path) -> None:
    whole = {f"de-AT/ack/{part}": FRENCH[f"fr/ack/{part}"] for part in ("subject.txt", "body.txt", "body.html")}
    assert faults(tmp_path, whole, english) == []


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("en/akc/body.txt", "en/akc: there is no such message; there is ack, ack-neutral, action-told, alert"),
        ("en/ack/body.htm", "en/ack/body.htm: no message is made of this file; name it one of subject.txt"),
        ("en/crisi.txt", "en/crisi.txt: no message is made of this file"),
        ("English/ack/body.txt", "English: no mail is in this language; name the folder for example en or de-AT"),
        ("de_AT/ack/body.txt", "de_AT: no mail is in this language"),
        ("policies/ful/en/help.txt", "policies/ful: there is no such policy; there is full, plain"),
        ("policies/full/en/hlep.txt", "policies/full/en/hlep.txt: no message is made of this file"),
        ("policies/full/en/akc/body.txt", "policies/full/en/akc: there is no such message; there is ack"),
        ("policies/full/sv/help.txt", "policies/full/sv: no mail of other policies is in this language; write one of"),
    ],
)
def test_a_name_that_means_nothing_is_told(tmp_path: Path, english: Path, name: str, line: str) -> None:
    (found,) = faults(tmp_path, {name: "text"}, english)
    assert found.startswith(line)


@pytest.mark.parametrize(
    "name",
    ["README.md", "en/ack/body.txt~", "en/ack/.body.txt.swp", "web/x.html", "en/a.md", "fonts/x.txt", "card.html"],
)
def test_notes_pages_and_what_editors_leave_are_no_templates(tmp_path: Path, english: Path, name: str) -> None:
    assert faults(tmp_path, {name: "{% nonsense"}, english) == []


def test_a_file_that_a_template_of_ones_own_includes_is_used(tmp_path: Path, english: Path) -> None:
    own = {"en/ack/body.txt": "{% include 'en/ack/about.txt' %}", "en/ack/about.txt": "{{ practice }}"}
    assert faults(tmp_path, own, english) == []


def test_a_name_that_is_computed_may_mean_any_file(tmp_path: Path, english: Path) -> None:
    own = {"en/ack/body.txt": "{% include 'en/' ~ 'mine.txt' %}", "en/mine.txt": "hello"}
    assert faults(tmp_path, own, english) == []


def test_what_is_wrong_with_a_card_is_told_as_well(tmp_path: Path, english: Path) -> None:
    broken = {"policies/full/en/card.txt": "{% macro question_limit() %}{{ oops }}{% endmacro %}"}
    (found,) = faults(tmp_path, broken, english)
    assert found.startswith("policies/full/en/card.txt:1: fails with")


@pytest.mark.parametrize("mailbox", MAILBOXES)
def test_samples_reach_every_message_under_every_policy(mailbox: str) -> None:
    plain = Premises(PRACTICE, MAILBOXES, POLICIES, lambda name, _: POLICIES.get(name), COVERS, LINES)
    for name in POLICIES:
        found = list(samples(name, "de", mailbox, premises_for_samples(plain), every=True))
        assert {sample.message for sample in found} == set(FOLDERS.values())
        assert {sample.effect.policy for sample in found} == {name}
        assert {sample.effect.language for sample in found} == {"de"}
        assert {sample.effect.ref.mailbox for sample in found} == {mailbox}
