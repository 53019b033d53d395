"""Any bytes give facts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.message.facts import Envelope
from gateway.core.message.new_text import split
from gateway.core.message.read import found_envelope, read

ENVELOPE = Envelope("client@client.example", ("ana@hopestreet.example",))

PIECES = r"""
From: |To: |Subject: |Message-ID: <|Date: |Content-Type: |multipart/mixed|multipart/alternative|text/html|text/plain
message/rfc822|; boundary=|b|--b|--b--|"|\|(|)|<|>|@|,|;|:|=?utf-8?q?|=?x?b?|?=|=C3|Content-Transfer-Encoding: base64
charset=|utf-16|idna|filename*0*=x''%|-- |Authentication-Results: mx; |dkim=pass|> |On 3 Nov wrote:|</p>|&#0;
<blockquote type=cite>
"""
TOKENS = [piece.encode() for line in PIECES.strip().splitlines() for piece in line.split("|")]
ENDS = [b"\r\n", b"\n", b"\r", b"\r\n\r\n", b" ", b"\t", b"\0", b"\xff\xfe"]
LINES = ["> a", "b", "-- ", "", "From: x", "On 3 Nov 09:12 a@b wrote:", "Sent from my iPhone"]


@given(st.one_of(st.binary(max_size=400), st.lists(st.sampled_from([*TOKENS, *ENDS]), max_size=60).map(b"".join)))
def test_any_bytes_give_facts(content: bytes) -> None:
    facts = read(content, ENVELOPE, own=frozenset({"ana@hopestreet.example"}))
    assert facts.octets == len(content)
    assert len(facts.key) == len(facts.digest) == len(facts.thread) == 64
    assert not any(letter in facts.subject + facts.author.address for letter in "\r\n\0")
    assert found_envelope(content, "ana@hopestreet.example").recipients == ("ana@hopestreet.example",)


@given(st.lists(st.sampled_from(LINES)))
def test_no_line_is_in_both_halves_and_none_is_made_up(lines: list[str]) -> None:
    parts = split("\n".join(lines))
    for line in [*parts.new.split("\n"), *parts.quoted.split("\n")]:
        assert line == "" or any(line == one.strip() or line == one for one in lines)
