"""Addresses, replies, reasons and routes: small values that everything else is made of."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core import addresses
from gateway.core.reasons import SENTENCES, because
from gateway.core.replies import NO_DOWNSTREAM, UNKNOWN, accepted, parse, permanent, transient
from gateway.core.routing import Route, route_for, serves_domain

ROUTES = (
    Route("ana@hopestreet.example", "ana", "mornings-billed"),
    Route("ana+*@hopestreet.example", "ana", "open-door"),
    Route("*@hopestreet.example", "office", "new-enquiries"),
)


@pytest.mark.parametrize(
    ("recipient", "mailbox"),
    [
        ("ana@hopestreet.example", "ana"),
        ("Ana@HopeStreet.EXAMPLE", "ana"),
        ("ana+billing@hopestreet.example", "ana"),
        ("hello@hopestreet.example", "office"),
        ("ana@elsewhere.example", None),
        ("hopestreet.example", None),
    ],
)
def test_the_first_route_that_covers_a_recipient_wins(recipient: str, mailbox: str | None) -> None:
    route = route_for(recipient, ROUTES)
    assert (route.mailbox if route else None) == mailbox


def test_a_domain_of_ours_is_told_from_another() -> None:
    assert serves_domain("nobody@hopestreet.example", ROUTES[:1])
    assert not serves_domain("nobody@elsewhere.example", ROUTES)


def test_a_pattern_needs_its_head_and_its_tail_not_overlapping() -> None:
    assert not addresses.matches("ana@*ana@x.example", "ana@x.example")


def test_the_null_reverse_path_is_nobody() -> None:
    assert not addresses.same("", "")


@given(st.emails())
def test_an_address_is_the_same_in_any_case(address: str) -> None:
    assert addresses.same(address, address.swapcase()) or not address.isascii()


def test_a_reply_prints_as_it_goes_over_the_wire() -> None:
    assert str(transient(451, "4.1", "Try later")) == "451 4.4.1 Try later"
    assert str(accepted("Ok")) == "250 2.0.0 Ok"
    assert str(parse(550, ("5.1.1 No such user", "5.1.1 here"))) == "550-5.1.1 No such user\r\n550 5.1.1 here"


def test_code_and_enhanced_code_cannot_contradict_each_other() -> None:
    with pytest.raises(ValueError, match="no transient code"):
        transient(550, "1.1", "x")
    with pytest.raises(ValueError, match="no permanent code"):
        permanent(451, "1.1", "x")
    assert parse(451, ("5.1.1 odd",)).enhanced == ""


def test_what_we_do_not_know_is_never_permanent() -> None:
    assert UNKNOWN.transient
    assert NO_DOWNSTREAM.transient


@given(st.integers(200, 599), st.lists(st.text(string.printable.replace("\r", "").replace("\n", "")), max_size=4))
def test_a_downstreams_reply_keeps_its_code_whatever_its_text(code: int, lines: list[str]) -> None:
    assert parse(code, tuple(lines)).code == code


def test_every_reason_has_a_sentence_that_its_parameters_fill() -> None:
    names = {
        code: {name for _, name, _, _ in string.Formatter().parse(text) if name} for code, text in SENTENCES.items()
    }
    for code, params in names.items():
        assert str(because(code, **dict.fromkeys(params, "x")))
    with pytest.raises(KeyError):
        because("no-such-code")
