"""The Received field and the count of hops."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.core.message.facts import Envelope
from gateway.core.message.trace import hops, protocol, received_field

NOW = datetime(2026, 11, 23, 7, 5, tzinfo=UTC)
ONE = ("ana@hopestreet.example",)


def test_the_field_says_who_how_and_when() -> None:
    envelope = Envelope("kim@client.example", ONE, "192.0.2.7", "mx.client.example", tls=True)
    assert received_field(envelope, "gw.hopestreet.example", NOW, "abc123") == (
        b"Received: from mx.client.example ([192.0.2.7])\r\n"
        b" by gw.hopestreet.example with ESMTPS id abc123\r\n"
        b" for <ana@hopestreet.example>;\r\n"
        b" Mon, 23 Nov 2026 07:05:00 +0000\r\n"
    )


def test_two_recipients_do_not_learn_of_each_other() -> None:
    field = received_field(Envelope("", (*ONE, "ben@hopestreet.example"), "::1", "x"), "gw.example", NOW, "1")
    assert b"hopestreet" not in field
    assert b"id 1;\r\n" in field
    assert b"([IPv6:::1])" in field


@pytest.mark.parametrize("helo", ["a (b", "x\r\nSubject: y", "a b", "", "é.example", "x" * 300, "\udcff"])
def test_a_strange_greeting_does_not_get_into_the_field(helo: str) -> None:
    field = received_field(Envelope("", ONE, "nonsense", helo), "gw.example", NOW, "1")
    assert field.startswith(b"Received: from unknown ([unknown])\r\n by ")


def test_a_non_ascii_recipient_is_named_only_where_the_peer_may_read_it() -> None:
    recipient = ("räume@hopestreet.example",)
    assert b"for <" not in received_field(Envelope("", recipient), "gw.example", NOW, "1")
    assert "for <räume@".encode() in received_field(Envelope("", recipient, smtputf8=True), "gw.example", NOW, "1")


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ({}, "ESMTP"),
        ({"tls": True}, "ESMTPS"),
        ({"esmtp": False}, "SMTP"),
        ({"smtputf8": True}, "UTF8SMTP"),
        ({"smtputf8": True, "tls": True}, "UTF8SMTPS"),
    ],
)
def test_the_protocol_is_named_as_registered(facts: dict[str, bool], name: str) -> None:
    assert protocol(Envelope("", ONE, **facts)) == name  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "count"),
    [
        (b"", 0),
        (b"Received: a\r\nX: y\r\nRECEIVED : b\r\n\r\nReceived: in the body\r\n", 2),
        (b"\r\nReceived: in the body\r\n", 0),
        (b"X-Received: a\r\n Received: folded\r\nReceived-SPF: x\r\n", 0),
    ],
)
def test_hops_are_counted_in_the_header_alone(content: bytes, count: int) -> None:
    assert hops(content) == count
