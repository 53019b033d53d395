"""Folder names on the wire and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mailbox.names import decode, encode, quote, same

CASES = [
    ("Sent", "Sent"),
    ("Entwürfe", "Entw&APw-rfe"),
    ("Mit & ohne", "Mit &- ohne"),
    ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),  # RFC 3501 5.1.3
    ("Éléments envoyés", "&AMk-l&AOk-ments envoy&AOk-s"),
    ("🙂", "&2D3eQg-"),
]


@pytest.mark.parametrize(("name", "wire"), CASES)
def test_names_are_written_as_the_rfc_does(name: str, wire: str) -> None:
    assert encode(name) == wire
    assert decode(wire) == name


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_every_name_comes_back(name: str) -> None:
    assert encode(name).isascii()
    assert decode(encode(name)) == name


@pytest.mark.parametrize("wire", ["&AAA", "a&b", "Entwürfe", "&2D0-"])
def test_what_is_no_modified_utf_7_stays_as_it_came(wire: str) -> None:
    assert decode(wire) == wire


def test_a_quoted_string_escapes_its_own_marks_and_refuses_line_ends() -> None:
    assert quote('a "b" \\c') == '"a \\"b\\" \\\\c"'
    with pytest.raises(ValueError, match="CR and LF"):
        quote("a\r\nLOGOUT")


def test_names_are_told_apart_without_case() -> None:
    assert same("INBOX", "Inbox")
    assert not same("Sent", "Sent Items")
