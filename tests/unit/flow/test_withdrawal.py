"""A message is taken back: out of a real Maildir, with a real store, and told the same however often it is tried."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.core.effects import Staying, Withdrawal
from gateway.core.events import Acknowledged, Level, Ref
from gateway.core.history import Story
from gateway.core.tracking import Copy, FlagChange
from gateway.flow.withdrawal import TakingBack
from gateway.mailbox.moves import MaildirMoves
from gateway.ports import Moves, Unavailable
from tests.unit.flow.arriving import CARLA, NOW, Flow, flowing, letter, sighting

UNREAD: dict[str, object] = {"withdraw": "unread", "answer": {"promise": "within 24h", "nudge": "2h"}}
LATER = timedelta(minutes=10)


@dataclass
class Back:
    """A flow whose downstream is a Maildir."""

    flow: Flow
    root: Path
    taking_back: TakingBack
    #: What may be done in the mailbox; None takes it away.
    moves: Moves | None

    async def write(self, name: str = "one", text: str = "I hate my brother.", **fields: str) -> Ref:
        """A message arrives, is put into the mailbox, and is acked."""
        fields.setdefault("Message_ID", f"<{name}@client.example>")
        await self.flow.arrive(letter(name, text, **fields))
        (self.root / "new" / f"{uuid.uuid4().hex}.example").write_bytes(self.flow.downstream.taken[-1])
        ref = await self.flow.ref(f"<{name}@client.example>")
        await self.flow.store.append(ref, [Acknowledged(at=NOW, message_id=await self._ack_of(ref))], ())
        return ref

    async def _ack_of(self, ref: Ref) -> str:
        """The Message-ID that the ack of a message was given, taken as sent."""
        claims = await self.flow.store.claim(self.flow.clock.now(), self.flow.clock.now(), 10)
        for claim in claims:
            if claim.effect.ref == ref and claim.effect.kind == "ack":
                await self.flow.store.settle(claim, ())
                return claim.message_id
        return f"<{'0' * 32}@hopestreet.example>"

    async def ask(self, ref: Ref, name: str = "two", text: str = "WITHDRAW") -> Withdrawal | None:
        """Its writer answers the ack, a while later; what is to be done, if anything is."""
        self.flow.clock.advance(LATER)
        story = await self.story(ref)
        ack = next(event.message_id for event in story.events if isinstance(event, Acknowledged))
        await self.write(name, text, In_Reply_To=ack, References=f"<one@client.example> {ack}")
        claims = await self.flow.store.claim(self.flow.clock.now(), self.flow.clock.now() + LATER, 10)
        return next((one.effect for one in claims if isinstance(one.effect, Withdrawal)), None)

    async def take(self, ref: Ref) -> Staying:
        """Ask, and have it carried out; what came of it."""
        effect = await self.ask(ref)
        assert effect is not None
        return (await self.taking_back(effect)).staying

    async def story(self, ref: Ref) -> Story:
        story = await self.flow.store.story(ref)
        assert story is not None
        return story

    async def kinds(self, ref: Ref) -> list[str]:
        return [event.kind for event in (await self.story(ref)).events]

    def files(self, folder: str = "") -> list[str]:
        """The first lines of text of the messages in a folder."""
        path = self.root / folder
        files = sorted(file for part in ("new", "cur") for file in (path / part).glob("*"))
        return [file.read_bytes().partition(b"\r\n\r\n")[2].decode().splitlines()[0] for file in files]

    def open(self, text: str, folder: str = "") -> None:
        """The therapist opens the message with a text."""
        for file in (self.root / folder).glob("[nc]??/*"):
            if text.encode() in file.read_bytes():
                file.rename(self.root / folder / "cur" / f"{file.name.partition(':2,')[0]}:2,S")


@asynccontextmanager
async def backing(tmp_path: Path, policy: dict[str, object] | None = None) -> AsyncIterator[Back]:
    root = tmp_path / "mail"
    for part in ("new", "cur", "tmp"):
        (root / part).mkdir(parents=True)
    async with flowing(tmp_path, policy or UNREAD, watched=True) as flow:
        back = Back(flow, root, None, MaildirMoves(root))  # type: ignore[arg-type]
        in_force = flow.arrival.in_force
        back.taking_back = TakingBack(
            flow.clock, flow.store, in_force, lambda _: back.moves, flow.observation.remind_of_the_rest
        )
        yield back


async def test_an_unread_message_lies_in_the_folder_for_it_with_the_mail_that_asked(tmp_path: Path) -> None:
    async with backing(tmp_path) as back:
        ref = await back.write()
        assert await back.take(ref) == ""
        assert back.files() == []
        assert sorted(back.files(".Withdrawn")) == ["I hate my brother.", "WITHDRAW"]
        assert "withdrawn" in await back.kinds(ref)
        asking = await back.flow.ref("<two@client.example>")
        assert await back.kinds(asking) == ["received", "relayed", "acknowledged", "withdrawn"]


async def test_a_message_that_was_opened_stays_and_so_does_the_mail_that_asked(tmp_path: Path) -> None:
    async with backing(tmp_path) as back:
        ref = await back.write()
        back.open("brother")
        assert await back.take(ref) == "seen"
        assert sorted(back.files()) == ["I hate my brother.", "WITHDRAW"]
        assert (await back.kinds(ref))[-1] == "not-withdrawn"
        assert "withdrawn" not in await back.kinds(await back.flow.ref("<two@client.example>"))


async def test_a_crisis_stays_and_nobody_looks_at_the_mailbox(tmp_path: Path) -> None:
    async with backing(tmp_path) as back:
        usual = await back.write()
        effect, received = await back.ask(usual), (await back.story(usual)).received
        assert effect is not None
        assert received is not None
        crisis = Ref("ana", "c" * 64)
        await back.flow.store.append(crisis, [replace(received, level=Level.CRISIS)], ())
        back.moves = Away()
        assert (await back.taking_back(replace(effect, ref=crisis))).staying == "crisis"
        assert (await back.kinds(crisis))[-1] == "not-withdrawn"


async def test_what_is_not_in_the_inbox_is_gone(tmp_path: Path) -> None:
    async with backing(tmp_path) as back:
        ref = await back.write()
        next((back.root / "new").iterdir()).unlink()
        assert await back.take(ref) == "gone"
        assert (await back.kinds(ref))[-1] == "not-withdrawn"


async def test_what_came_just_now_may_be_on_its_way_to_the_mailbox(tmp_path: Path) -> None:
    async with backing(tmp_path) as back:
        ref = await back.write()
        file = next((back.root / "new").iterdir())
        effect = await back.ask(ref)
        assert effect is not None
        back.flow.clock.set(NOW + timedelta(seconds=30))
        file = file.rename(tmp_path / "on its way")
        with pytest.raises(Unavailable, match="not in the mailbox yet"):
            await back.taking_back(effect)
        file.rename(back.root / "new" / "arrived.example")
        assert (await back.taking_back(effect)).staying == ""


async def test_a_mailbox_that_is_not_watched_any_more_gives_nothing_back(tmp_path: Path) -> None:
    async with backing(tmp_path) as back:
        ref = await back.write()
        back.moves = None
        assert await back.take(ref) == "policy"


async def test_a_policy_that_has_it_not_takes_the_word_for_mail_like_any_other(tmp_path: Path) -> None:
    async with backing(tmp_path, {"withdraw": "never"}) as back:
        ref = await back.write()
        assert await back.ask(ref) is None
        received = (await back.story(await back.flow.ref("<two@client.example>"))).received
        assert received is not None
        assert received.request == ""


class Away:
    """A mailbox that does not answer."""

    async def move(self, copy: Copy, folder: str, *, unseen: bool = False) -> bool:
        raise Unavailable("the mail server does not answer")

    async def find(self, folder: str, message_id: str, since: object) -> tuple[Copy, ...]:
        raise Unavailable("the mail server does not answer")


class BreaksOff:
    """A mailbox whose every move is done, and breaks off before anybody hears of it."""

    def __init__(self, moves: Moves) -> None:
        self.moves, self.broken = moves, True

    async def move(self, copy: Copy, folder: str, *, unseen: bool = False) -> bool:
        moved = await self.moves.move(copy, folder, unseen=unseen)
        if self.broken:
            raise Unavailable("the connection was lost")
        return moved

    async def find(self, folder: str, message_id: str, since: object) -> tuple[Copy, ...]:
        return await self.moves.find(folder, message_id, since)  # type: ignore[arg-type]


async def test_a_try_that_broke_off_after_the_move_is_told_as_what_it_was(tmp_path: Path) -> None:
    async with backing(tmp_path) as back:
        ref = await back.write()
        effect = await back.ask(ref)
        assert effect is not None
        assert back.moves is not None
        back.moves = BreaksOff(back.moves)
        with pytest.raises(Unavailable):
            await back.taking_back(effect)
        assert back.files(".Withdrawn") == ["I hate my brother."]
        assert "withdrawn" not in await back.kinds(ref)
        back.moves.broken = False
        assert (await back.taking_back(effect)).staying == ""
        assert back.files() == []
        assert (await back.kinds(ref)).count("withdrawn") == 1


async def test_opened_in_its_new_place_before_anybody_was_told_it_goes_back(tmp_path: Path) -> None:
    async with backing(tmp_path) as back:
        ref = await back.write()
        effect = await back.ask(ref)
        assert effect is not None
        assert back.moves is not None
        back.moves = BreaksOff(back.moves)
        with pytest.raises(Unavailable):
            await back.taking_back(effect)
        back.open("brother", ".Withdrawn")
        back.moves.broken = False
        assert (await back.taking_back(effect)).staying == "seen"
        assert sorted(back.files()) == ["I hate my brother.", "WITHDRAW"]


async def test_tried_again_it_says_the_same_though_it_was_opened_since(tmp_path: Path) -> None:
    async with backing(tmp_path) as back:
        ref = await back.write()
        effect = await back.ask(ref)
        assert effect is not None
        assert (await back.taking_back(effect)).staying == ""
        back.open("brother", ".Withdrawn")
        assert (await back.taking_back(effect)).staying == ""
        assert (await back.kinds(ref)).count("withdrawn") == 1
        assert back.files() == []


async def test_of_several_copies_all_go_or_none(tmp_path: Path) -> None:
    async with backing(tmp_path) as back:
        ref = await back.write()
        second = back.flow.downstream.taken[-1]
        (back.root / "cur" / "another.example:2,S").write_bytes(second)
        assert await back.take(ref) == "seen"
        assert back.files(".Withdrawn") == []
        assert back.files().count("I hate my brother.") == 2


async def test_it_is_asked_for_once_however_often_it_is_asked(tmp_path: Path) -> None:
    async with backing(tmp_path) as back:
        ref = await back.write()
        assert await back.take(ref) == ""
        await back.ask(ref, "three")
        assert (await back.flow.effects()).count("withdrawal") == 1


async def test_no_receipt_goes_for_it_though_somebody_opens_it_there(tmp_path: Path) -> None:
    async with backing(tmp_path, {**UNREAD, "receipt": {"send": "always", "grace": "0"}}) as back:
        ref = await back.write()
        assert await back.take(ref) == ""
        before, now = (Copy("Withdrawn", "1", flags, ref) for flags in (frozenset[str](), frozenset({"\\Seen"})))
        await back.flow.observation.changed("ana", [FlagChange(before, now)], NOW)
        assert "receipt" not in await back.flow.effects()


async def test_the_mail_that_asked_follows_where_it_is_met_only_later(tmp_path: Path) -> None:
    async with backing(tmp_path) as back:
        ref = await back.write()
        effect = await back.ask(ref)
        assert effect is not None
        back.open("WITHDRAW")  # so that the file is known by its name
        next((back.root / "cur").iterdir()).unlink()
        assert (await back.taking_back(effect)).staying == ""
        placed = await back.flow.observation.arrived("ana", sighting(back.flow.downstream.taken[-1]))
        assert placed.folder == "Withdrawn"
        taken = await back.flow.observation.arrived("ana", sighting(back.flow.downstream.taken[0]))
        assert taken.folder == ""


async def test_nobody_is_reminded_of_it_but_of_what_else_was_promised(tmp_path: Path) -> None:
    async with backing(tmp_path) as back:
        ref = await back.write()
        other = await back.write("other", "And something else.")
        assert (await back.flow.effects()).count("nudge") == 1
        assert await back.take(ref) == ""
        claims = await back.flow.store.claim(NOW + timedelta(days=2), NOW + timedelta(days=3), 10)
        nudges = [claim.effect for claim in claims if claim.effect.kind == "nudge"]
        assert [nudge.ref for nudge in nudges] == [other]


async def test_it_counts_for_nothing_and_waits_for_nobody(tmp_path: Path) -> None:
    allowed = {**UNREAD, "allowance": {"messages": 2, "per": "week"}}
    async with backing(tmp_path, allowed) as back:
        ref = await back.write()
        assert await back.take(ref) == ""
        assert await back.flow.store.open("ana", NOW - timedelta(days=1)) == ()
        assert await back.flow.store.waiting("ana", CARLA) == ()
        last = await back.write("last", "Something else.")
        waiting = await back.flow.store.waiting("ana", CARLA)
        assert [story.ref for story in waiting] == [last]
        received = (await back.story(last)).received
        assert received is not None
        assert any("1 of 2 messages" in str(reason) for reason in received.reasons)
        assert received.answer_by is not None
        assert received.answer_by > NOW + timedelta(hours=24)


async def test_a_story_that_was_erased_since_is_gone(tmp_path: Path) -> None:
    async with backing(tmp_path) as back:
        ref = await back.write()
        effect = await back.ask(ref)
        assert effect is not None
        await back.flow.store.erase("mornings", NOW + timedelta(days=1))
        assert (await back.taking_back(effect)).staying == "gone"
