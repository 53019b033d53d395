"""Relaying to SMTP and LMTP downstreams: real ones for what works, scripted ones for faults."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.core.message.facts import Envelope
from gateway.core.message.lines import normalised
from gateway.core.replies import NO_DOWNSTREAM, Reply, permanent
from gateway.transport import Timeouts, transport_for
from gateway.transport.smtp import BAD_ADDRESS, NEEDS_SMTPUTF8
from tests.servers.dovecot import dovecot
from tests.servers.intake import Arrived, running_intake
from tests.servers.scripted import CONTENT, GREET, HANG, PLAIN_GREET, TAKE, Scripted, scripted
from tests.servers.sink import smtp_sink

ENVELOPE = Envelope("kim@client.example", ("ana@hopestreet.example",))
TWO = Envelope("kim@client.example", ("ana@hopestreet.example", "ana+x@hopestreet.example"))
CONTENT_SENT = b"Subject: x\r\n\r\n.dot\r\n..\r\n.\r\nlast\r\n"
QUICK = Timeouts(connect=2, command=2, data=2, block=2, final=0.2, quit=0.2)
RESET = ("RSET", b"250 ok\r\n")


def down(peer: Scripted, timeouts: Timeouts = QUICK):  # type: ignore[no-untyped-def]
    return transport_for(f"smtp://127.0.0.1:{peer.port}", helo="gw.example", timeouts=timeouts)


# -- what works


async def test_the_downstreams_reply_is_the_reply() -> None:
    async with scripted((*GREET, *TAKE, "QUIT")) as peer, down(peer) as transport:
        reply = await transport.relay(ENVELOPE, CONTENT_SENT)
    assert reply == Reply(250, "2.6.0", ("queued as 1",))
    assert peer.lines[1:4] == ["MAIL FROM:<kim@client.example>", "RCPT TO:<ana@hopestreet.example>", "DATA"]
    assert peer.contents == [b"Subject: x\r\n\r\n..dot\r\n...\r\n..\r\nlast\r\n"]


async def test_the_null_reverse_path_goes_out_as_such() -> None:
    async with scripted((*GREET, "MAIL FROM:<>", *TAKE[1:])) as peer, down(peer) as transport:
        assert (await transport.relay(Envelope("", ENVELOPE.recipients), b"x\r\n")).accepted


async def test_without_pipelining_each_command_waits_for_its_reply() -> None:
    talk = ("MAIL", b"250 ok\r\n", "RCPT", b"250 ok\r\n", "DATA", b"354 go\r\n", CONTENT, b"250 ok\r\n")
    async with scripted((*PLAIN_GREET, *talk)) as peer, down(peer) as transport:
        assert (await transport.relay(ENVELOPE, b"x\r\n")).accepted


async def test_a_downstream_that_knows_only_helo_is_served() -> None:
    greet = (b"220 old.example\r\n", "EHLO", b"502 what\r\n", "HELO gw.example", b"250 old.example\r\n")
    talk = ("MAIL", b"250 ok\r\n", "RCPT", b"250 ok\r\n", "DATA", b"354 go\r\n", CONTENT, b"250 ok\r\n")
    async with scripted((*greet, *talk)) as peer, down(peer) as transport:
        assert (await transport.relay(ENVELOPE, "ü\r\n".encode())).accepted
    assert peer.contents == ["ü\r\n".encode()]


async def test_parameters_are_sent_where_they_are_offered() -> None:
    greet = (*GREET[:2], b"250-x\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 PIPELINING\r\n")
    async with scripted((*greet, *TAKE)) as peer, down(peer) as transport:
        envelope = Envelope("jürgen@client.example", ENVELOPE.recipients, smtputf8=True)
        assert (await transport.relay(envelope, "ü\r\n".encode())).accepted
    assert peer.lines[1] == "MAIL FROM:<jürgen@client.example> SIZE=4 BODY=8BITMIME SMTPUTF8"


async def test_a_non_ascii_address_needs_a_downstream_that_takes_it() -> None:
    async with scripted((*GREET, "QUIT")) as peer, down(peer) as transport:
        reply = await transport.relay(Envelope("jürgen@client.example", ENVELOPE.recipients), b"x\r\n")
    assert reply == NEEDS_SMTPUTF8


async def test_an_address_cannot_smuggle_a_command() -> None:
    async with scripted((*GREET, "QUIT")) as peer, down(peer) as transport:
        reply = await transport.relay(Envelope("a@b>\r\nRCPT TO:<c@d", ENVELOPE.recipients), b"x\r\n")
    assert reply == BAD_ADDRESS


async def test_smtp_sink_gets_what_was_sent_over_one_connection() -> None:
    async with smtp_sink() as sink:
        async with transport_for(f"smtp://127.0.0.1:{sink.port}", helo="gw.example") as transport:
            replies = [await transport.relay(ENVELOPE, CONTENT_SENT) for _ in range(3)]
        assert [reply.code for reply in replies] == [250] * 3
        assert sink.contents() == [CONTENT_SENT] * 3


async def test_dovecot_takes_mail_over_lmtp_again_and_again() -> None:
    with dovecot({"ana": "secret", "ben": "secret"}) as server:
        url = f"lmtp://127.0.0.1:{server.lmtp_port}"
        async with transport_for(url, helo="gw.example") as transport:
            for recipients in (("ana",), ("ana", "ben"), ("nobody", "ben")):
                reply = await transport.relay(Envelope("kim@client.example", recipients), CONTENT_SENT)
                assert reply.accepted is ("nobody" not in recipients), reply
            assert reply.code == 550
            assert reply.enhanced == "5.1.1"
        assert [len(list(server.root.glob(f"mail/{user}/new/*"))) for user in ("ana", "ben")] == [2, 1]


async def test_lmtp_over_a_unix_socket(tmp_path: Path) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await peer.play(reader, writer)

    greet = (b"220 down.example\r\n", "LHLO", b"250-down.example\r\n250 PIPELINING\r\n")
    peer = Scripted([(*greet, *TAKE, "QUIT")])
    socket = tmp_path / "a socket"
    async with await asyncio.start_unix_server(serve, socket):
        async with transport_for(f"lmtp+unix://{tmp_path}/a%20socket", helo="gw.example") as transport:
            assert (await transport.relay(ENVELOPE, b"x\r\n")).accepted
        await peer.ended.wait()


@given(
    content=st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"..", b"\0", b"a", b"\xff", b" "])).map(b"".join)
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_content_reaches_the_downstream_as_it_was_given(content: bytes) -> None:
    arrived = Arrived()
    clean = normalised(content)
    async with (
        running_intake(arrived) as running,
        transport_for(f"smtp://127.0.0.1:{running.port}", helo="gw.example") as transport,
    ):
        assert (await transport.relay(ENVELOPE, clean)).accepted
    expected = clean if not clean or clean.endswith(b"\r\n") else clean + b"\r\n"
    assert arrived.messages[0][2] == expected


async def test_twenty_at_once_share_a_bounded_pool() -> None:
    arrived = Arrived()
    big = b"x" * 998 + b"\r\n"
    async with (
        running_intake(arrived) as running,
        transport_for(f"smtp://127.0.0.1:{running.port}", helo="gw.example") as transport,
    ):
        replies = await asyncio.gather(*(transport.relay(ENVELOPE, big * 500) for _ in range(20)))
    assert all(reply.accepted for reply in replies)
    assert [content for _, _, content in arrived.messages] == [big * 500] * 20


# -- refusals


async def test_a_refused_recipient_is_passed_on_and_nothing_is_half_delivered() -> None:
    talk = ("MAIL", "RCPT", "RCPT", b"250 ok\r\n250 ok\r\n550 5.1.1 nobody\r\n", *RESET)
    async with scripted((*GREET, *talk, *TAKE)) as peer, down(peer) as transport:
        assert await transport.relay(TWO, b"x\r\n") == permanent(550, "1.1", "nobody")
        assert (await transport.relay(ENVELOPE, b"y\r\n")).accepted
    assert peer.contents == [b"y\r\n"]


async def test_a_354_without_a_recipient_is_ended_by_a_dot_that_delivers_nothing() -> None:
    talk = ("MAIL", "RCPT", "DATA", b"250 ok\r\n550 5.1.1 nobody\r\n354 go\r\n", CONTENT, b"554 none\r\n")
    async with scripted((*GREET, *talk, *TAKE)) as peer, down(peer) as transport:
        assert (await transport.relay(ENVELOPE, b"x\r\n")).code == 550
        assert (await transport.relay(ENVELOPE, b"y\r\n")).accepted
    assert peer.contents == [b"", b"y\r\n"]


async def test_a_refusal_after_the_final_dot_is_passed_on() -> None:
    async with (
        scripted((*GREET, *TAKE[:-1], b"552-5.2.2 over\r\n552 5.2.2 quota\r\n")) as peer,
        down(peer) as transport,
    ):
        assert await transport.relay(ENVELOPE, b"x\r\n") == Reply(552, "5.2.2", ("over", "quota"))


async def test_a_refusal_before_the_final_dot_is_passed_on() -> None:
    async with scripted((*GREET, *TAKE[:4], b"552 5.3.4 too big\r\n", HANG)) as peer, down(peer) as transport:
        assert await transport.relay(ENVELOPE, b"x" * 998 + b"\r\n") == permanent(552, "3.4", "too big")


async def test_a_downstream_that_hangs_up_within_content_has_not_taken_it() -> None:
    async with scripted((*GREET, *TAKE[:4])) as peer, down(peer) as transport:
        assert await transport.relay(ENVELOPE, b"x" * 20_000_000) == NO_DOWNSTREAM


async def test_long_replies_are_cut() -> None:
    said = b"550-" + b"x" * 1000 + b"\r\n" + b"550-y\r\n" * 50 + b"550 z\r\n"
    async with scripted((*GREET, *TAKE[:-1], said)) as peer, down(peer) as transport:
        reply = await transport.relay(ENVELOPE, b"x\r\n")
    assert (len(reply.lines), len(reply.lines[0])) == (20, 400)


async def test_lmtp_half_taken_is_refused_and_the_retry_goes_to_the_rest_alone() -> None:
    greet = (b"220 down.example\r\n", "LHLO", b"250-down.example\r\n250 PIPELINING\r\n")
    head = ("MAIL", "RCPT TO:<ana@", "RCPT TO:<ana+x@", b"250 ok\r\n" * 3)
    first = (*head, "DATA", b"354 go\r\n", CONTENT, b"250 2.0.0 ok\r\n452 4.2.2 full\r\n")
    second = ("MAIL", "RCPT TO:<ana+x@", *TAKE[2:])
    third = (*head, "DATA", b"354 go\r\n", CONTENT, b"250 2.0.0 ok\r\n250 2.0.0 ok\r\n")
    async with (
        scripted((*greet, *first, *second, *third)) as peer,
        transport_for(f"lmtp://127.0.0.1:{peer.port}", helo="gw.example", timeouts=QUICK) as transport,
    ):
        content = b"Message-ID: <1@client.example>\r\n\r\nx\r\n"
        assert (await transport.relay(TWO, b"Received: one\r\n" + content)).code == 452
        assert (await transport.relay(TWO, b"Received: two\r\n" + content)).accepted
        assert (await transport.relay(TWO, content)).accepted


# -- faults


async def test_a_downstream_that_is_down_is_451() -> None:
    async with scripted() as peer:
        pass
    async with down(peer) as transport:
        assert await transport.relay(ENVELOPE, b"x\r\n") == NO_DOWNSTREAM


async def test_a_stale_kept_connection_is_replaced_unseen() -> None:
    async with scripted((*GREET, *TAKE), (*GREET, *TAKE)) as peer, down(peer) as transport:
        assert (await transport.relay(ENVELOPE, b"x\r\n")).accepted
        await peer.ended.wait()
        assert (await transport.relay(ENVELOPE, b"y\r\n")).accepted
    assert peer.contents == [b"x\r\n", b"y\r\n"]


async def test_a_kept_connection_that_fails_before_the_final_dot_is_tried_once_more() -> None:
    async with scripted((*GREET, *TAKE, "MAIL"), (*GREET, *TAKE)) as peer, down(peer) as transport:
        assert (await transport.relay(ENVELOPE, b"x\r\n")).accepted
        assert (await transport.relay(ENVELOPE, b"y\r\n")).accepted
    assert peer.contents == [b"x\r\n", b"y\r\n"]
    assert peer.connections == 2


async def test_421_on_a_kept_connection_is_staleness() -> None:
    async with (
        scripted((*GREET, *TAKE, b"", "MAIL", b"421 4.4.2 idle\r\n"), (*GREET, *TAKE)) as peer,
        down(peer) as transport,
    ):
        assert (await transport.relay(ENVELOPE, b"x\r\n")).accepted
        assert (await transport.relay(ENVELOPE, b"y\r\n")).accepted


async def test_421_on_a_new_connection_is_passed_on_as_transient() -> None:
    async with scripted((*GREET, "MAIL", b"421 4.3.2 busy\r\n")) as peer, down(peer) as transport:
        reply = await transport.relay(ENVELOPE, b"x\r\n")
    assert reply.transient
    assert reply.enhanced == "4.3.2"


async def test_unasked_bytes_on_a_kept_connection_are_never_taken_for_a_reply() -> None:
    async with (
        scripted((*GREET, *TAKE, b"250 2.0.0 stray\r\n", HANG), (*GREET, *TAKE)) as peer,
        down(peer) as transport,
    ):
        assert (await transport.relay(ENVELOPE, b"x\r\n")).accepted
        async with asyncio.timeout(5):
            while await transport._idle[0].quiet():
                pass
        assert (await transport.relay(ENVELOPE, b"y\r\n")).accepted
    assert peer.connections == 2


async def test_nothing_is_sent_again_once_the_final_dot_was_out() -> None:
    async with scripted((*GREET, *TAKE, *TAKE[:-1]), (*GREET, *TAKE)) as peer, down(peer) as transport:
        assert (await transport.relay(ENVELOPE, b"x\r\n")).accepted
        assert await transport.relay(ENVELOPE, b"y\r\n") == NO_DOWNSTREAM
    assert peer.contents == [b"x\r\n", b"y\r\n"]
    assert peer.connections == 1


async def test_a_downstream_that_keeps_silent_after_the_dot_is_451() -> None:
    async with scripted((*GREET, *TAKE[:-1], HANG)) as peer, down(peer) as transport:
        assert await transport.relay(ENVELOPE, b"x\r\n") == NO_DOWNSTREAM
    assert peer.connections == 1


@pytest.mark.parametrize("length", [0, 2, 5, 7])
async def test_a_downstream_that_falls_silent_in_any_phase_is_451(length: int) -> None:
    script = (*PLAIN_GREET, "MAIL", b"250 ok\r\n", "RCPT", b"250 ok\r\n", "DATA")[:length]
    brief = Timeouts(connect=0.2, command=0.2, data=0.2, block=0.2, final=0.2, quit=0.1)
    async with scripted((*script, HANG)) as peer, down(peer, brief) as transport:
        assert await transport.relay(ENVELOPE, b"x\r\n") == NO_DOWNSTREAM


async def test_a_downstream_that_stops_reading_content_is_451() -> None:
    forever = asyncio.Event()

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in (b"220 x\r\n", *[b"250 ok\r\n"] * 3):
            writer.write(reply)
            await reader.readuntil(b"\r\n")
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(b"354 go\r\n")
        await forever.wait()
        writer.transport.abort()  # type: ignore[attr-defined]

    async with await asyncio.start_server(deaf, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        brief = Timeouts(connect=2, command=2, data=2, block=0.2, final=2, quit=0.1)
        async with transport_for(f"smtp://127.0.0.1:{port}", helo="gw.example", timeouts=brief) as transport:
            assert await transport.relay(ENVELOPE, b"x" * 30_000_000) == NO_DOWNSTREAM
        forever.set()


async def test_who_waits_too_long_for_a_connection_comes_later() -> None:
    brief = Timeouts(connect=2, command=0.3, data=2, block=2, final=1, quit=0.1)
    scripts = [(*GREET, *TAKE[:-1], HANG)] * 8
    async with scripted(*scripts) as peer, down(peer, brief) as transport:
        replies = await asyncio.gather(*(transport.relay(ENVELOPE, b"x\r\n") for _ in range(9)))
    assert replies == [NO_DOWNSTREAM] * 9
    assert peer.connections == 8


def test_uvloop_relays_as_well(tmp_path: Path) -> None:
    uvloop = pytest.importorskip("uvloop")
    authority = trustme.CA()
    trust = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(trust))
    arrived = Arrived()

    async def main() -> None:
        async with running_intake(arrived, tls=True, authority=authority) as running:
            url = f"smtp+starttls://localhost:{running.port}"
            async with transport_for(url, helo="gw.example", trust=trust) as transport:
                for _ in range(3):
                    assert (await transport.relay(ENVELOPE, CONTENT_SENT)).accepted
                assert len(running.intake._connections) == 1

    uvloop.run(main())
    assert [content for _, _, content in arrived.messages] == [CONTENT_SENT] * 3


@pytest.mark.parametrize(
    "said",
    [b"250 2.6.0 half", b"250-half\r\n", b"yes\r\n", b"99 x\r\n", b"250+x\r\n", b"250-x\r\n" * 200, b"2" * 9000],
)
async def test_half_a_reply_or_no_reply_is_451(said: bytes) -> None:
    async with scripted((*GREET, *TAKE[:-1], said)) as peer, down(peer) as transport:
        assert await transport.relay(ENVELOPE, b"x\r\n") == NO_DOWNSTREAM


@pytest.mark.parametrize("greeting", [b"554 no service\r\n", b"421 busy\r\n", b"220"])
async def test_a_downstream_that_does_not_greet_is_451(greeting: bytes) -> None:
    async with scripted((greeting,)) as peer, down(peer) as transport:
        assert await transport.relay(ENVELOPE, b"x\r\n") == NO_DOWNSTREAM
