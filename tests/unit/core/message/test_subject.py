"""A prefix before the subject: shown by every program, and nothing else of the message is another."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.message.headers import parse
from gateway.core.message.subject import with_prefix

BODY = b"\r\n\r\nSubject: in the body\r\n subject: folded\r\n"
REST = b"From: Carla <carla@client.example>\r\nTo: ana@hopestreet.example"


def message(*subjects: bytes) -> bytes:
    return b"".join(b"\r\n" + one for one in (REST, *subjects, b"X-Last: yes"))[2:] + BODY


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Subject: Next week", b"Subject: [urgent] Next week"),
        (b"subject:Next week", b"subject: [urgent] Next week"),
        (b"SUBJECT : Next week", b"SUBJECT : [urgent] Next week"),
        (b"Subject:\tNext week", b"Subject: [urgent]\tNext week"),
        (b"Subject: Next\r\n week,\r\n\tperhaps", b"Subject: [urgent] Next\r\n week,\r\n\tperhaps"),
        (b"Subject:\r\n Next week", b"Subject: [urgent]\r\n Next week"),
        (b"Subject: =?utf-8?Q?F=C3=BCr_dich?=", b"Subject: [urgent] =?utf-8?Q?F=C3=BCr_dich?="),
        (b"Subject: F\xc3\xbcr dich", b"Subject: [urgent] F\xc3\xbcr dich"),
        (b"Subject: F\xfcr dich", b"Subject: [urgent] F\xfcr dich"),
        (b"Subject:", b"Subject: [urgent]"),
        (b"Subject:  ", b"Subject: [urgent]"),
        (b"Subject: [urgent] Next week", b"Subject: [urgent] Next week"),
        (b"Subject: " + b"x" * 70, b"Subject: [urgent]\r\n " + b"x" * 70),
        (b"Subject: " + b"x " * 490, b"Subject: [urgent]\r\n " + b"x " * 490),
        (b"Subject: one\r\nSubject: two", b"Subject: [urgent] one\r\nSubject: [urgent] two"),
        (b"X-Subject: no\r\nSubject: yes", b"X-Subject: no\r\nSubject: [urgent] yes"),
    ],
)
def test_the_prefix_stands_before_what_the_writer_put_there(before: bytes, after: bytes) -> None:
    assert with_prefix(message(before), "[urgent]") == message(after)


def test_a_message_without_a_subject_gets_the_prefix_for_one() -> None:
    assert with_prefix(message(), "[urgent]") == b"Subject: [urgent]\r\n" + message()
    assert with_prefix(b"\r\nHello.\r\n", "[urgent]") == b"Subject: [urgent]\r\n\r\nHello.\r\n"


@pytest.mark.parametrize("prefix", ["", "  "])
def test_without_a_prefix_nothing_is_another(prefix: str) -> None:
    assert with_prefix(message(b"Subject: Next week"), prefix) == message(b"Subject: Next week")


@pytest.mark.parametrize("content", [b"", b"no header at all\r\n\r\nbut a text", b"\xff\xfe", b":\r\n"])
def test_what_has_no_header_is_left_alone(content: bytes) -> None:
    assert with_prefix(content, "[urgent]") in (content, b"Subject: [urgent]\r\n" + content)


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        (b"Subject: Hallo", "‼ dringend Hallo"),
        (b"Subject: =?utf-8?Q?F=C3=BCr_dich?=", "‼ dringend Für dich"),
        (b"Subject:\r\n =?iso-8859-1?Q?F=FCr_dich?=\r\n =?utf-8?Q?_und_alle?=", "‼ dringend Für dich und alle"),
    ],
)
def test_a_prefix_beyond_ascii_is_shown_with_a_blank_behind_it(subject: bytes, shown: str) -> None:
    changed = with_prefix(message(subject), "‼ dringend")
    assert changed.isascii()
    assert message_from_bytes(changed, policy=default)["Subject"] == shown
    assert with_prefix(changed, "‼ dringend") == changed


def test_lines_that_end_otherwise_stay_as_they_are() -> None:
    before = b"From: a@client.example\nSubject: " + b"x" * 75 + b"\n\nText\n"
    assert with_prefix(before, "[urgent]") == before.replace(b"Subject: ", b"Subject: [urgent]\n ")


@given(
    st.lists(
        st.sampled_from([b"Subject: Hi", b"subject:", b"Subject:\r\n =?utf-8?Q?a?=", b"To: b@c.example", b" fold"])
    ),
    st.binary(max_size=80),
    st.sampled_from(["[urgent]", "‼", "!"]),
)
def test_every_other_byte_stays(lines: list[bytes], body: bytes, prefix: str) -> None:
    content = b"\r\n".join([b"From: a@client.example", *lines, b"", body])
    changed = with_prefix(content, prefix)
    (before, at), (after, there) = parse(content), parse(changed)
    assert changed[there:] == content[at:]
    others = [field for field in before.fields if field[0] != "subject"]
    assert [field for field in after.fields if field[0] != "subject"] == others
    assert after.raw("subject")
    for was, now in zip(before.raw("subject"), after.raw("subject"), strict=False):
        assert now.endswith(was)
    assert with_prefix(changed, prefix) == changed


@given(st.binary(max_size=400))
def test_any_bytes_are_taken(content: bytes) -> None:
    changed = with_prefix(content, "[urgent]")
    assert len(changed) >= len(content)
