"""Handing our own mail to a smart host."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import trustme

from gateway.core.replies import NO_DOWNSTREAM, Reply, permanent, transient
from gateway.transport import smarthost_for
from gateway.transport.smarthost import BAD_ADDRESS, NEEDS_SMTPUTF8, NO_LOGIN, NO_TLS, TOO_FAST, Pace, Smarthost
from tests.servers.intake import Arrived, running_intake
from tests.servers.scripted import CONTENT, PLAIN_GREET, Scripted, scripted

ACK = b"Subject: ack\r\n\r\n.Hello\r\n"
TAKE = ("MAIL", b"250 ok\r\n", "RCPT", b"250 ok\r\n", "DATA", b"354 go\r\n", CONTENT, b"250 2.0.0 queued\r\n")


def host(peer: Scripted, user: str = "") -> Smarthost:
    found = smarthost_for(f"smtp://{user}127.0.0.1:{peer.port}", helo="gw.example", password="s")
    assert isinstance(found, Smarthost)
    return found


async def test_an_ack_goes_out_with_the_null_reverse_path_over_one_connection() -> None:
    async with (
        scripted((*PLAIN_GREET, "MAIL FROM:<>", *TAKE[1:], *TAKE, "QUIT", b"221 bye\r\n")) as peer,
        host(peer) as smarthost,
    ):
        assert await smarthost.submit("", "kim@client.example", ACK) == Reply(250, "2.0.0", ("queued",))
        assert (await smarthost.submit("bounces+1@hopestreet.example", "kim@client.example", ACK)).accepted
    assert next(line for line in peer.lines if line.startswith("MAIL")).startswith("MAIL FROM:<>")
    assert "RCPT TO:<kim@client.example>" in peer.lines
    assert peer.contents == [ACK.replace(b".Hello", b"..Hello")] * 2


async def test_a_real_server_gets_the_very_content(tmp_path: Path) -> None:
    authority = trustme.CA()
    trust = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(trust))
    arrived = Arrived()
    async with running_intake(arrived, tls=True, authority=authority) as running:
        url = f"smtp+starttls://localhost:{running.port}"
        async with smarthost_for(url, helo="gw.example", trust=trust) as smarthost:
            assert (await smarthost.submit("", "ana@hopestreet.example", ACK)).accepted
            assert (await smarthost.submit("", "x@elsewhere.example", ACK)).code == 550
            assert (await smarthost.submit("", "ana@hopestreet.example", ACK)).accepted
        async with smarthost_for(url, helo="gw.example") as distrustful:
            assert await distrustful.submit("", "ana@hopestreet.example", ACK) == NO_TLS
    assert [(envelope.reverse_path, envelope.tls, content) for _, envelope, content in arrived.messages] == [
        ("", True, ACK)
    ] * 2


@pytest.mark.parametrize(
    ("talk", "reply"),
    [
        (("MAIL", b"550 5.7.1 null sender\r\n"), permanent(550, "7.1", "null sender")),
        (
            ("MAIL", b"250 ok\r\n", "RCPT", b"450-4.2.1 later\r\n450 4.2.1 much\r\n"),
            Reply(450, "4.2.1", ("later", "much")),
        ),
        ((*TAKE[:-1], b"432 4.3.2 throttled\r\n"), transient(432, "3.2", "throttled")),
    ],
)
async def test_a_refusal_is_a_reply_and_the_connection_is_used_on(talk: tuple[object, ...], reply: Reply) -> None:
    async with (
        scripted((*PLAIN_GREET, *talk, "RSET", b"250 ok\r\n", *TAKE, "QUIT", b"221 bye\r\n")) as peer,
        host(peer) as smarthost,
    ):
        assert await smarthost.submit("", "kim@client.example", ACK) == reply
        assert (await smarthost.submit("", "kim@client.example", ACK)).accepted


async def test_a_stale_connection_is_opened_anew() -> None:
    async with (
        scripted((*PLAIN_GREET, *TAKE, "MAIL"), (*PLAIN_GREET, *TAKE, "QUIT", b"221 bye\r\n")) as peer,
        host(peer) as smarthost,
    ):
        assert (await smarthost.submit("", "kim@client.example", ACK)).accepted
        assert (await smarthost.submit("", "kim@client.example", ACK)).accepted


async def test_nothing_is_sent_again_once_content_was_out() -> None:
    async with scripted((*PLAIN_GREET, *TAKE, *TAKE[:-1]), (*PLAIN_GREET, *TAKE)) as peer, host(peer) as smarthost:
        assert (await smarthost.submit("", "kim@client.example", ACK)).accepted
        assert await smarthost.submit("", "kim@client.example", ACK) == NO_DOWNSTREAM
    assert peer.connections == 1


async def test_a_smart_host_that_is_down_is_451() -> None:
    async with scripted() as peer:
        pass
    async with host(peer) as smarthost:
        assert await smarthost.submit("", "kim@client.example", ACK) == NO_DOWNSTREAM


async def test_a_refused_sign_in_is_transient_and_says_what_to_look_at() -> None:
    greet = (*PLAIN_GREET[:2], b"250-x\r\n250 AUTH PLAIN\r\n", "AUTH PLAIN", b"535 5.7.8 no\r\n")
    async with scripted((*greet, "QUIT", b"221 bye\r\n")) as peer, host(peer, "gw@") as smarthost:
        assert await smarthost.submit("", "kim@client.example", ACK) == NO_LOGIN


async def test_an_address_that_can_not_be_sent_is_refused_before_anything_is_said() -> None:
    async with scripted((*PLAIN_GREET, "QUIT", b"221 bye\r\n")) as peer, host(peer) as smarthost:
        assert await smarthost.submit("", "a@b>\r\nDATA", ACK) == BAD_ADDRESS
        assert await smarthost.submit("", "", ACK) == BAD_ADDRESS
        assert await smarthost.submit("", "jürgen@client.example", ACK) == NEEDS_SMTPUTF8


async def test_the_pace_holds_back_what_would_be_too_fast() -> None:
    pace = Pace(2, patience=5.0, span=0.3)
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert [await pace.turn() for _ in range(5)] == [True] * 5
    assert loop.time() - began >= 0.6


async def test_who_would_wait_too_long_is_told_so() -> None:
    async with scripted((*PLAIN_GREET, *TAKE, "QUIT", b"221 bye\r\n")) as peer:
        url = f"smtp://127.0.0.1:{peer.port}"
        async with smarthost_for(url, helo="gw.example", per_minute=1) as smarthost:
            assert (await smarthost.submit("", "kim@client.example", ACK)).accepted
            assert await smarthost.submit("", "kim@client.example", ACK) == TOO_FAST
