"""How words are counted, and which spellings are one word."""

from __future__ import annotations

import pytest

from gateway.core.message.words import clean, count, fold, keys, spellings


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("-- ... !!", 0),
        ("I can't come.", 3),
        ("well-known https://a.example/b?c=d 12:30", 3),
        ("Schöne Grüße", 2),
        ("私は元気です", 6),
        ("안녕 하세요", 2),
        ("Привет, как дела?", 3),
    ],
)
def test_words_are_what_a_person_reads(text: str, words: int) -> None:
    assert count(text) == words


@pytest.mark.parametrize(
    ("one", "other"), [("Don't", "DONT"), ("Töten", "toten"), ("STRASSE", "straße"), ("é", "E\u0301")]
)
def test_case_accents_and_apostrophes_do_not_matter(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_what_nobody_sees_tears_no_word() -> None:
    assert keys("su\u00adi\u200bcide") == ("suicide",)
    assert clean("don\u2019t") == "don't"


def test_a_german_phrase_is_found_with_and_without_umlauts() -> None:
    assert spellings("mich töten") == {("mich", "toten"), ("mich", "toeten")}
