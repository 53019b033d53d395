"""Line ends and leading dots."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.message.lines import normalised, stuffed, unstuffed

CONTENT = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"\0", b"a", b"\xff"])).map(b"".join)


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        (b"a\r\nb\r\n", b"a\r\nb\r\n"),
        (b"a\nb\rc", b"a\r\nb\r\nc"),
        (b"a\n\r", b"a\r\n\r\n"),
        (b"\r\r\n", b"\r\n\r\n"),
        (b"a\r\0\nb", b"a\r\nb"),
        (b"\r\n\0.\r\n", b"\r\n.\r\n"),
    ],
)
def test_every_line_ends_in_crlf(given: bytes, clean: bytes) -> None:
    assert normalised(given) == clean


@given(CONTENT)
def test_what_is_clean_stays_as_it_is(content: bytes) -> None:
    clean = normalised(content)
    assert normalised(clean) == clean
    assert clean.replace(b"\r\n", b"").translate(None, b"\r\n\0") == clean.replace(b"\r\n", b"")


@given(CONTENT)
def test_stuffing_hides_every_final_dot_and_is_undone(content: bytes) -> None:
    clean = normalised(content)
    wire = stuffed(clean)
    assert b"\r\n.\r\n" not in b"\r\n" + wire
    assert unstuffed(wire) == (clean if clean.endswith(b"\r\n") or not clean else clean + b"\r\n")


@given(CONTENT)
def test_a_lax_server_finds_no_end_either(content: bytes) -> None:
    assert b"\n.\n" not in b"\n" + stuffed(content).replace(b"\r\n", b"\n")
