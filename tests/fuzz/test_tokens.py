"""Whatever comes in a token's place: nothing but what was signed is read, and nothing raises."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.decide.command import order_in
from gateway.core.decide.tokens import Signer, token_in
from gateway.core.message.facts import Envelope
from gateway.core.message.read import read
from gateway.core.news import Action
from tests.unit.core.decide.cases import NOW, setting

CONTROL = "ana+handrail@hopestreet.example"
SIGNER = Signer(bytes(range(32)))
TOKEN = SIGNER.link("ana", Action.WAIVE, "5f" * 32, datetime(2026, 12, 8, tzinfo=UTC), "p").token


@given(st.integers(0, len(TOKEN) * 8 - 1))
def test_any_bit_that_is_flipped_is_refused(bit: int) -> None:
    octets = bytearray(TOKEN.encode("ascii"))
    octets[bit // 8] ^= 1 << bit % 8
    changed = octets.decode("latin-1")
    assert SIGNER.read(changed, "ana") is None
    assert token_in(f"Waive {changed}") != TOKEN


@given(st.text())
def test_any_text_is_read_as_nothing(text: str) -> None:
    assert SIGNER.read(text, "ana") is None
    token_in(text)


@given(st.text(), st.binary(min_size=16, max_size=16))
def test_one_with_another_signature_is_refused(mailbox: str, key: bytes) -> None:
    other = Signer(key * 2).link(mailbox, Action.MUTE, "5f" * 32, datetime(2026, 12, 8, tzinfo=UTC), "p")
    assert SIGNER.read(other.token, mailbox) is None


@given(st.binary(max_size=400), st.binary(max_size=100))
def test_any_octets_of_a_subject_and_a_body_are_taken(subject: bytes, body: bytes) -> None:
    head = f"From: ana@hopestreet.example\r\nTo: {CONTROL}\r\nSubject: ".encode()
    facts = read(head + subject + b"\r\n\r\n" + body, Envelope("ana@hopestreet.example", (CONTROL,)))
    order_in(facts, setting({}, None, control=CONTROL, signer=SIGNER), NOW)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60), st.text(max_size=60))
def test_a_token_is_found_among_any_words(before: str, after: str) -> None:
    # Words that hold a token themselves are another matter.
    if token_in(before) is None:
        assert token_in(f"{before} {TOKEN} {after}") == TOKEN
