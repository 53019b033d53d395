"""A look at downstream and smart host before mail depends on them: real servers, and what can be in the way."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trustme

from gateway.ports import Unavailable
from gateway.transport import Timeouts, smarthost_for, transport_for
from tests.servers.dovecot import dovecot
from tests.servers.intake import Arrived, running_intake
from tests.servers.places import free_port, server_folder
from tests.servers.postfix import postfix
from tests.servers.scripted import PLAIN_GREET, scripted

HELO = "gw.example"

Look = Callable[..., Awaitable[str]]


async def downstream(url: str, password: str = "", trust: Path | None = None) -> str:
    async with transport_for(url, helo=HELO, password=password, trust=trust) as transport:
        return await transport.probe()


async def smarthost(url: str, password: str = "", trust: Path | None = None) -> str:
    async with smarthost_for(url, helo=HELO, password=password, trust=trust) as submission:
        return await submission.probe()


both = pytest.mark.parametrize("look", [downstream, smarthost])

# -- what is well


async def test_dovecot_answers_as_lmtp() -> None:
    with dovecot({"ana": "secret"}) as server:
        said = await downstream(f"lmtp://127.0.0.1:{server.lmtp_port}")
    assert said == "answers as LMTP, no TLS, PIPELINING, 8BITMIME"


async def test_postfix_answers_in_the_clear_and_over_tls() -> None:
    with server_folder("certificate") as folder:
        authority = certify(folder)
        tls = {
            "smtpd_tls_security_level": "may",
            "smtpd_tls_cert_file": f"{folder}/cert.pem",
            "smtpd_tls_key_file": f"{folder}/key.pem",
            "message_size_limit": "25000000",
        }
        with postfix({}, tls) as server:
            offers = "PIPELINING, 8BITMIME, SMTPUTF8, up to 25 MB a message"
            secured = f"smtp+starttls://127.0.0.1:{server.smtp_port}"
            for look in (downstream, smarthost):
                plain = await look(f"smtp://127.0.0.1:{server.smtp_port}")
                assert plain == f"answers as SMTP, no TLS, {offers}"
                assert await look(secured, trust=authority) == f"answers as SMTP, TLS verified, {offers}"
                with pytest.raises(Unavailable, match=r"certificate that can't be trusted \(.+\); name its authority"):
                    await look(secured)
                with pytest.raises(Unavailable, match="does not begin with TLS; write smtp"):
                    await look(f"smtps://127.0.0.1:{server.smtp_port}", trust=authority)


async def test_the_smart_host_serves_on_after_a_look() -> None:
    arrived = Arrived()
    async with running_intake(arrived) as running:
        url = f"smtp://127.0.0.1:{running.port}"
        async with smarthost_for(url, helo=HELO) as submission:
            assert (await submission.submit("", "ana@hopestreet.example", b"Subject: a\r\n\r\n")).accepted
            assert (await submission.probe()).startswith("answers as SMTP, no TLS")
            assert (await submission.submit("", "ana@hopestreet.example", b"Subject: b\r\n\r\n")).accepted
    assert len(arrived.messages) == 2


# -- what is in the way


@both
async def test_a_port_where_nothing_listens_is_named(look: Look) -> None:
    port = free_port()
    with pytest.raises(Unavailable, match=f"^nothing listens on 127.0.0.1:{port}$"):
        await look(f"smtp://127.0.0.1:{port}")


async def test_a_socket_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=f"^there is no socket {tmp_path}/lmtp$"):
        await downstream(f"lmtp+unix://{tmp_path}/lmtp")


@both
async def test_a_host_that_can_be_no_name_is_named(look: Look) -> None:
    with pytest.raises(Unavailable, match=r"^a\.\.b is no name of a host$"):
        await look("smtp://a..b:25")


@both
async def test_a_refused_sign_in_says_so_without_the_servers_words(look: Look) -> None:
    greet = (b"220 down.example\r\n", "EHLO", b"250-down.example\r\n250 AUTH PLAIN\r\n")
    refusal = ("AUTH PLAIN", b"535 5.7.8 ana@hopestreet.example may not\r\n")
    async with scripted((*greet, *refusal)) as peer:
        with pytest.raises(Unavailable, match="sign-in") as refused:
            await look(f"smtp://ana@127.0.0.1:{peer.port}", "wrong")
    assert "hopestreet" not in str(refused.value)


@both
async def test_a_server_without_starttls_or_with_a_refusal_says_so(look: Look) -> None:
    async with scripted(PLAIN_GREET, (b"554 5.7.1 go away, ana@hopestreet.example\r\n",)) as peer:
        with pytest.raises(Unavailable, match="STARTTLS"):
            await look(f"smtp+starttls://127.0.0.1:{peer.port}")
        with pytest.raises(Unavailable, match="refus") as refused:
            await look(f"smtp://127.0.0.1:{peer.port}")
    assert "hopestreet" not in str(refused.value)


async def test_a_server_that_keeps_silent_is_not_waited_for_long() -> None:
    release = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await release.wait()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        brief = Timeouts(connect=0.1, command=0.1)
        async with transport_for(f"smtp://127.0.0.1:{port}", helo=HELO, timeouts=brief) as transport:
            with pytest.raises(Unavailable, match=f"^127.0.0.1:{port}"):
                await transport.probe()
        release.set()


@both
async def test_an_authority_that_is_none_is_named(look: Look, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(Unavailable, match=f"^{tmp_path}/ca.pem holds no certificate that could be trusted"):
        await look("smtps://127.0.0.1:1", trust=tmp_path / "ca.pem")


# -- Maildirs


@both
async def test_a_maildir_is_looked_at_and_not_made(look: Look, tmp_path: Path) -> None:
    url = f"maildir:{tmp_path}/mail/ana"
    assert await look(url) == "is no folder yet; the first delivery makes it"
    assert names(tmp_path) == []
    (tmp_path / "mail" / "ana").mkdir(parents=True)
    assert await look(url) == "is a Maildir that can be written to"
    assert names(tmp_path / "mail" / "ana") == []


async def test_a_maildir_that_can_not_be_made_or_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match=f"^{tmp_path}/file is a file"):
        await downstream(f"maildir:{tmp_path}/file/ana")
    # Permissions bind nobody who is root; the kernel's own folders bind even that one.
    closed = Path("/proc/sys") if os.getuid() == 0 else tmp_path / "closed"
    closed.mkdir(mode=0o500, exist_ok=True)
    with pytest.raises(Unavailable, match=f"^{re.escape(str(closed))} can't be written to"):
        await downstream(f"maildir:{closed}/ana")


def certify(folder: Path) -> Path:
    """A certificate for loopback; the PEM file of its authority."""
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    return folder / "authority.pem"


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())
