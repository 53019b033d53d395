"""Messages that a watch finds in a mailbox and nobody has recorded: taken up once, whoever they are for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.core.effects import Ack
from gateway.core.events import Origin, Received
from gateway.core.policy.client import Client
from gateway.core.replies import Reply
from gateway.core.routing import Route
from gateway.flow.in_force import InForce
from gateway.ports import Placed, Unavailable
from gateway.settings.schema import Settings
from tests.unit.flow.arriving import ANA, CARLA, ENVELOPE, NOW, ROUTE, Flow, flowing, letter, settings, sighting

BY_CARLA = f"Return-Path: <{CARLA}>\r\n".encode()
OFFICE = "office@hopestreet.example"


def two(folder: Path, *routes: Route, ana: dict[str, Any] | None = None) -> InForce:
    """Ana, whose mail comes without us unless `ana` says otherwise, and an office that takes the rest."""
    values = settings(folder).model_dump(by_alias=True)
    mailboxes = values["gateway"]["mailboxes"]
    mailboxes["office"] = {"address": OFFICE, "deliver": f"maildir:{folder}/office", "policy": "mornings"}
    mailboxes["ana"] |= {"deliver": None, "watch": f"maildir:{folder}/mail", **(ana or {})}
    values["gateway"]["practice"].pop("region", None)
    return InForce(Settings.model_validate(values), routes)


async def found(flow: Flow, content: bytes, **more: Any) -> Placed:
    return await flow.observation.arrived("ana", sighting(content, **more))


async def acks(flow: Flow) -> list[Ack]:
    claims = await flow.store.claim(flow.clock.now(), flow.clock.now() + timedelta(minutes=5), 100)
    return [claim.effect for claim in claims if isinstance(claim.effect, Ack)]


async def received(flow: Flow) -> list[Received]:
    return [story.received for story in await flow.store.stories(None, None, None) if story.received]


async def test_the_ack_comes_from_the_address_that_was_written_to(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        await found(flow, BY_CARLA + letter("one", To="Ana <ana+letters@hopestreet.example>"))
        await found(flow, b"Delivered-To: ana@internal\r\n" + BY_CARLA + letter("two"))
        assert [ack.sender for ack in await acks(flow)] == ["ana+letters@hopestreet.example", ANA]


async def test_a_message_that_lies_in_two_folders_is_one(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        first = await found(flow, BY_CARLA + letter())
        copy = sighting(b"X-Label: important\r\n" + BY_CARLA + letter(), uid="7")
        second = await flow.observation.arrived("ana", replace(copy, copy=replace(copy.copy, folder="All Mail")))
        assert first.ref == second.ref
        assert await flow.effects() == ["ack"]


async def test_a_message_without_an_id_is_one_in_two_folders_too(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        nameless = letter().replace(b"Message-ID: <one@client.example>\r\n", b"")
        await found(flow, BY_CARLA + nameless)
        await found(flow, BY_CARLA + nameless, uid="7")
        assert await flow.effects() == ["ack"]


@pytest.mark.parametrize(
    ("days", "recorded", "acked"), [(0, True, True), (2, True, False), (29, True, False), (31, False, False)]
)
async def test_the_older_a_message_is_the_less_is_said_to_it(
    tmp_path: Path, days: int, recorded: bool, acked: bool
) -> None:
    async with flowing(tmp_path) as flow:
        at = NOW - timedelta(days=days)
        written = letter(Date=f"{at:%a, %d %b %Y %H:%M:%S +0000}")
        placed = await found(flow, BY_CARLA + written, at=at)
        assert (placed.ref is not None) is recorded
        assert len(await received(flow)) == recorded
        assert len(await acks(flow)) == acked


async def test_old_mail_that_is_copied_here_today_is_told_by_its_own_traces(tmp_path: Path) -> None:
    async with flowing(tmp_path, {"urgency": {"trust_all": True, "alert": "urgent"}}) as flow:
        trace = b"Received: from mx.client.example by mx.old.example; Mon, 23 Nov 2020 20:09:00 +0000\r\n"
        nowhere = letter(Date="").replace(b"Date: \r\n", b"")
        ahead = letter("ahead", Date="Sat, 23 Nov 2030 20:09:00 +0000")
        for old in (nowhere, ahead):
            assert await found(flow, trace + BY_CARLA + old, at=NOW) == Placed(None)
        assert await flow.effects() == []
        assert await received(flow) == []


async def test_a_message_that_servers_kept_for_days_is_recorded_and_not_acked(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        trace = b"Received: from mx.client.example by mx.here.example; Mon, 23 Nov 2026 20:09:00 +0000\r\n"
        kept = b"Received: from phone by mx.client.example; Thu, 19 Nov 2026 20:09:00 +0000\r\n"
        await found(flow, trace + kept + BY_CARLA + letter(Date="").replace(b"Date: \r\n", b""), at=NOW)
        assert await acks(flow) == []
        [message] = await received(flow)
        assert "ack-too-old" in {reason.code for reason in message.reasons}


@pytest.mark.parametrize("late", ["20h", "30h"])
async def test_the_policy_says_until_when_a_late_ack_goes_out(tmp_path: Path, late: str) -> None:
    async with flowing(tmp_path, {"acknowledge": {"latest": late}}) as flow:
        await found(flow, BY_CARLA + letter(Date="Sun, 22 Nov 2026 20:09:00 +0000"))
        assert len(await acks(flow)) == (late == "30h")


async def test_what_a_web_form_sends_in_the_practices_name_is_kept_and_gets_no_ack(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        form = letter(From=f"Web form <{ANA}>", Reply_To=CARLA)
        assert (await found(flow, b"Return-Path: <ana@hopestreet.example>\r\n" + form)).ref is not None
        assert await acks(flow) == []
        assert len(await received(flow)) == 1
        assert await found(flow, letter("two", From=f"Ana <{ANA}>", Reply_To=ANA)) == Placed(None)


async def test_a_report_of_a_failure_is_kept_and_gets_no_ack(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        await found(
            flow, b"Return-Path: <>\r\n" + letter(From="MAILER-DAEMON@mx.client.example", Subject="Undelivered")
        )
        assert await acks(flow) == []
        [message] = await received(flow)
        assert message.origin is not Origin.PERSON


def test_mail_in_a_mailbox_is_its_own_whoever_else_takes_mail_to_its_domain(tmp_path: Path) -> None:
    everything = Route("*@hopestreet.example", "office", "mornings")
    house = two(tmp_path, everything)
    assert house.default_route("ana") == Route(ANA, "ana", "mornings")
    assert house.found_route("office", "info@hopestreet.example") == everything
    assert house.is_for("ana", "Ana+x@Hopestreet.example")
    assert not house.is_for("ana", "info@hopestreet.example")
    assert house.is_for("office", "info@hopestreet.example")


def test_a_route_for_an_address_decides_for_what_is_found_as_for_what_is_relayed(tmp_path: Path) -> None:
    bookings = Route("ana-bookings@hopestreet.example", "ana", "mornings")
    house = two(tmp_path, bookings, ROUTE, ana={"deliver": f"maildir:{tmp_path}/mail"})
    assert house.found_route("ana", "ana-bookings@hopestreet.example") == bookings
    assert house.found_route("ana", ANA) == ROUTE


def test_mail_for_a_mailbox_that_it_reaches_without_us_is_refused_as_not_taken_here(tmp_path: Path) -> None:
    house = two(tmp_path, Route(OFFICE, "office", "mornings"))
    said = {address: house.route(CARLA, address) for address in (ANA, OFFICE, "x@hopestreet.example", "x@y.example")}
    assert isinstance(said[OFFICE], Route)
    refused = {address: f"{reply.code} {reply.enhanced}" for address, reply in said.items() if isinstance(reply, Reply)}
    assert refused == {ANA: "550 5.7.1", "x@hopestreet.example": "550 5.1.1", "x@y.example": "550 5.7.1"}


# A break at each step.


@dataclass
class Breaking:
    """The record, which breaks once: at one of its calls, before or after it has done what was asked."""

    store: Any
    at: int
    done: bool
    calls: int = 0

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self.store, name)

        async def call(*arguments: Any, **named: Any) -> Any:
            self.calls += 1
            if self.calls != self.at:
                return await method(*arguments, **named)
            if self.done:
                await method(*arguments, **named)
            raise Unavailable("the record broke off")

        return call


def over(flow: Flow, record: Breaking) -> Flow:
    """The same flow over a record that breaks."""
    named = {"record": record, "roster": record, "notes": record}
    return replace(
        flow,
        arrival=replace(flow.arrival, **named),  # type: ignore[arg-type]
        observation=replace(flow.observation, stories=record, **named),  # type: ignore[arg-type]
    )


async def steps(folder: Path, do: Callable[[Flow], Awaitable[object]]) -> int:
    """How often the record is asked where nothing breaks."""
    async with flowing(folder) as flow:
        record = Breaking(flow.store, 0, done=False)
        await do(over(flow, record))
        return record.calls


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
async def test_a_break_at_any_step_of_taking_up_leaves_exactly_one_ack(tmp_path: Path, done: bool) -> None:
    async def take_up(flow: Flow) -> None:
        await found(flow, BY_CARLA + letter())

    most = await steps(tmp_path / "whole", take_up)
    assert most > 3
    for step in range(1, most + 1):
        async with flowing(tmp_path / str(step)) as flow:
            with pytest.raises(Unavailable):
                await take_up(over(flow, Breaking(flow.store, step, done)))
            assert (await flow.effects()).count("ack") <= 1
            await take_up(flow)
            assert await flow.effects() == ["ack"]
            assert len(await received(flow)) == 1


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
async def test_a_break_at_any_step_of_relaying_is_made_good_from_the_mailbox_with_one_ack(
    tmp_path: Path, done: bool
) -> None:
    async def relay(flow: Flow) -> Reply:
        return await flow.arrive(letter(), ENVELOPE)

    most = await steps(tmp_path / "whole", relay)
    assert most >= 3
    for step in range(1, most + 1):
        async with flowing(tmp_path / str(step)) as flow:
            assert (await relay(over(flow, Breaking(flow.store, step, done)))).accepted
            assert (await flow.effects()).count("ack") <= 1
            [content] = flow.downstream.taken
            await found(flow, BY_CARLA + content)
            await relay(flow)  # the peer, who may not have heard that it was taken, tries again
            assert await flow.effects() == ["ack"]
            assert len(await received(flow)) == 1


@pytest.mark.parametrize(("hours", "acked"), [(3, True), (23, True), (30, False)])
async def test_what_was_relayed_while_the_record_was_down_is_acked_late_or_not_at_all_and_recorded(
    tmp_path: Path, hours: int, acked: bool
) -> None:
    async with flowing(tmp_path, {"answer": {"promise": "within 48h"}}) as flow:
        down = flow.arrival
        for step in range(1, 4):  # it is asked three times, and breaks off each time
            down = replace(down, record=Breaking(down.record, step, done=False))  # type: ignore[arg-type]
        assert (await down(ROUTE, ENVELOPE, letter())).accepted
        assert await received(flow) == []
        flow.clock.advance(timedelta(hours=hours))
        await found(flow, BY_CARLA + flow.downstream.taken[0], at=NOW)
        said = await acks(flow)
        assert len(said) == acked
        assert all(ack.until == NOW - timedelta(minutes=1) + timedelta(days=1) for ack in said)
        [message] = await received(flow)
        assert message.answer_by == flow.clock.now() + timedelta(hours=48)


def answer(to: str, **fields: str) -> bytes:
    return letter("answer", "Until Thursday.", From=ANA, To=to, Date="Mon, 23 Nov 2026 21:09:30 +0100", **fields)


@pytest.mark.parametrize("fields", [{"In_Reply_To": "<one@client.example>"}, {}], ids=["in its thread", "by itself"])
async def test_what_was_answered_before_it_was_found_is_closed_and_gets_no_ack(
    tmp_path: Path, fields: dict[str, str]
) -> None:
    async with flowing(tmp_path, {"answer": {"promise": "within 24h"}}, watched=True) as flow:
        await flow.store.save("ana", Client(address=CARLA))
        await flow.observation.sent("ana", sighting(answer(CARLA, **fields), at=NOW - timedelta(hours=1)))
        for name, ago in (("earlier", 3), ("one", 2)):
            at = NOW - timedelta(hours=ago)
            dated = letter(name, Date=f"{at:%a, %d %b %Y %H:%M:%S +0000}")
            for _ in range(2):
                await found(flow, BY_CARLA + dated, at=at)
        later = letter("later", Date=f"{NOW - timedelta(minutes=5):%a, %d %b %Y %H:%M:%S +0000}")
        await found(flow, BY_CARLA + later, at=NOW - timedelta(minutes=5))
        stories = {story.received.message_id: story for story in await flow.store.stories(None, None, None)}  # type: ignore[union-attr]
        answered = {name.strip("<>").partition("@")[0]: story.answered is not None for name, story in stories.items()}
        assert answered == {"earlier": True, "one": True, "later": False}
        assert [ack.in_reply_to for ack in await acks(flow)] == ["<later@client.example>"]
        assert "ack-answered" in {reason.code for reason in stories["<one@client.example>"].received.reasons}  # type: ignore[union-attr]


async def test_what_bears_the_mark_of_an_answer_gets_no_late_ack(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        await found(flow, BY_CARLA + letter(), flags=frozenset({"\\Answered", "\\Seen"}))
        assert await acks(flow) == []
        assert len(await received(flow)) == 1


async def test_what_is_sent_to_somebody_else_answers_nothing(tmp_path: Path) -> None:
    async with flowing(tmp_path) as flow:
        forwarded = answer("ben@quietroom.example", In_Reply_To="<one@client.example>")
        await flow.observation.sent("ana", sighting(forwarded, at=NOW))
        await found(flow, BY_CARLA + letter(), at=NOW - timedelta(minutes=1))
        assert len(await acks(flow)) == 1
