"""Commands by mail over a real store: proven by Sent or by SMTP, done once, told once, and to the therapist alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway.core.decide.command import NEWS, PROOF
from gateway.core.decide.tokens import Signer
from gateway.core.effects import ActionTold, NoteKept
from gateway.core.events import Recategorised, Ref, Waived
from gateway.core.message.facts import Envelope
from gateway.core.news import Action
from gateway.core.policy.client import Client
from gateway.core.replies import Reply
from gateway.core.routing import Route
from gateway.ports import Claim
from tests.unit.flow.arriving import ANA, CARLA, NOW, SIGNER, Flow, flowing, letter, sighting

CONTROL, SERVER = "ana+handrail@hopestreet.example", "mx.hopestreet.example"
PROOF_FIELD = f"{SERVER}; dmarc=pass header.from=hopestreet.example"
LATER = NOW + timedelta(days=2)


@asynccontextmanager
async def practising(folder: Path) -> AsyncIterator[tuple[Flow, Ref]]:
    """A message of Carla's lies in the mailbox, and its ack is off the table."""
    policy: dict[str, object] = {"billing": {"rate": "45.00 EUR"}}
    async with flowing(folder, policy, watched=True, control=CONTROL, trusted_authserv=SERVER) as flow:
        await flow.arrive(letter())
        await claims(flow)
        yield flow, await flow.ref("<one@client.example>")


async def claims(flow: Flow, at: datetime | None = None) -> list[Claim]:
    """What the outbox would carry out by then, settled at once."""
    at = at or flow.clock.now()
    found = list(await flow.store.claim(at, at + timedelta(minutes=1), 50))
    for claim in found:
        await flow.store.settle(claim, ())
    return found


async def told(flow: Flow, at: datetime | None = None) -> list[ActionTold]:
    effects = [claim.effect for claim in await claims(flow, at)]
    assert all(effect.to == ANA for effect in effects)
    return [effect for effect in effects if isinstance(effect, ActionTold)]


def token(action: Action, ref: Ref | None, until: datetime = NOW + timedelta(days=14), mailbox: str = "ana") -> str:
    return SIGNER.link(mailbox, action, ref.key if ref else "", until, "digest").token


def command(subject: str, name: str = "command", text: str = "", **fields: str) -> bytes:
    return letter(name, text, **{"From": ANA, "To": CONTROL, "Subject": subject, **fields})


async def by_sent(flow: Flow, content: bytes, at: datetime = NOW) -> None:
    await flow.observation.sent("ana", sighting(content, at=at))


async def by_smtp(flow: Flow, content: bytes, *, proven: bool = True) -> Reply:
    proof = f"Authentication-Results: {PROOF_FIELD}\r\n".encode() if proven else b""
    return await flow.arrival(Route(CONTROL, "ana", "mornings"), Envelope(ANA, (CONTROL,)), proof + content)


async def events(flow: Flow, ref: Ref) -> list[str]:
    story = await flow.store.story(ref)
    assert story is not None
    return [event.kind for event in story.events]


async def test_a_charge_is_waived_by_a_mail_in_sent(tmp_path: Path) -> None:
    async with practising(tmp_path) as (flow, ref):
        await by_sent(flow, command(f"Waive {token(Action.WAIVE, ref)}", text="Reason: a gift"))
        story = await flow.store.story(ref)
        assert story is not None
        assert story.waived == Waived(at=NOW, by="digest", note="a gift")
        assert [(one.fate, one.author) for one in await told(flow)] == [("done", CARLA)]


async def test_a_message_is_put_among_appointments_by_a_verified_mail(tmp_path: Path) -> None:
    async with practising(tmp_path) as (flow, ref):
        await by_smtp(flow, command(f"Re: Appointment {token(Action.SCHEDULING, ref)}"))
        story = await flow.store.story(ref)
        assert story is not None
        assert story.category == "scheduling"
        assert [one.fate for one in await told(flow)] == ["done"]


@pytest.mark.parametrize("smtp_first", [True, False])
async def test_what_comes_by_both_ways_is_done_once_and_told_once(tmp_path: Path, smtp_first: bool) -> None:
    async with practising(tmp_path) as (flow, ref):
        content = command(f"Waive {token(Action.WAIVE, ref)}")
        if smtp_first:
            await by_smtp(flow, content)
            await by_sent(flow, content)
        else:
            await by_sent(flow, content)
            await by_smtp(flow, content)
        assert (await events(flow, ref)).count("waived") == 1
        assert [one.fate for one in await told(flow)] == ["done"]


@pytest.mark.parametrize("smtp_first", [True, False])
async def test_what_smtp_does_not_prove_sent_proves(tmp_path: Path, smtp_first: bool) -> None:
    async with practising(tmp_path) as (flow, ref):
        content = command(f"Waive {token(Action.WAIVE, ref)}")
        if smtp_first:
            await by_smtp(flow, content, proven=False)
            assert "waived" not in await events(flow, ref)
            await by_sent(flow, content)
        else:
            await by_sent(flow, content)
            await by_smtp(flow, content, proven=False)
        assert (await events(flow, ref)).count("waived") == 1
        assert [one.fate for one in await told(flow, LATER)] == ["done"]


async def test_a_second_mail_with_the_same_token_does_nothing_and_is_told_so(tmp_path: Path) -> None:
    async with practising(tmp_path) as (flow, ref):
        subject = f"Appointment {token(Action.SCHEDULING, ref)}"
        await by_sent(flow, command(subject))
        await by_sent(flow, command(f"As {token(Action.AS_FOUND, ref)}", "back"))
        await by_sent(flow, command(f"Fwd: {subject}", "again"))
        story = await flow.store.story(ref)
        assert story is not None
        assert story.category == ""
        assert [one.fate for one in await told(flow)] == ["done", "done", "before"]


async def test_a_forger_is_relayed_gets_no_ack_and_the_therapist_is_told(tmp_path: Path) -> None:
    async with practising(tmp_path) as (flow, ref):
        content = command(f"Waive {token(Action.WAIVE, ref)}")
        reply = await flow.arrival(
            Route(CONTROL, "ana", "mornings"), Envelope("mallory@elsewhere.example", (CONTROL,)), content
        )
        assert reply.accepted
        assert await events(flow, ref) == ["received", "relayed"]
        assert await claims(flow, NOW + PROOF - timedelta(minutes=1)) == []
        assert [one.fate for one in await told(flow, LATER)] == ["unproven"]


@pytest.mark.parametrize(
    ("made", "fate"),
    [
        (lambda ref: token(Action.WAIVE, ref, until=NOW), "expired"),
        (lambda ref: Signer(bytes([7]) * 32).link("ana", Action.WAIVE, ref.key, LATER, "d").token, "unknown"),
        (lambda ref: token(Action.WAIVE, ref)[:60], "unknown"),
        (lambda ref: token(Action.WAIVE, Ref("ana", "ee" * 32)), "gone"),
    ],
    ids=["too old", "forged", "cut", "of a message that is gone"],
)
async def test_what_is_not_done_is_told_with_its_reason(tmp_path: Path, made: object, fate: str) -> None:
    async with practising(tmp_path) as (flow, ref):
        await by_sent(flow, command(f"Waive {made(ref)}"))  # type: ignore[operator]
        assert await events(flow, ref) == ["received", "relayed"]
        assert [one.fate for one in await told(flow)] == [fate]


async def test_a_link_of_another_mailbox_is_told_as_such(tmp_path: Path) -> None:
    async with practising(tmp_path) as (flow, ref):
        known = flow.arrival.in_force.settings
        both = {**known.gateway.mailboxes, "ben": known.gateway.mailboxes["ana"]}
        gateway = known.gateway.model_copy(update={"mailboxes": both})
        flow.arrival.in_force.replace(known.model_copy(update={"gateway": gateway}), ())
        await by_sent(flow, command(f"Waive {token(Action.WAIVE, ref, mailbox='ben')}"))
        assert "waived" not in await events(flow, ref)
        assert [one.fate for one in await told(flow)] == ["elsewhere"]


async def test_an_old_mail_that_is_met_anew_is_not_spoken_of(tmp_path: Path) -> None:
    async with practising(tmp_path) as (flow, ref):
        old = command(f"Waive {token(Action.WAIVE, ref, until=NOW - timedelta(days=9))}")
        await by_sent(flow, old, NOW - NEWS - timedelta(hours=1))
        assert await told(flow, LATER) == []


async def test_somebody_is_muted_gets_no_ack_and_is_let_in_again_by_the_link_of_the_word_back(tmp_path: Path) -> None:
    async with practising(tmp_path) as (flow, ref):
        await flow.store.save("ana", Client(address=CARLA, name="Carla", urgent_word="bluebird"))
        await by_sent(flow, command(f"Mute {token(Action.MUTE, ref)}"))
        (word,) = await told(flow)
        assert word.undo is not None
        await flow.arrive(letter("two"))
        assert [claim.effect.kind for claim in await claims(flow)] == []
        await by_sent(flow, command(f"Unmute {word.undo.token}", "undo"))
        assert await flow.store.client("ana", CARLA) == Client(address=CARLA, name="Carla", urgent_word="bluebird")
        await flow.arrive(letter("three"))
        assert "ack" in [claim.effect.kind for claim in await claims(flow)]


async def test_a_presence_note_is_left_once_and_without_words_not_at_all(tmp_path: Path) -> None:
    async with practising(tmp_path) as (flow, _):
        link = token(Action.NOTE, None)
        await by_sent(flow, command(f"Note {link}", "empty"))
        assert await flow.store.note("ana") is None
        assert [one.fate for one in await told(flow)] == ["empty"]
        await by_sent(flow, command(f"Note {link}", "first", "By the sea."))
        await by_sent(flow, command(f"Note {link}", "second", "In the hills."))
        note = await flow.store.note("ana")
        assert note is not None
        assert note.text == "By the sea."
        kinds = [claim.effect for claim in await claims(flow)]
        assert [type(one) for one in kinds] == [NoteKept, ActionTold]


async def test_a_command_counts_nowhere(tmp_path: Path) -> None:
    async with practising(tmp_path) as (flow, ref):
        await by_smtp(flow, command(f"Waive {token(Action.WAIVE, ref)}", text="Reason: " + "word " * 400))
        assert await flow.effects() == ["action-told"]
        mine = await flow.store.story(await flow.ref("<command@client.example>"))
        assert mine is not None
        assert mine.received is not None
        assert (mine.received.expect.value, mine.received.answer_by) == ("none", None)


async def test_what_was_said_of_a_message_is_in_its_story_in_order(tmp_path: Path) -> None:
    async with practising(tmp_path) as (flow, ref):
        await by_sent(flow, command(f"A {token(Action.SCHEDULING, ref)}", "a"))
        await by_sent(flow, command(f"W {token(Action.WAIVE, ref)}", "w"))
        story = await flow.store.story(ref)
        assert story is not None
        assert [type(one) for one in story.events[2:]] == [Recategorised, Waived]
