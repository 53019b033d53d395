"""Signing in to a smart host with tokens: a real Postfix that asks a Dovecot, and faults that no real one shows."""

from __future__ import annotations

import asyncio
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterator

import pytest

from gateway.app.sign_ins import registration_of
from gateway.clock import SystemClock
from gateway.core.replies import SIGN_IN, SWITCHED_OFF
from gateway.ports import Unavailable, Unsigned
from gateway.settings.sign_in import OAuth2
from gateway.sign_in import Place, SignIn, poster
from gateway.transport import Smarthost, smarthost_for
from gateway.transport.smarthost import NO_LOGIN, SENDING_OFF, UNSIGNED
from tests.servers.dovecot_tokens import TokenDovecot, token_dovecot
from tests.servers.postfix import Postfix, postfix
from tests.servers.scripted import CONTENT, Scripted, scripted
from tests.servers.token_server import TokenServer, token_server
from tests.unit.sign_in.signing import Drawer, tokens

ACK = b"Subject: ack\r\n\r\nHello\r\n"
USER = "ana@hopestreet.example"
TAKE = ("MAIL", b"250 ok\r\n", "RCPT", b"250 ok\r\n", "DATA", b"354 go\r\n", CONTENT, b"250 2.0.0 queued\r\n")
BYE = ("QUIT", b"221 bye\r\n")


def greet(mechanisms: str) -> tuple[object, ...]:
    return (b"220 host.example\r\n", "EHLO", f"250-host.example\r\n250 AUTH {mechanisms}\r\n".encode())


class Purse:
    """`ports.Bearer` with tokens in a row; each that is refused gives way to the next."""

    def __init__(self, *row: str, fault: Unavailable | None = None) -> None:
        self._row = list(row)
        self._fault = fault

    async def token(self, refused: str = "") -> str:
        if self._fault is not None:
            raise self._fault
        if refused == self._row[0]:
            self._row.pop(0)
        return self._row[0]


def host(peer: Scripted, purse: Purse) -> Smarthost:
    found = smarthost_for(f"smtp://127.0.0.1:{peer.port}", helo="gw.example", user=USER, bearer=purse)
    assert isinstance(found, Smarthost)
    return found


def shown(line: str) -> bytes:
    return b64decode(line.split()[-1])


async def test_a_token_is_shown_by_xoauth2() -> None:
    script = (*greet("PLAIN XOAUTH2"), "AUTH XOAUTH2 ", b"235 2.7.0 ok\r\n", *TAKE, *BYE)
    async with scripted(script) as peer, host(peer, Purse("t1")) as smarthost:
        assert (await smarthost.submit("", "kim@client.example", ACK)).accepted
    (line,) = [line for line in peer.lines if line.startswith("AUTH")]
    assert shown(line) == b"user=ana@hopestreet.example\1auth=Bearer t1\1\1"


async def test_a_refused_token_is_renewed_once_after_the_server_has_said_why() -> None:
    why = b"334 " + b64encode(b'{"status":"400"}') + b"\r\n"
    script = (
        *(*greet("OAUTHBEARER"), "AUTH OAUTHBEARER ", why, "AQ==", b"535 5.7.8 no\r\n"),
        *("AUTH OAUTHBEARER ", b"235 2.7.0 ok\r\n", *TAKE, *BYE),
    )
    async with scripted(script) as peer, host(peer, Purse("t1", "t2")) as smarthost:
        assert (await smarthost.submit("", "kim@client.example", ACK)).accepted
    said = [shown(line) for line in peer.lines if line.startswith("AUTH")]
    assert said == [
        f"n,a={USER},\1host=127.0.0.1\1port={peer.port}\1auth=Bearer {token}\1\1".encode() for token in ("t1", "t2")
    ]


async def test_a_server_that_wants_no_token_at_all_is_left_alone_for_a_while() -> None:
    script = (*greet("XOAUTH2"), *("AUTH XOAUTH2 ", b"535 5.7.3 no\r\n") * 2, *BYE)
    async with scripted(script) as peer, host(peer, Purse("t1", "t2")) as smarthost:
        assert await smarthost.submit("", "kim@client.example", ACK) == NO_LOGIN
        assert await smarthost.submit("", "kim@client.example", ACK) == NO_LOGIN
    assert peer.connections == 1
    assert NO_LOGIN.enhanced in SIGN_IN


async def test_sending_that_is_switched_off_has_its_own_words_and_costs_no_renewal() -> None:
    said = b"535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.\r\n"
    script = (*greet("XOAUTH2"), "AUTH XOAUTH2 ", said, *BYE)
    async with scripted(script, script) as peer:
        async with host(peer, Purse("t1")) as smarthost:
            reply = await smarthost.submit("", "kim@client.example", ACK)
        async with host(peer, Purse("t1")) as smarthost:
            with pytest.raises(Unavailable, match=r"switched off for this mailbox \(5\.7\.139; its administrator"):
                await smarthost.probe()
    assert reply == SENDING_OFF
    assert (reply.enhanced, reply.transient) == (SWITCHED_OFF, True)


async def test_before_anybody_has_signed_in_no_connection_is_kept_and_mail_waits() -> None:
    purse = Purse(fault=Unsigned("nobody has signed in yet; run `handrail login --smarthost`"))
    async with scripted((*greet("XOAUTH2"), *BYE), (*greet("XOAUTH2"), *BYE)) as peer, host(peer, purse) as smarthost:
        assert await smarthost.submit("", "kim@client.example", ACK) == UNSIGNED
        with pytest.raises(Unsigned, match="handrail login --smarthost"):
            await smarthost.probe()


async def test_a_server_without_tokens_is_told_as_that() -> None:
    async with scripted((*greet("PLAIN LOGIN"), *BYE)) as peer, host(peer, Purse("t1")) as smarthost:
        with pytest.raises(Unavailable, match="takes no OAuth 2 tokens"):
            await smarthost.probe()


async def test_a_token_is_never_shown_without_tls_over_the_network() -> None:
    with pytest.raises(ValueError, match="in the clear"):
        smarthost_for("smtp://mail.example", helo="gw.example", user=USER, bearer=Purse("t1"))


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenServer]:
    with token_server(tmp_path_factory.mktemp("tokens")) as server:
        yield server


@pytest.fixture(scope="module", params=["xoauth2", "oauthbearer"])
def dovecot(request: pytest.FixtureRequest, provider: TokenServer) -> Iterator[TokenDovecot]:
    with token_dovecot({USER: "pw"}, provider.introspection, request.param) as running:
        yield running


@pytest.fixture(scope="module")
def submission(dovecot: TokenDovecot) -> Iterator[Postfix]:
    """Takes mail from who has signed in, and from nobody else."""
    settings = {
        "mynetworks": "",
        "smtpd_sasl_auth_enable": "yes",
        "smtpd_sasl_type": "dovecot",
        "smtpd_sasl_path": f"inet:127.0.0.1:{dovecot.auth_port}",
        "smtpd_relay_restrictions": "permit_sasl_authenticated, reject",
        "smtpd_recipient_restrictions": "permit_sasl_authenticated, reject",
    }
    with postfix({"hopestreet.example": dovecot.server.lmtp_port}, settings) as running:
        yield running


@pytest.mark.server
async def test_a_real_smart_host_takes_mail_by_token_and_after_the_token_was_renewed(
    provider: TokenServer, dovecot: TokenDovecot, submission: Postfix
) -> None:
    drawer = Drawer()
    registration = registration_of(OAuth2.model_validate(provider.oauth2()), str)
    post, clock = poster(provider.authority), SystemClock()
    sign_in = SignIn(Place(), USER, registration, keeping=drawer, post=post, clock=clock, alerts=drawer)
    await sign_in.accept(tokens(provider, USER))
    provider.forms.clear()
    url = f"smtp://127.0.0.1:{submission.smtp_port}"
    async with smarthost_for(url, helo="gw.example", user=USER, bearer=sign_in) as smarthost:
        assert (await smarthost.submit("", USER, b"Message-ID: <first@gw.example>\r\n" + ACK)).accepted
        await smarthost.aclose()
        provider.expire()
        assert (await smarthost.submit("", USER, b"Message-ID: <second@gw.example>\r\n" + ACK)).accepted
        await smarthost.aclose()
        provider.take_away()
        assert await smarthost.submit("", USER, ACK) == UNSIGNED
    assert provider.renewals() == 2
    assert drawer.standing().keys() == {"sign-in-needed"}
    await asyncio.to_thread(lie_there, dovecot, "<first@gw.example>", "<second@gw.example>")


def lie_there(dovecot: TokenDovecot, *message_ids: str) -> None:
    with dovecot.server.open(USER) as program:
        for one in message_ids:
            for _ in range(200):
                if program.find(one):
                    break
                threading.Event().wait(0.05)
            else:
                raise AssertionError(f"{one} did not come")


@pytest.mark.server
async def test_a_real_smart_host_takes_nothing_from_who_has_not_signed_in(submission: Postfix) -> None:
    async with smarthost_for(f"smtp://127.0.0.1:{submission.smtp_port}", helo="gw.example") as smarthost:
        assert (await smarthost.submit("", USER, ACK)).code == 554
