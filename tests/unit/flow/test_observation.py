"""The mailbox changes: what the watch tells is noted once, whatever it tells twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.core.effects import Effect
from gateway.core.events import Event, Ref, Seen
from gateway.core.policy.client import Client
from gateway.core.tracking import Copy, FlagChange
from gateway.ports import Placed, Unavailable
from gateway.store import Store
from tests.unit.flow.arriving import ANA, CARLA, NOW, ROUTE, Flow, flowing, letter, sighting

ASKED = {"Disposition_Notification_To": CARLA}


async def relayed(flow: Flow, name: str = "one", **fields: str) -> Placed:
    """A message that came by SMTP and was then seen in the inbox."""
    await flow.arrive(letter(name, **fields))
    return await flow.observation.arrived("ana", sighting(flow.downstream.taken[-1]))


def change(placed: Placed, before: set[str], now: set[str]) -> FlagChange:
    return FlagChange(Copy("INBOX", "1", frozenset(before), placed.ref), Copy("INBOX", "1", frozenset(now), placed.ref))


async def kinds(flow: Flow, name: str = "one") -> list[str]:
    story = await flow.store.story(await flow.ref(f"<{name}@client.example>"))
    assert story is not None
    return [event.kind for event in story.events]


async def test_a_relayed_message_is_known_again_in_the_inbox(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        placed = await relayed(flow)
        assert placed.ref == await flow.ref("<one@client.example>")
        assert placed.tags == frozenset()
        assert await flow.effects() == ["ack"]


async def test_a_message_that_nobody_recorded_is_taken_up_and_acked_once(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        found = b"Return-Path: <carla@client.example>\r\n" + letter()
        assert (await flow.observation.arrived("ana", sighting(found))).ref is not None
        await flow.observation.arrived("ana", sighting(found, uid="2"))
        assert await flow.effects() == ["ack"]


async def test_our_own_mail_in_the_inbox_is_left_alone(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        placed = await flow.observation.arrived("ana", sighting(letter(From=ANA, Auto_Submitted="auto-generated")))
        assert placed == Placed(None)
        assert await flow.store.stories(None, None, None) == ()


async def test_seen_is_noted_once_and_brings_the_receipt_that_was_asked_for(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        placed = await relayed(flow, **ASKED)
        for _ in range(2):
            await flow.observation.changed("ana", [change(placed, set(), {"\\Seen"})], NOW)
        assert await kinds(flow) == ["received", "relayed", "seen"]
        assert await flow.effects() == ["ack", "receipt"]


@pytest.mark.parametrize("others", [(), ("alias@client.example",)])
async def test_who_is_to_be_left_in_silence_is_by_whatever_name_they_write(
    tmp_path: Path, others: tuple[str, ...]
) -> None:
    async with flowing(tmp_path, {"receipt": {"send": "always"}}) as flow:
        await flow.store.save("ana", Client(address=CARLA, quiet=True))
        for address in others:
            await flow.store.save("ana", Client(address=address))
        placed = await relayed(flow, From="Carla <alias@client.example>")
        await flow.observation.changed("ana", [change(placed, set(), {"\\Seen"})], NOW)
        assert "seen" in await kinds(flow)
        assert await flow.effects() == []


async def test_marked_unread_within_the_grace_period_no_receipt_is_due(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        placed = await relayed(flow, **ASKED)
        await flow.observation.changed("ana", [change(placed, set(), {"\\Seen"})], NOW)
        await flow.observation.changed("ana", [change(placed, {"\\Seen"}, set())], NOW)
        assert await flow.effects() == ["ack"]
        await flow.observation.changed("ana", [change(placed, set(), {"\\Seen"})], NOW)
        assert await flow.effects() == ["ack", "receipt"]


async def asking(flow: Flow, count: int, **fields: str) -> list[Placed]:
    """Messages that all ask for a receipt, in the inbox and unread."""
    return [await relayed(flow, f"n{number}", **ASKED, **fields) for number in range(count)]


def receipts_of(effects: list[str]) -> int:
    return effects.count("receipt")


OFTEN = {"receipt": {"bulk": 3}}


async def test_a_folder_marked_as_read_sends_no_receipts_and_a_few_opened_ones_do(tmp_path: Path) -> None:
    async with flowing(tmp_path, OFTEN) as flow:
        placed = await asking(flow, 8)
        await flow.observation.changed("ana", [change(one, set(), {"\\Seen"}) for one in placed[:3]], NOW)
        assert receipts_of(await flow.effects()) == 3
        flow.clock.advance(timedelta(seconds=2))
        await flow.observation.changed("ana", [change(one, set(), {"\\Seen"}) for one in placed[3:]], NOW)
        assert receipts_of(await flow.effects()) == 3
        stories = await flow.store.stories("ana", None, None)
        assert [story.read is not None for story in stories] == [True] * 3 + [False] * 5
        assert all(story.seen is not None for story in stories)


async def test_marked_as_read_in_two_steps_the_receipts_of_the_first_are_taken_back(tmp_path: Path) -> None:
    async with flowing(tmp_path, OFTEN) as flow:
        placed = await asking(flow, 5)
        await flow.observation.changed("ana", [change(one, set(), {"\\Seen"}) for one in placed[:2]], NOW)
        flow.clock.advance(timedelta(milliseconds=600))
        await flow.observation.changed("ana", [change(one, set(), {"\\Seen"}) for one in placed[2:]], NOW)
        assert receipts_of(await flow.effects()) == 0
        assert all(story.read is None for story in await flow.store.stories("ana", None, None))


async def test_opened_one_by_one_each_gets_its_receipt(tmp_path: Path) -> None:
    async with flowing(tmp_path, OFTEN) as flow:
        for one in await asking(flow, 6):
            await flow.observation.changed("ana", [change(one, set(), {"\\Seen"})], NOW)
            flow.clock.advance(timedelta(seconds=3))
        assert receipts_of(await flow.effects()) == 6


async def test_copies_of_one_message_count_once(tmp_path: Path) -> None:
    async with flowing(tmp_path, OFTEN) as flow:
        placed = await asking(flow, 2)
        await flow.observation.changed("ana", [change(one, set(), {"\\Seen"}) for one in placed * 3], NOW)
        assert receipts_of(await flow.effects()) == 2


async def test_one_of_many_that_is_marked_unread_and_opened_again_gets_its_receipt(tmp_path: Path) -> None:
    async with flowing(tmp_path, OFTEN) as flow:
        placed = await asking(flow, 4)
        await flow.observation.changed("ana", [change(one, set(), {"\\Seen"}) for one in placed], NOW)
        flow.clock.advance(timedelta(minutes=5))
        await flow.observation.changed("ana", [change(placed[0], {"\\Seen"}, set())], NOW)
        await flow.observation.changed("ana", [change(placed[0], set(), {"\\Seen"})], NOW)
        assert receipts_of(await flow.effects()) == 1


class Torn:
    """A record that breaks on one message, or is away for it."""

    def __init__(self, store: Store, ref: Ref | None, error: Exception) -> None:
        self._store, self.ref, self._error = store, ref, error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def append(self, ref: Ref, events: Sequence[Event], effects: Sequence[Effect]) -> bool:
        if ref == self.ref:
            raise self._error
        return await self._store.append(ref, events, effects)


async def test_one_message_that_breaks_us_keeps_no_other_from_being_told_of(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        placed = await asking(flow, 3)
        torn = Torn(flow.store, placed[1].ref, ValueError("carla@client.example"))
        observation = replace(flow.observation, record=torn)
        await observation.changed("ana", [change(one, set(), {"\\Seen"}) for one in placed], NOW)
        assert receipts_of(await flow.effects()) == 2
        assert list(flow.alerts.standing()) == ["change-skipped mailbox=ana"]


async def test_told_again_after_the_record_was_away_a_bulk_mark_is_one_still(tmp_path: Path) -> None:
    async with flowing(tmp_path, OFTEN) as flow:
        placed = await asking(flow, 5)
        torn = Torn(flow.store, placed[4].ref, Unavailable("the record is away"))
        observation = replace(flow.observation, record=torn)
        changes = [change(one, set(), {"\\Seen"}) for one in placed]
        with pytest.raises(Unavailable):
            await observation.changed("ana", changes, NOW)
        torn.ref = None
        flow.clock.advance(timedelta(minutes=1))
        await observation.changed("ana", changes, NOW)
        assert receipts_of(await flow.effects()) == 0
        assert [await kinds(flow, f"n{number}") for number in range(5)] == [["received", "relayed", "seen"]] * 5


async def test_when_nobody_looked_before_it_was_seen_at_some_time_since_it_came(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        placed = await relayed(flow)
        assert placed.ref is not None
        flow.clock.advance(timedelta(hours=2))
        await flow.observation.changed("ana", [change(placed, set(), {"\\Seen"})], NOW - timedelta(days=9999))
        story = await flow.store.story(placed.ref)
        assert story is not None
        assert story.seen == Seen(at=NOW + timedelta(hours=2), since=NOW)


async def test_an_answer_closes_the_message_and_every_earlier_one_of_the_same_person(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        for name in ("first", "second", "third"):
            await flow.arrive(letter(name))
            flow.clock.advance(timedelta(minutes=1))
        answer = letter("answer", "Until Thursday.", From=ANA, To=CARLA, In_Reply_To="<second@client.example>")
        for _ in range(2):
            await flow.observation.sent("ana", sighting(answer, at=flow.clock.now()))
        assert "answered" in await kinds(flow, "first")
        assert (await kinds(flow, "second")).count("answered") == 1
        assert "answered" not in await kinds(flow, "third")


async def test_a_letter_in_a_thread_of_its_own_closes_what_waits_of_a_client_on_the_roster(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        await flow.arrive(letter("first"))
        fresh = letter("fresh", "I keep thinking of it.", From=ANA, To=CARLA, Subject="Thursday")
        await flow.observation.sent("ana", sighting(fresh, at=flow.clock.now()))
        assert "answered" not in await kinds(flow, "first")
        await flow.store.save("ana", Client(address=CARLA))
        await flow.observation.sent("ana", sighting(fresh, at=flow.clock.now()))
        assert "answered" in await kinds(flow, "first")


async def test_what_an_answer_leaves_open_has_a_reminder_of_its_own(tmp_path: Path) -> None:
    async with flowing(tmp_path, {"answer": {"promise": "within 24h"}}, watched=True) as flow:
        await flow.arrive(letter("first"))
        flow.clock.advance(timedelta(hours=1))
        await flow.arrive(letter("second"))
        assert (await flow.effects()).count("nudge") == 1
        answer = letter("answer", "Until Thursday.", From=ANA, To=CARLA, In_Reply_To="<first@client.example>")
        for _ in range(2):
            await flow.observation.sent("ana", sighting(answer, at=flow.clock.now()))
        assert (await flow.effects()).count("nudge") == 1
        rest = letter("rest", "Until Thursday.", From=ANA, To=CARLA, In_Reply_To="<second@client.example>")
        await flow.observation.sent("ana", sighting(rest, at=flow.clock.now()))
        assert "nudge" not in await flow.effects()


async def test_the_flag_of_an_answer_leaves_a_reminder_of_the_rest_as_well(tmp_path: Path) -> None:
    async with flowing(tmp_path, {"answer": {"promise": "within 24h"}}, watched=True) as flow:
        placed = await relayed(flow)
        flow.clock.advance(timedelta(hours=1))
        await flow.arrive(letter("second"))
        await flow.observation.changed("ana", [change(placed, set(), {"\\Answered"})], NOW)
        assert (await flow.effects()).count("nudge") == 1


CONTROL = "ana+handrail@hopestreet.example"


@asynccontextmanager
async def commanded(folder: Path) -> AsyncIterator[Flow]:
    """A mailbox that takes commands."""
    async with flowing(folder, watched=True) as flow:
        known = flow.arrival.in_force.settings
        ana = known.gateway.mailboxes["ana"].model_copy(update={"control": CONTROL})
        gateway = known.gateway.model_copy(update={"mailboxes": {"ana": ana}})
        flow.arrival.in_force.replace(known.model_copy(update={"gateway": gateway}), (ROUTE,))
        yield flow


def note(name: str, text: str, **fields: str) -> bytes:
    return letter(name, text, **{"From": ANA, "To": CONTROL, **fields})


async def test_an_answer_that_a_client_draws_to_the_control_address_is_an_answer_and_no_note(tmp_path: Path) -> None:
    async with commanded(tmp_path) as flow:
        await flow.arrive(letter(Cc=CONTROL))
        answer = note("answer", "About your sister:", To=CARLA, Cc=CONTROL, In_Reply_To="<one@client.example>")
        await flow.observation.sent("ana", sighting(answer))
        assert await flow.store.note("ana") is None
        assert "answered" in await kinds(flow)


async def test_a_note_bears_the_date_of_its_writing_and_an_older_one_replaces_none(tmp_path: Path) -> None:
    async with commanded(tmp_path) as flow:
        flow.clock.advance(timedelta(days=2))
        await flow.observation.sent("ana", sighting(note("new", "By the sea."), at=NOW + timedelta(days=1)))
        await flow.observation.sent("ana", sighting(note("old", "In the hills."), at=NOW))
        kept = await flow.store.note("ana")
        assert kept is not None
        assert (kept.text, kept.written) == ("By the sea.", NOW + timedelta(days=1))


async def test_a_machines_mail_in_sent_answers_nothing(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        await flow.arrive(letter())
        away = letter(
            "away", "I am away.", From=ANA, In_Reply_To="<one@client.example>", Auto_Submitted="auto-replied",
            Subject="Automatic reply: This week",
        )  # fmt: skip
        await flow.observation.sent("ana", sighting(away))
        assert "answered" not in await kinds(flow)


async def test_an_urgent_message_asks_for_its_tag_and_how_it_shows_is_noted_once(tmp_path: Path) -> None:
    async with flowing(tmp_path, {"urgency": {"trust_all": True}}) as flow:
        placed = await relayed(flow)
        assert placed.tags == frozenset({"$label1"})
        assert placed.ref is not None
        for _ in range(2):
            await flow.observation.tagged("ana", placed.ref, placed.tags, frozenset({"$Label1"}))
        assert (await kinds(flow)).count("tagged") == 1


async def test_old_mail_without_a_date_wakes_no_ack(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        await flow.observation.arrived("ana", sighting(letter(Date=""), at=NOW - timedelta(days=400)))
        assert await flow.effects() == []


async def test_a_forward_to_somebody_else_answers_nothing(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        await flow.arrive(letter())
        forward = letter("forward", "What do you think?", From=ANA, To="ben@hopestreet.example",
                         In_Reply_To="<one@client.example>")  # fmt: skip
        await flow.observation.sent("ana", sighting(forward))
        assert "answered" not in await kinds(flow)
