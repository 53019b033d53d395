"""The way to a downstream is encrypted and signed in to, or nothing is sent."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import trustme

from gateway.core.message.facts import Envelope
from gateway.transport import Timeouts, transport_for
from gateway.transport.smtp import NO_LOGIN, NO_TLS
from tests.servers.intake import Arrived, contexts, running_intake
from tests.servers.scripted import GREET, TAKE, Scripted, scripted

ENVELOPE = Envelope("kim@client.example", ("ana@hopestreet.example",))
QUICK = Timeouts(connect=2, command=2, data=2, block=2, final=0.2, quit=0.2)


async def test_starttls_with_an_authority_of_our_own(tmp_path: Path) -> None:
    authority = trustme.CA()
    trust = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(trust))
    arrived = Arrived()
    async with running_intake(arrived, tls=True, authority=authority) as running:
        url = f"smtp+starttls://localhost:{running.port}"
        async with transport_for(url, helo="gw.example", trust=trust) as transport:
            assert (await transport.relay(ENVELOPE, b"x\r\n")).accepted
        async with transport_for(url, helo="gw.example") as transport:
            assert await transport.relay(ENVELOPE, b"x\r\n") == NO_TLS
    assert [envelope.tls for _, envelope, _ in arrived.messages] == [True]


async def test_implicit_tls(tmp_path: Path) -> None:
    authority = trustme.CA()
    trust = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(trust))
    server, _ = contexts(authority)
    peer = Scripted([(*GREET, *TAKE, "QUIT")])
    async with await asyncio.start_server(peer.play, "localhost", 0, ssl=server) as listening:
        port = listening.sockets[0].getsockname()[1]
        async with transport_for(f"smtps://localhost:{port}", helo="gw.example", trust=trust) as transport:
            assert (await transport.relay(ENVELOPE, b"x\r\n")).accepted
        async with asyncio.timeout(5):
            await peer.ended.wait()


async def test_starttls_that_is_not_offered_is_no_reason_to_send_in_the_clear() -> None:
    async with scripted(GREET) as peer:
        url = f"smtp+starttls://127.0.0.1:{peer.port}"
        async with transport_for(url, helo="gw.example", timeouts=QUICK) as transport:
            assert await transport.relay(ENVELOPE, b"x\r\n") == NO_TLS


async def test_a_reply_smuggled_in_before_tls_is_noticed() -> None:
    offer = (
        b"220 d\r\n",
        "EHLO",
        b"250-d\r\n250 STARTTLS\r\n",
        "STARTTLS",
        b"220 go\r\n250-evil\r\n250 AUTH PLAIN\r\n",
    )
    async with scripted(offer) as peer:
        url = f"smtp+starttls://127.0.0.1:{peer.port}"
        async with transport_for(url, helo="gw.example", timeouts=QUICK) as transport:
            assert await transport.relay(ENVELOPE, b"x\r\n") == NO_TLS


@pytest.mark.parametrize(
    ("offered", "talk"),
    [
        (b"AUTH PLAIN LOGIN", ("AUTH PLAIN AGFuYUBoAHM=", b"235 2.7.0 ok\r\n")),
        (b"AUTH LOGIN", ("AUTH LOGIN", b"334 VXNlcg==\r\n", "YW5hQGg=", b"334 UGFzcw==\r\n", "cw==", b"235 ok\r\n")),
    ],
)
async def test_it_signs_in_where_the_url_names_a_user(offered: bytes, talk: tuple[object, ...]) -> None:
    async with scripted((*GREET[:2], b"250-d\r\n250-" + offered + b"\r\n250 PIPELINING\r\n", *talk, *TAKE)) as peer:
        url = f"smtp://ana%40h@127.0.0.1:{peer.port}"
        async with transport_for(url, helo="gw.example", password="s", timeouts=QUICK) as transport:
            assert (await transport.relay(ENVELOPE, b"x\r\n")).accepted


async def test_a_refused_sign_in_never_loses_a_clients_mail() -> None:
    async with scripted((*GREET[:2], b"250-d\r\n250 AUTH PLAIN\r\n", "AUTH", b"535 5.7.8 no\r\n")) as peer:
        url = f"smtp://ana@127.0.0.1:{peer.port}"
        async with transport_for(url, helo="gw.example", password="s", timeouts=QUICK) as transport:
            assert await transport.relay(ENVELOPE, b"x\r\n") == NO_LOGIN


def test_a_password_does_not_go_out_in_the_clear() -> None:
    with pytest.raises(ValueError, match="in the clear"):
        transport_for("smtp://ana@mail.example", helo="gw.example", password="s")
