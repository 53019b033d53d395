"""Sealed values open with a key of the ring, at the place where they were put, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.store.sealing import Sealer, SealError, UnknownKey

OLD, NEW = b"o" * 32, b"n" * 32


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_any_text_opens_as_it_was_sealed(text: str):
    sealer = Sealer([NEW])
    assert sealer.open(sealer.seal(text, "table", "column", "row"), "table", "column", "row") == text


def test_a_sealed_text_shows_nothing_and_never_looks_the_same_twice():
    sealer = Sealer([NEW])
    one, other = (sealer.seal("jonas@client.example", "t", "c", "r") for _ in range(2))
    assert one != other
    assert b"jonas" not in one


@pytest.mark.parametrize("place", [("t", "c", "2"), ("t", "d", "1"), ("u", "c", "1"), ("t", "c1", ""), ("t", "c")])
def test_a_sealed_text_opens_only_at_its_place(place: tuple[str, ...]):
    sealer = Sealer([NEW])
    with pytest.raises(SealError, match="changed or moved"):
        sealer.open(sealer.seal("text", "t", "c", "1"), *place)


def test_a_sealed_text_with_any_octet_changed_does_not_open():
    sealer = Sealer([NEW])
    sealed = sealer.seal("text", "t", "c", "1")
    for at in range(len(sealed)):
        spoilt = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(SealError):
            sealer.open(spoilt, "t", "c", "1")
    for length in range(len(sealed)):
        with pytest.raises(SealError):
            sealer.open(sealed[:length], "t", "c", "1")


def test_every_key_of_the_ring_opens_and_the_first_seals():
    sealed = Sealer([OLD]).seal("text", "t", "c", "1")
    both = Sealer([NEW, OLD])
    assert both.open(sealed, "t", "c", "1") == "text"
    with pytest.raises(UnknownKey):
        Sealer([NEW]).open(sealed, "t", "c", "1")
    with pytest.raises(UnknownKey):
        Sealer([OLD]).open(both.seal("text", "t", "c", "1"), "t", "c", "1")


def test_blind_values_stay_when_a_newer_key_is_put_before_the_old_one():
    assert Sealer([OLD]).blind("d", "text") == Sealer([NEW, OLD]).blind("d", "text")
    assert Sealer([OLD]).blind("d", "text") != Sealer([NEW]).blind("d", "text")


def test_blind_values_differ_between_domains():
    sealer = Sealer([OLD])
    assert len({sealer.blind("a", "bc"), sealer.blind("ab", "c"), sealer.blind("", "abc")}) == 3


@pytest.mark.parametrize("keys", [[], [b"short"], [NEW, b""]])
def test_a_ring_without_whole_keys_is_refused(keys: list[bytes]):
    with pytest.raises(ValueError, match="32 octets"):
        Sealer(keys)
