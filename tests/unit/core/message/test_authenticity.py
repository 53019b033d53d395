"""Whose Authentication-Results are believed, and what they prove."""

from __future__ import annotations

from time import process_time

import pytest

from gateway.core.message.authenticity import verify
from gateway.core.message.facts import Envelope
from gateway.core.message.read import read

ENVELOPE = Envelope("client@client.example", ("ana@hopestreet.example",))
OURS = "mx.hopestreet.example"


def verified(*fields: str, author: str = "client@client.example", authserv: str = OURS) -> bool:
    head = "".join(f"{field}\r\n" for field in fields)
    return verify(read(f"{head}From: {author}\r\n\r\nhi".encode(), ENVELOPE), authserv)[0]


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ("dmarc=pass (p=none; sp=none) header.from=client.example", True),
        ("dmarc=pass header.from=other.example", False),
        ("dmarc=fail header.from=client.example; dkim=pass header.d=client.example", False),
        ("dkim=pass header.d=client.example header.s=s1", True),
        ('dkim/1 = pass reason="good; really" header.d=client.example', True),
        ("dkim=fail header.d=client.example", False),
        ("dkim=pass header.d=shop.example; dkim=pass header.d=client.example", True),
        ("dkim=pass header.d=sub.client.example", False),
        ("dkim=pass header.d=example", False),
        ("spf=pass smtp.mailfrom=bounce@client.example", True),
        ("spf=pass smtp.mailfrom=client.example", True),
        ("spf=pass smtp.mailfrom=other.example", False),
        ("none", False),
        ("((((", False),
    ],
)
def test_what_proves_an_author(results: str, expected: bool) -> None:
    assert verified(f"Authentication-Results: {OURS}; {results}") is expected


def test_a_signature_of_the_parent_domain_proves_its_children() -> None:
    assert verified(
        f"Authentication-Results: {OURS}; dkim=pass header.d=client.example", author="a@mail.client.example"
    )


def test_only_the_configured_server_is_believed() -> None:
    field = "Authentication-Results: mx.evil.example; dmarc=pass header.from=client.example"
    assert not verified(field)
    assert not verified(field.replace("mx.evil.example", OURS), authserv="")


def test_a_verdict_may_stand_in_a_later_field_of_the_same_server() -> None:
    other = f"Authentication-Results: {OURS}; iprev=pass"
    assert verified(other, other, f"Authentication-Results: {OURS} 1; dmarc=pass header.from=client.example")


def test_what_the_sender_wrote_below_is_not_believed() -> None:
    forged = f"Authentication-Results: {OURS}; dmarc=pass header.from=client.example"
    ours = f"Authentication-Results: {OURS}; spf=none"
    assert not verified(ours, "Received: from evil.example", forged)
    assert not verified(f"Authentication-Results: {OURS}; dmarc=fail", forged)


def test_two_authors_are_never_verified() -> None:
    field = f"Authentication-Results: {OURS}; dmarc=pass header.from=client.example"
    assert not verified(field, author="client@client.example, other@client.example")


def test_microsofts_field_without_a_server_is_read_without_harm() -> None:
    assert not verified("Authentication-Results: spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=client.example; ;")


def test_a_quote_that_is_never_closed_costs_no_minutes() -> None:
    begun = process_time()
    assert not verified(f'Authentication-Results: {OURS}; x="' + '\\"' * 20_000)
    assert process_time() - begun < 5
