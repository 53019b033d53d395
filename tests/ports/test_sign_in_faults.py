"""Signing in with tokens to servers with the faults that real providers have, and that no real server shows here."""

from __future__ import annotations

import uuid

import pytest

from gateway.mailbox import State
from gateway.mailbox.faults import Refused
from gateway.mailbox.probe import sign_in
from gateway.settings.schema import Mailbox
from tests.ports.observed import World, letter, mailbox_settings, watching
from tests.servers.scripted_imap import Script, ScriptedImap, scripted_imap

#: Offers of Gmail, of Microsoft 365, and of a server that knows the RFC alone; with and without an initial response.
GMAIL = "IMAP4rev1 IDLE SASL-IR AUTH=XOAUTH2 AUTH=PLAIN AUTH=OAUTHBEARER"
MICROSOFT = "IMAP4 IMAP4rev1 LOGINDISABLED AUTH=XOAUTH2 SASL-IR IDLE"
BARE = "IMAP4rev1 IDLE AUTH=OAUTHBEARER"


class Purse:
    """`ports.Bearer` with tokens in a row; each that is refused gives way to the next, unless it is the last."""

    def __init__(self, *row: str) -> None:
        self._row = list(row)
        self.asked = 0

    async def token(self, refused: str = "") -> str:
        self.asked += 1
        if refused == self._row[0] and len(self._row) > 1:
            self._row.pop(0)
        return self._row[0]


def settings(server: ScriptedImap) -> Mailbox:
    return mailbox_settings(f"imap://ana@127.0.0.1:{server.port}")


@pytest.mark.parametrize(
    ("offers", "last_word"),
    [(GMAIL, ""), (MICROSOFT, ""), (BARE, "AQ=="), (f"{BARE} SASL-IR", "AQ=="), ("IMAP4rev1 AUTH=XOAUTH2", "")],
)
async def test_a_refused_token_is_renewed_once_after_the_server_has_said_why(offers: str, last_word: str) -> None:
    async with scripted_imap(Script(capabilities=offers, tokens={"t2"})) as server:
        assert (await sign_in(settings(server), str, Purse("t1", "t2"))).startswith("signs in")
        assert server.last_words == [last_word]
        assert [said.partition("Bearer ")[2] for said in server.shown] == ["t1\1\1", "t2\1\1"]


async def test_a_fresh_token_that_is_refused_too_is_a_refusal_and_the_door_stays_shut_for_a_while() -> None:
    async with scripted_imap(Script(capabilities=GMAIL)) as server:
        with pytest.raises(Refused, match="is it of the right person"):
            await sign_in(settings(server), str, Purse("t1", "t2"))
        assert server.logins == 2
        world = World()
        async with watching(world, settings(server), bearer=Purse("t1", "t2")):
            await world.until(lambda: "login-refused" in world.alerts)


async def test_a_login_that_is_none_is_a_fault_of_rights() -> None:
    async with scripted_imap(Script(capabilities=MICROSOFT, tokens={"t1"}, login="rights")) as server:
        with pytest.raises(Refused, match="closed to us"):
            await sign_in(settings(server), str, Purse("t1"))


async def test_a_server_that_takes_no_tokens_is_told_as_that() -> None:
    async with scripted_imap(Script(capabilities="IMAP4rev1 AUTH=PLAIN")) as server:
        purse = Purse("t1")
        with pytest.raises(Refused, match="takes no OAuth 2 tokens"):
            await sign_in(settings(server), str, purse)
        assert server.logins == 0


async def test_a_token_that_runs_out_within_a_connection_costs_no_flag_and_no_letter() -> None:
    async with scripted_imap(Script(capabilities=MICROSOFT, tokens={"t1"})) as server:
        world, one, two = World(), *(f"<{uuid.uuid4().hex}@client.example>" for _ in range(2))
        await server.deliver(1, letter(one))
        async with watching(world, settings(server), bearer=Purse("t1", "t2")) as (watch, _):
            await world.until(lambda: watch.condition.state is State.IDLE)
            await server.deliver(2, letter(two))
            await world.until(lambda: two in world.seen_arrivals())
            server.end_tokens()
            server.script.tokens.add("t2")
            await server.mark(2, "\\Seen")
            await world.until(lambda: "\\Seen" in world.last_flags(two))
        assert "login-refused" not in world.alerts
