"""Identity, threads, and content that has ended other parsers."""

from __future__ import annotations

import pytest

from gateway.core.message.facts import Envelope
from gateway.core.message.read import found_envelope, read

ENVELOPE = Envelope("client@client.example", ("ana@hopestreet.example",))
FROM = b"From: client@client.example\r\n"


def test_a_message_keeps_its_key_when_servers_add_fields_and_change_line_ends() -> None:
    content = FROM + b"Message-ID: <1@client.example>\r\n\r\nhello\r\n"
    stored = b"Return-Path: <client@client.example>\nReceived: by mx\n" + content.replace(b"\r\n", b"\n")
    assert read(content, ENVELOPE).key == read(stored, ENVELOPE).key


def test_a_message_without_an_id_is_known_by_its_stable_parts() -> None:
    content = FROM + b"Date: Mon, 2 Nov 2026 21:10:00 +1100\r\nSubject: x\r\n\r\nhello\r\n"
    stored = b"Received: by mx\n" + content.replace(b"\r\n", b"\n")
    assert read(content, ENVELOPE).key == read(stored, ENVELOPE).key
    assert read(content, ENVELOPE).key != read(content + b"more", ENVELOPE).key


def test_the_digest_tells_a_retry_from_another_envelope() -> None:
    content = FROM + b"\r\nhello"
    other = Envelope("client@client.example", ("ben@hopestreet.example",))
    assert read(content, ENVELOPE).digest == read(content, ENVELOPE).digest != read(content, other).digest


def test_a_thread_is_named_by_its_first_message() -> None:
    first = read(FROM + b"Message-ID: <1@a.example>\r\n\r\n", ENVELOPE)
    answer = read(FROM + b"Message-ID: <2@a.example>\r\nIn-Reply-To: <1@a.example>\r\n\r\n", ENVELOPE)
    later = read(FROM + b"Message-ID: <3@a.example>\r\nReferences: <1@a.example> <2@a.example>\r\n\r\n", ENVELOPE)
    assert first.thread == answer.thread == later.thread == first.key


def test_an_envelope_is_read_back_from_return_path() -> None:
    assert found_envelope(b"Return-Path: <a@b.example>\n\n", "ana@x.example").reverse_path == "a@b.example"
    assert found_envelope(b"Return-Path: <>\n" + FROM + b"\n", "ana@x.example").reverse_path == ""
    assert found_envelope(FROM + b"\n", "ana@x.example").reverse_path == "client@client.example"


@pytest.mark.parametrize(
    "header",
    [
        b"Message-ID: <>",
        b"Message-ID: <[@]>",
        b"From: <",
        b"From: a@[",
        b"From: =?utf-8?q?a=0D=0ABcc:_x?= <a@b.example>",
        b"From: " + b"(" * 20_000,
        b"To: " + b"a@b.example, " * 8_000,
        b"From: " + b"a@b.example, " * 8_000,
        b"Subject: " + b"=?utf-8?q?=C3?= " * 4_000,
        b"Subject: " + b"=?" * 30_000,
        b"References: " + b"<" * 60_000,
        b"Content-Type: text/plain; charset=" + b"\0",
        b"Content-Type: multipart/mixed",
        b"Content-Type: multipart/mixed; boundary=" + b"(" * 5_000,
        b"Date: Mon, 32 Foo 99999 99:99:99 +99999",
        b"Date: Mon, 1 Jan 0001 00:00:00 +2359",
        b"Disposition-Notification-To: <a@b.example",
        b"X: " + b"x" * 300_000,
    ],
)
def test_header_fields_that_end_other_parsers_are_read(header: bytes) -> None:
    facts = read(header + b"\r\n\r\nhello\r\n", ENVELOPE)
    assert facts.new_text == "hello"
    assert not any(letter < " " for letter in facts.author.name + facts.subject)


@pytest.mark.parametrize(
    "charset", ["unknown", "idna", "undefined", "hex", "punycode", "rot13", "zlib", "utf-7", "a" * 99]
)
def test_any_charset_gives_text(charset: str) -> None:
    content = FROM + f"Content-Type: text/plain; charset={charset}\r\n\r\nhello\r\n".encode()
    assert read(content, ENVELOPE).new_text == "hello"


def test_half_a_character_never_gets_in() -> None:
    facts = read(
        FROM + b"Subject: =?utf-7?q?a+2AA-b?=\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n+2AA-", ENVELOPE
    )
    assert facts.subject == "a?b"
    assert facts.text.encode()


def test_nesting_without_end_is_cut_and_said() -> None:
    layers = (b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (at, at) for at in range(3000))
    assert "too-deep" in read(b"".join(layers), ENVELOPE).defects


def test_parts_without_number_are_cut_and_said() -> None:
    content = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 5000
    assert "too-many-parts" in read(content, ENVELOPE).defects


@pytest.mark.parametrize(
    "line",
    [
        *[b"> ", b"On 3\n", b"On 3 wrote:\n", b"From: x\n", b"--\n", b"-- \n", b"a", b"Sent from my\n", b"wrote:\n\n"],
        *[b"____\n", b"-", b"'", b"\xff", b"\n", b"<div>", b"<p>x", b"&", b"<!--"],
    ],
)
@pytest.mark.parametrize("kind", [b"plain", b"html"])
def test_a_hostile_megabyte_is_read(line: bytes, kind: bytes) -> None:
    head = FROM + b"Content-Type: text/" + kind + b"\r\n\r\n"
    assert read(head + line * (1_000_000 // len(line)), ENVELOPE).octets > 900_000
