"""`handrail policy` shows the policies as files and as cards."""

import pytest

from gateway.core.policy.schema import Policy
from tests.unit.cli.conftest import Handrail


def test_ones_own_and_the_shipped_ones_are_listed_a_line_each(handrail: Handrail) -> None:
    lines = handrail("policy", "list").out.splitlines()
    told = [line.split(maxsplit=1) for line in lines]
    assert ["hope-street", "I read mail each morning and answer then. Write whenever you need to."] in told
    assert any(line.startswith("open-door ") for line in lines)
    names = [policy["name"] for policy in handrail("policy", "list", "--json").json]
    assert names == [name for name, *_ in told[1:]]


def test_what_is_shown_is_a_file_that_says_the_same(handrail: Handrail) -> None:
    shown = handrail("policy", "show", "hope-street")
    assert (shown.code, shown.err) == (0, "")
    handrail.write("policies/copy.yaml", shown.out)
    assert handrail("policy", "show", "copy", "--json").json == handrail("policy", "show", "hope-street", "--json").json
    assert Policy.model_validate(handrail("policy", "show", "copy", "--json").json).allowance.messages == 5


def test_the_card_answers_ten_questions(handrail: Handrail) -> None:
    ended = handrail("policy", "card", "hope-street")
    assert ended.out.startswith("I read mail each morning and answer then. Write whenever you need to.\n\nMay I write")
    told = handrail("policy", "card", "hope-street", "--json").json
    assert len(told) == 10
    for one in told:
        paragraphs = one["answer"].replace("\n", "\n    ")
        assert f"{one['question']}\n    {paragraphs}\n" in ended.out
    assert "Lifeline 13 11 14" in ended.out


def test_the_card_speaks_the_language_that_is_asked_for(handrail: Handrail) -> None:
    assert "Darf ich so viel schreiben" in handrail("policy", "card", "hope-street", "--lang", "de").out
    assert "Darf ich so viel schreiben" in handrail("policy", "card", "hope-street", "--lang", "de-CH").out
    ended = handrail("policy", "card", "hope-street", "--lang", "xx")
    assert (ended.code, ended.out) == (2, "")
    assert "--lang: no language 'xx'; known: de, en, es, fr, it, nl, pt" in ended.err


def test_the_card_is_made_as_a_page_and_as_a_file_to_print(handrail: Handrail) -> None:
    page, paper, text = (handrail.folder / name for name in ("card.html", "card.pdf", "card.txt"))
    for form, path in (("html", page), ("pdf", paper), ("text", text)):
        ended = handrail("policy", "card", "hope-street", "--format", form, "--output", str(path))
        assert (ended.code, ended.out, ended.err) == (0, "", "")
    assert page.read_text(encoding="utf-8").startswith('<!doctype html>\n<html lang="en"')
    assert paper.read_bytes().startswith(b"%PDF-")
    assert text.read_text(encoding="utf-8") == handrail("policy", "card", "hope-street").out.rstrip("\n") + "\n"
    assert handrail("policy", "card", "hope-street", "--format", "html").out == page.read_text(encoding="utf-8")


def test_a_card_that_can_not_be_written_says_why(handrail: Handrail) -> None:
    ended = handrail("policy", "card", "hope-street", "--output", str(handrail.folder / "nowhere" / "card.txt"))
    assert (ended.code, ended.out) == (2, "")
    assert "can't be written (No such file or directory); name another file" in ended.err


def test_a_card_tells_of_the_mailbox_that_is_asked_for(handrail: Handrail) -> None:
    ended = handrail("policy", "card", "hope-street", "--mailbox", "nobody")
    assert ended.code == 2
    assert "--mailbox: no mailbox 'nobody'" in ended.err


def test_own_words_are_in_the_card_and_what_fails_in_them_is_named(handrail: Handrail) -> None:
    handrail.write("templates/policies/hope-street/en/card.txt", "{% macro back_never() %}Never.{% endmacro %}")
    assert handrail("policy", "card", "hope-street").out.rstrip().endswith("\n    Never.")
    assert not handrail("policy", "card", "open-door").out.rstrip().endswith("Never.")
    handrail.write("templates/policies/hope-street/en/card.txt", "{% macro back_never() %}{{ oops }}{% endmacro %}")
    ended = handrail("policy", "card", "hope-street")
    assert (ended.code, ended.out) == (2, "")
    assert "en/card.txt:1 failed: UndefinedError; `handrail check` tells more" in ended.err


def test_a_summary_is_listed_in_the_practices_language_or_the_one_that_there_is(handrail: Handrail) -> None:
    handrail.write("policies/two.yaml", "summary: {en: I answer., de: Ich antworte.}")
    handrail.write("policies/one.yaml", "summary: {de: Nur so.}")
    handrail.write("policies/none.yaml", "answer: {when: never}")
    told = {policy["name"]: policy["summary"] for policy in handrail("policy", "list", "--json").json}
    assert (told["two"], told["one"], told["none"]) == ("I answer.", "Nur so.", "")
    assert handrail("policy", "card", "two", "--lang", "de").out.startswith("Ich antworte.\n\nDarf ich")


@pytest.mark.parametrize("command", ["show", "card"])
def test_a_name_that_means_nothing_is_answered_by_one_that_does(handrail: Handrail, command: str) -> None:
    ended = handrail("policy", command, "hope-stret")
    assert (ended.code, ended.out) == (2, "")
    assert "NAME: no policy 'hope-stret'; did you mean hope-street?" in ended.err
