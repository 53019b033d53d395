"""Tokens of a digest's links: found in any subject, good for one mailbox, and for nothing once they are changed."""

from datetime import UTC, datetime

import pytest

from gateway.core.decide.tokens import Signer, Token, token_in
from gateway.core.news import Action

KEY, MESSAGE, UNTIL = bytes(range(32)), "5f" * 32, datetime(2026, 12, 8, 6, 30, tzinfo=UTC)
SIGNER = Signer(KEY)
LINK = SIGNER.link("ana", Action.WAIVE, MESSAGE, UNTIL, "digest:ana:1")


def read(token: str, mailbox: str = "ana") -> Token | None:
    return SIGNER.read(token, mailbox)


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("message", [MESSAGE, ""])
def test_a_token_says_what_was_signed(action: Action, message: str) -> None:
    token = read(SIGNER.link("ana", action, message, UNTIL, "p").token)
    assert token is not None
    assert (token.action, token.message, token.until) == (action, message, UNTIL)


def test_a_token_is_good_for_its_mailbox_and_its_practice_alone() -> None:
    assert read(LINK.token, "ben") is None
    assert Signer(bytes(32)).read(LINK.token, "ana") is None


def test_the_same_place_draws_the_same_token_and_another_place_another() -> None:
    again, other = (SIGNER.link("ana", Action.WAIVE, MESSAGE, UNTIL, f"digest:ana:{one}") for one in "12")
    assert again == LINK
    first, second = read(again.token), read(other.token)
    assert first is not None
    assert second is not None
    assert first.id != second.id


def test_a_token_shows_no_key_and_a_signer_does_not_print_it() -> None:
    assert KEY.hex() not in repr(SIGNER)
    assert str(KEY) not in repr(SIGNER)


@pytest.mark.parametrize(
    "subject",
    [
        "Waive {}",
        "Re: Waive {}",
        "Fwd: AW: WG: Waive {} [EXTERN]",
        "{}",
        "=?{}",
        "Presence note {} until 2027-01-04",
    ],
)
def test_it_is_found_whatever_a_mail_program_puts_round_it(subject: str) -> None:
    assert token_in(subject.format(LINK.token)) == LINK.token


@pytest.mark.parametrize("blank", [" ", "\t", "\r\n ", "\N{NO-BREAK SPACE}"])
def test_it_is_found_where_it_was_folded(blank: str) -> None:
    assert token_in(f"Waive {LINK.token[:40]}{blank}{LINK.token[40:75]}{blank}{LINK.token[75:]}") == LINK.token


@pytest.mark.parametrize("kept", [99, 80, 50])
def test_of_one_that_was_cut_the_remains_are_told_from_a_subject_without_any(kept: int) -> None:
    assert token_in(f"Waive {LINK.token[:kept]}") == ""
    assert read("") is None


@pytest.mark.parametrize(
    "subject", ["", "Away for a week", "until 2027-01-04", "Rechtsschutzversicherungsgesellschaften"]
)
def test_what_a_person_writes_holds_none(subject: str) -> None:
    assert token_in(subject) is None


def test_a_message_is_named_by_64_digits_and_a_key_has_32_octets() -> None:
    with pytest.raises(ValueError, match="64 hex digits"):
        SIGNER.link("ana", Action.MUTE, "5f", UNTIL, "p")
    with pytest.raises(ValueError, match="32 octets"):
        Signer(b"short")
