"""`handrail preview` shows every message before anybody gets one."""

import pytest

from tests.unit.cli.conftest import Handrail


def test_every_message_that_the_mailboxs_policy_sends_is_shown(handrail: Handrail) -> None:
    ended = handrail("preview")
    assert ended.code == 0
    assert "ack: an ordinary message, on Monday night\n  Subject: Your message has arrived\n" in ended.out
    assert "ack: words of crisis\n" in ended.out
    assert "Under this policy there is never: " in ended.out
    assert "(not sent under this policy)" not in ended.out


def test_one_message_is_shown_under_any_policy_in_any_language(handrail: Handrail) -> None:
    told = handrail("preview", "receipt", "--policy", "open-door", "--lang", "fr", "--json").json
    assert {one["message"] for one in told} == {"receipt"}
    assert {one["language"] for one in told} == {"fr"}
    assert all("a été lu" in one["subject"] for one in told)


def test_what_a_policy_never_sends_is_shown_as_such_when_it_is_asked_for(handrail: Handrail) -> None:
    handrail.write("policies/quiet.yaml", "receipt: {send: never}\n")
    assert (
        "receipt: read the next morning (not sent under this policy)"
        in handrail("preview", "receipt", "--policy", "quiet").out
    )
    told = handrail("preview", "--policy", "quiet", "--json").json
    assert "receipt" not in {one["message"] for one in told}
    assert all(one["sent"] for one in told)


def test_ones_own_words_are_shown(handrail: Handrail) -> None:
    handrail.write("templates/policies/hope-street/en/help.txt", "Call Ana.")
    assert "Call Ana." in handrail("preview", "ack", "--policy", "hope-street").out
    assert "Call Ana." not in handrail("preview", "ack", "--policy", "open-door").out


def test_one_page_holds_it_all_and_loads_nothing(handrail: Handrail) -> None:
    file = handrail.folder / "preview.html"
    ended = handrail("preview", "--lang", "de", "--html", str(file))
    assert (ended.code, ended.out) == (0, "")
    page = file.read_text(encoding="utf-8")
    assert page.startswith('<!doctype html>\n<html lang="de">')
    assert page.count("<iframe sandbox") == page.count("<h2>") > 10
    assert "http" not in page
    assert "<script" not in page


def test_a_page_that_cant_be_written_is_told(handrail: Handrail) -> None:
    ended = handrail("preview", "--html", str(handrail.folder))
    assert ended.code == 2
    assert "can't be written" in ended.err


def test_a_template_that_fails_ends_it_with_its_place(handrail: Handrail) -> None:
    handrail.write("templates/en/help.txt", "\n{{ fone }}")
    ended = handrail("preview")
    assert ended.code == 1
    assert "en/help.txt:2 failed: UndefinedError; `handrail check` says why" in ended.err


@pytest.mark.parametrize(
    ("arguments", "mend"),
    [
        (("recipt",), "MESSAGE: no message 'recipt'; did you mean receipt?"),
        (("--policy", "open-dor"), "--policy: no policy 'open-dor'; did you mean open-door?"),
        (("--lang", "sv"), "--lang: no language 'sv'"),
        (("--mailbox", "anna"), "--mailbox: no mailbox 'anna'"),
    ],
)
def test_a_name_that_means_nothing_is_answered_by_one_that_does(
    handrail: Handrail, arguments: tuple[str, ...], mend: str
) -> None:
    ended = handrail("preview", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert mend in ended.err
