"""The arguments of MAIL and RCPT."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.replies import Reply
from gateway.intake.commands import Mail, mail, rcpt


@pytest.mark.parametrize(
    ("argument", "read"),
    [
        ("FROM:<>", Mail("")),
        ("from: <kim@client.example>", Mail("kim@client.example")),
        ('FROM:<"a b>"@client.example>', Mail('"a b>"@client.example')),
        ("FROM:<@relay.example,@x.example:kim@client.example>", Mail("kim@client.example")),
        ("FROM:<a@[IPv6:::1]>", Mail("a@[IPv6:::1]")),
        ("FROM:<a@b.example> SIZE=12 BODY=8bitmime", Mail("a@b.example", 12, True)),
        ("FROM:<a@b.example> smtputf8", Mail("a@b.example", smtputf8=True)),
    ],
)
def test_mail_is_read(argument: str, read: Mail) -> None:
    assert mail(argument, extended=True) == read


@pytest.mark.parametrize(
    ("argument", "code"),
    [
        ("FROM:kim@client.example", "501"),
        ("FROM:<kim@client.example", "501"),
        ("FROM:<kim@client.example>x", "501"),
        ("TO:<kim@client.example>", "501"),
        ("FROM:<@>", "501"),
        ("FROM:<a@b@c>", "501"),
        ("FROM:<a b@c>", "501"),
        ("FROM:<" + "a" * 250 + "@b.example>", "501"),
        ("FROM:<a@b.example> SIZE=", "501"),
        ("FROM:<a@b.example> SIZE=-1", "501"),
        ("FROM:<a@b.example> SIZE=" + "9" * 30, "501"),
        ("FROM:<a@b.example> SIZE=1 SIZE=2", "501"),
        ("FROM:<a@b.example> BODY=BINARYMIME", "501"),
        ("FROM:<a@b.example> SMTPUTF8=yes", "501"),
        ("FROM:<a@b.example> AUTH=<>", "555"),
        ("FROM:<a@b.example> RET=HDRS", "555"),
    ],
)
def test_mail_is_refused(argument: str, code: str) -> None:
    reply = mail(argument, extended=True)
    assert isinstance(reply, Reply)
    assert str(reply).startswith(code)


@given(st.text(st.characters(codec=None, categories=None), max_size=30))
def test_whatever_is_read_can_be_written_into_a_command(text: str) -> None:
    for found in (rcpt(f"TO:<{text}>", smtputf8=True), rcpt(f"TO:<{text}@x.example>", smtputf8=True)):
        if isinstance(found, str):
            assert found.isprintable()
            assert not set(found) & set("\r\n\0")
