"""Whose Authentication-Results are believed, and what they prove."""

from __future__ import annotations

import json
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.message.authenticity import TOPMOST, verify
from gateway.core.message.facts import Envelope
from gateway.core.message.read import read
from gateway.core.reasons import because

ENVELOPE = Envelope("client@client.example", ("ana@hopestreet.example",))
OURS = "mx.hopestreet.example"
#: Not proven, or proven not to be.
_UNPROVEN = (because("unverified-author"), because("forged-author", how="DMARC"))
CORPUS = Path(__file__).parents[3] / "corpus" / "authenticity"


def verified(*fields: str, author: str = "client@client.example", authserv: str = OURS) -> bool:
    head = "".join(f"{field}\r\n" for field in fields)
    return verify(read(f"{head}From: {author}\r\n\r\nhi".encode(), ENVELOPE), authserv)[0]


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ("dmarc=pass (p=none; sp=none) header.from=client.example", True),
        ("dmarc=pass header.from=other.example", False),
        ("dmarc=fail header.from=client.example; dkim=pass header.d=client.example", False),
        ("dmarc=fail header.from=other.example; dkim=pass header.d=client.example", False),
        ("dmarc=none header.from=client.example; dkim=pass header.d=client.example", True),
        ("dmarc=none header.from=client.example; dkim=pass header.d=shop.example", False),
        ("dmarc=pass header.from=client.example; dmarc=none header.from=client.example", False),
        ("dkim=pass header.d=client.example header.s=s1", True),
        ('dkim/1 = pass reason="good; really" header.d=client.example', True),
        ("dkim=pass (good)header.i=kim@client.example", True),
        ("dkim=fail header.d=client.example", False),
        ("dkim=pass header.d=shop.example; dkim=pass header.d=client.example", True),
        ("dkim=pass header.d=sub.client.example", False),
        ("dkim=pass header.d=example", False),
        ("spf=pass smtp.mailfrom=bounce@client.example", True),
        ("spf=pass smtp.mailfrom=client.example", True),
        ("spf=Pass smtp.mailfrom=<kim@client.example>; spf=None smtp.helo=mail.client.example", True),
        ("spf=pass smtp.helo=client.example", False),
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
    field = "Authentication-Results: spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=client.example; ;"
    assert not verified(field)
    assert verified(field, authserv=TOPMOST)


def test_what_one_field_leaves_out_is_not_taken_from_another_below_its_verdict() -> None:
    ours = f"Authentication-Results: {OURS}; dkim=none; spf=pass smtp.mailfrom=evil.example"
    theirs = f"Authentication-Results: {OURS}; dmarc=pass header.from=client.example"
    for authserv in (OURS, TOPMOST):
        assert not verified(ours, theirs, authserv=authserv)


def test_the_topmost_server_is_the_one_that_is_believed() -> None:
    ours = "Authentication-Results: mx.provider.example; x-ptr=pass"
    of_its_neighbour = "Authentication-Results: dmarc.provider.example; dmarc=pass header.from=client.example"
    of_somebody = "Authentication-Results: mx.evil.example; dmarc=pass header.from=client.example"
    of_nobody = "Authentication-Results: dmarc=pass header.from=client.example"
    assert verified(ours, of_its_neighbour, authserv=TOPMOST)
    assert not verified(ours, of_somebody, authserv=TOPMOST)
    assert not verified(ours, of_nobody, authserv=TOPMOST)
    assert not verified("Authentication-Results: x=y", of_somebody, authserv=TOPMOST)


@pytest.mark.parametrize(
    ("name", "authserv", "how"),
    [
        (path.stem, authserv, how)
        for path in sorted(CORPUS.glob("*.json"))
        for authserv, how in json.loads(path.read_text()).items()
    ],
)
def test_what_providers_write_proves_an_author_or_does_not(name: str, authserv: str, how: str) -> None:
    content = (CORPUS / f"{name}.eml").read_bytes().replace(b"\n", b"\r\n")
    proven, reason = verify(read(content, ENVELOPE), authserv)
    assert proven is bool(how)
    assert reason in ((because("verified-author", how=how),) if how else _UNPROVEN)


def test_a_verdict_of_forgery_is_told_from_one_of_nothing_known() -> None:
    def why(result: str) -> str:
        field = f"Authentication-Results: {OURS}; dmarc={result} header.from=client.example"
        return verify(read(f"{field}\r\nFrom: client@client.example\r\n\r\nhi".encode(), ENVELOPE), OURS)[1].code

    assert (why("fail"), why("none"), why("temperror")) == ("forged-author", "unverified-author", "unverified-author")


def test_every_message_of_the_corpus_has_its_verdicts() -> None:
    assert {path.stem for path in CORPUS.glob("*.eml")} == {path.stem for path in CORPUS.glob("*.json")}


_WORDS = (OURS, "dmarc=pass", "dkim=fail", "spf=pass", "header.from=client.example", "smtp.mailfrom=", "\r\n ")
_PIECES = st.sampled_from([*_WORDS, *';()"\\=<>@ 1é\x00'])


@given(st.lists(st.lists(_PIECES | st.text(max_size=5), max_size=20).map("".join), max_size=6))
def test_no_field_breaks_us_and_none_that_fails_proves(fields: list[str]) -> None:
    lines = [f"Authentication-Results: {' '.join(field.split())}" for field in fields]
    for authserv in (OURS, TOPMOST, "("):
        assert not verified(f"Authentication-Results: {authserv}; dmarc=fail", *lines, authserv=authserv)
        verified(*lines, authserv=authserv)


def test_a_quote_that_is_never_closed_costs_no_minutes() -> None:
    begun = process_time()
    assert not verified(f'Authentication-Results: {OURS}; x="' + '\\"' * 20_000)
    assert process_time() - begun < 5


@pytest.mark.parametrize(
    ("results", "how"),
    [
        ("dmarc=fail header.from=client.example; spf=pass smtp.mailfrom=client.example", "DMARC"),
        ("dmarc=fail (p=none dis=none) header.from=client.example", "DMARC"),
        ("spf=fail smtp.mailfrom=kim@client.example", "SPF"),
        ("spf=fail smtp.mailfrom=kim@client.example; dmarc=none header.from=client.example", "SPF"),
        ("spf=fail smtp.mailfrom=kim@client.example; dkim=fail header.d=client.example", "SPF"),
        ("spf=fail smtp.mailfrom=kim@client.example; dkim=pass header.d=client.example", ""),
        ("spf=fail smtp.mailfrom=kim@client.example; dmarc=pass header.from=client.example", ""),
        ("spf=fail smtp.mailfrom=bounce@list.example", ""),
        ("spf=softfail smtp.mailfrom=kim@client.example", ""),
        ("spf=temperror smtp.mailfrom=kim@client.example; dmarc=temperror header.from=client.example", ""),
        ("dkim=fail header.d=client.example", ""),
        ("none", ""),
    ],
)
def test_what_refutes_an_author(results: str, how: str) -> None:
    content = f"Authentication-Results: {OURS}; {results}\r\nFrom: kim@client.example\r\n\r\nhi".encode()
    _, reason = verify(read(content, ENVELOPE), OURS)
    assert (reason == because("forged-author", how=how)) if how else (reason.code != "forged-author")
    assert verify(read(content, ENVELOPE), "mx.elsewhere.example")[1] == because("unverified-author")
