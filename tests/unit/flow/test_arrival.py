"""A message arrives: mail first, said once, whatever the record and the downstream do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway.core.decide.decision import Setting
from gateway.core.effects import Ack, Effect
from gateway.core.events import Event, Ref
from gateway.core.history import History, Story
from gateway.core.message.facts import Envelope
from gateway.core.policy.client import Client
from gateway.core.replies import NO_DOWNSTREAM, permanent, transient
from gateway.core.routing import Route
from gateway.flow.in_force import InForce
from gateway.ports import Question, Unavailable
from gateway.store import Store
from tests.unit.flow.arriving import ANA, CARLA, ENVELOPE, ROUTE, flowing, letter, sighting


class DownRecord:
    """A record that does not answer."""

    async def history(self, question: Question, now: datetime) -> History:
        raise Unavailable("down")

    async def append(self, ref: Ref, events: Sequence[Event], effects: Sequence[Effect]) -> bool:
        raise Unavailable("down")

    async def story(self, ref: Ref) -> Story | None:
        raise Unavailable("down")

    async def find(self, mailbox: str, message_ids: Sequence[str]) -> tuple[Ref, ...]:
        raise Unavailable("down")


class DownRoster:
    """A roster that does not answer."""

    async def client(self, mailbox: str, address: str) -> Client | None:
        raise Unavailable("down")

    async def clients(self, mailbox: str) -> tuple[Client, ...]:
        raise Unavailable("down")

    async def save(self, mailbox: str, client: Client) -> None:
        raise Unavailable("down")

    async def forget(self, mailbox: str, address: str) -> bool:
        raise Unavailable("down")


class BlinkingRoster(DownRoster):
    """Down once, and well from then on."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._asked = 0

    async def client(self, mailbox: str, address: str) -> Client | None:
        self._asked += 1
        if self._asked == 1:
            raise Unavailable("down")
        return await self._store.client(mailbox, address)


class FaultyInForce(InForce):
    """Settings that break a decision once it comes to the policy."""

    def setting(
        self, mailbox: str, policy: str, client: Client | None, now: datetime, version: int | None = None
    ) -> Setting:
        return replace(super().setting(mailbox, policy, client, now, version), matcher=None)  # type: ignore[arg-type]


async def test_the_downstreams_reply_is_the_peers(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        assert await flow.arrive(letter()) == flow.downstream.reply
        assert await flow.effects() == ["ack"]


async def test_our_fields_stand_on_top_and_every_other_byte_as_it_came(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        await flow.arrive(letter())
    (taken,) = flow.downstream.taken
    ours, same, rest = taken.partition(letter())
    assert (same, rest) == (letter(), b"")
    assert ours.startswith(b"Received: ")
    assert b"\r\nX-Handrail-Urgency: routine" in ours


async def test_what_the_downstream_refuses_is_not_recorded_and_not_acked(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        flow.downstream.reply = permanent(552, "2.2", "Mailbox full")
        assert await flow.arrive(letter()) == flow.downstream.reply
        assert await flow.store.stories(None, None, None) == ()
        assert await flow.effects() == []


async def test_a_downstream_that_is_down_is_told_to_the_admin_and_cleared_when_it_is_back(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        working, flow.downstream.reply = flow.downstream.reply, NO_DOWNSTREAM
        assert (await flow.arrive(letter())).transient
        assert any("downstream-down" in code for code in flow.alerts.standing())
        flow.downstream.reply = working
        assert (await flow.arrive(letter())).accepted
        assert not flow.alerts.standing()


async def test_a_retry_of_the_very_same_bytes_is_taken_without_relaying_again(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        assert (await flow.arrive(letter())).accepted
        assert (await flow.arrive(letter())).accepted
        assert len(flow.downstream.taken) == 1
        assert await flow.effects() == ["ack"]


async def test_another_message_with_the_same_message_id_is_relayed_and_not_acked_again(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        await flow.arrive(letter())
        assert (await flow.arrive(letter(text="Other words under the same id."))).accepted
        assert len(flow.downstream.taken) == 2
        assert await flow.effects() == ["ack"]


async def test_a_retry_that_overtakes_the_first_waits_for_it(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow, asyncio.TaskGroup() as group:
        flow.downstream.gate.clear()
        first, second = group.create_task(flow.arrive(letter())), group.create_task(flow.arrive(letter()))
        await asyncio.wait([first, second], timeout=0.2)
        flow.downstream.gate.set()
        assert (await first).accepted
        assert (await second).accepted
        assert len(flow.downstream.taken) == 1


async def test_mail_flows_while_the_record_is_down_and_nothing_is_said(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        down = replace(flow.arrival, record=DownRecord(), roster=DownRoster())
        assert (await down(ROUTE, ENVELOPE, letter())).accepted
        assert b"X-Handrail-Ack: no; the record could not be read" in flow.downstream.taken[0]
        assert any("record-down" in code for code in flow.alerts.standing())
        assert await flow.effects() == []


async def test_a_record_that_is_back_after_the_relay_owes_the_ack_all_the_same(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        blinking = replace(flow.arrival, roster=BlinkingRoster(flow.store))
        assert (await blinking(ROUTE, ENVELOPE, letter())).accepted
        assert await flow.effects() == ["ack"]


async def test_who_answers_stop_gets_no_more_acks_until_the_practice_says_otherwise(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        await flow.store.save("ana", Client(address=CARLA, urgent_word="bluebird"))
        await flow.arrive(letter("first"))
        (claim,) = await flow.store.claim(flow.clock.now(), flow.clock.now(), 1)
        await flow.arrive(letter("second", "Stop.\r\n\r\n> It has arrived.", In_Reply_To=claim.message_id))
        await flow.arrive(letter("third"))
        assert await flow.effects() == ["ack"]
        client = await flow.store.client("ana", CARLA)
        assert client == Client(address=CARLA, urgent_word="bluebird", acks=False)


async def test_a_forged_author_stops_nobodys_acks(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        await flow.store.save("ana", Client(address=CARLA))
        await flow.arrive(letter("first", "STOP"), Envelope("mallory@elsewhere.example", (ANA,)))
        await flow.arrive(letter("second", "STOP"))
        client = await flow.store.client("ana", CARLA)
        assert client == Client(address=CARLA)


async def test_a_fault_of_ours_in_deciding_keeps_no_mail(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        gone = Route(ANA, "ana", "mornings")
        faulty = replace(flow.arrival, in_force=FaultyInForce(flow.arrival.in_force.settings, (gone,)))
        assert (await faulty(gone, ENVELOPE, letter())).accepted
        assert flow.downstream.taken[0].endswith(letter())
        assert any("unexpected" in code for code in flow.alerts.standing())


class WrongRecord:
    """A record with a fault that is none of the world's."""

    def __init__(self, store: Store, *, reads: bool) -> None:
        self._store = store
        self._reads = reads

    async def history(self, question: Question, now: datetime) -> History:
        if not self._reads:
            raise ArithmeticError
        return await self._store.history(question, now)

    async def append(self, ref: Ref, events: Sequence[Event], effects: Sequence[Effect]) -> bool:
        raise ArithmeticError

    async def story(self, ref: Ref) -> Story | None:
        return await self._store.story(ref)

    async def find(self, mailbox: str, message_ids: Sequence[str]) -> tuple[Ref, ...]:
        return await self._store.find(mailbox, message_ids)


@pytest.mark.parametrize("reads", [True, False])
async def test_a_record_that_is_wrong_neither_keeps_mail_nor_brings_it_twice(tmp_path: Path, reads: bool) -> None:
    async with flowing(tmp_path) as flow:
        arrival = replace(flow.arrival, record=WrongRecord(flow.store, reads=reads))
        reply = await arrival(ROUTE, ENVELOPE, letter())
        assert reply.accepted
        assert len(flow.downstream.taken) == 1
        assert "unexpected" in flow.alerts.standing()


async def test_the_admin_hears_of_a_downstream_that_refuses_for_now(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        flow.downstream.reply = transient(451, "7.8", "The mailbox server refused the gateway's sign-in")
        await flow.arrive(letter())
        assert "downstream-down mailbox=ana" in flow.alerts.standing()


async def test_a_message_without_an_id_gets_one_and_is_known_again_by_it(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        nameless = letter().replace(b"Message-ID: <one@client.example>\r\n", b"")
        assert (await flow.arrive(nameless)).accepted
        (taken,) = flow.downstream.taken
        assert taken.endswith(nameless)
        placed = await flow.observation.arrived("ana", sighting(taken))
        assert placed.ref is not None
        assert await flow.effects() == ["ack"]
        assert (await flow.arrive(nameless)).accepted
        assert len(flow.downstream.taken) == 1


async def test_a_crisis_under_a_message_id_that_came_before_alerts_all_the_same(tmp_path: Path) -> None:
    async with flowing(tmp_path, {"urgency": {"alert": "urgent"}}) as flow:
        await flow.store.save("ana", Client(address=CARLA, urgent_word="bluebird"))
        await flow.arrive(letter())
        await flow.arrive(letter(text="Bluebird."))
        await flow.arrive(letter(text="Bluebird, again."))
        assert await flow.effects() == ["ack", "alert", "alert"]


async def test_an_allowance_of_a_clients_own_is_counted_where_the_policy_has_none(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        await flow.store.save("ana", Client(address=CARLA, messages=2))
        for name in ("first", "second", "third"):
            await flow.arrive(letter(name))
        claims = await flow.store.claim(flow.clock.now(), flow.clock.now() + timedelta(minutes=1), 10)
        acks = [claim.effect for claim in claims if isinstance(claim.effect, Ack)]
        assert [(ack.used, ack.allowed) for ack in acks] == [(1, 2), (2, 2), (3, 2)]


async def test_the_very_same_bytes_long_afterwards_are_mail_again(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        await flow.arrive(letter())
        flow.clock.advance(timedelta(days=11))
        await flow.arrive(letter())
        assert len(flow.downstream.taken) == 2
