"""The watch over a Maildir: the same is told as over IMAP, from file names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.mailbox import State, Support
from gateway.mailbox.names import encode
from tests.ports.observed import World, letter, mailbox_settings, watching


def make(root: Path) -> Path:
    for part in ("tmp", "new", "cur"):
        (root / part).mkdir(parents=True, exist_ok=True)
    return root


def drop(root: Path, name: str, content: bytes, part: str = "new") -> Path:
    """Deliver as Maildir wants it: written in tmp, then renamed."""
    made = root / "tmp" / name
    made.write_bytes(content)
    return made.rename(root / part / name)


async def test_a_new_file_is_linked_and_its_tag_is_a_star(tmp_path: Path) -> None:
    root, world = make(tmp_path / "ana"), World(tags=frozenset({"$label1"}))
    async with watching(world, mailbox_settings(f"maildir:{root}")) as (watch, _):
        await world.until(lambda: watch.condition.state is State.IDLE)
        drop(root, "1.a.host", letter("<1@client.example>").replace(b"\r\n", b"\n"))
        await world.until(lambda: bool(world.kept_tags) and bool(world.states["INBOX"].copies))
    assert world.kept_tags == [("<1@client.example>", frozenset({"\\Flagged"}))]
    assert world.arrivals[0][1].content == letter("<1@client.example>")
    assert (root / "cur" / "1.a.host:2,F").exists()
    assert watch.condition.tags is Support.FLAGGED
    assert world.changes == []


async def test_files_in_new_stay_there_and_letters_are_told_as_flags(tmp_path: Path) -> None:
    root, world = make(tmp_path / "ana"), World()
    async with watching(world, mailbox_settings(f"maildir:{root}")) as (watch, _):
        await world.until(lambda: watch.condition.state is State.IDLE)
        fresh = drop(root, "1.a.host", letter("<1@client.example>"))
        await world.until(lambda: bool(world.states["INBOX"].copies))
        assert fresh.exists()
        opened = fresh.rename(root / "cur" / "1.a.host:2,S")
        await world.until(lambda: world.last_flags("<1@client.example>") == {"\\Seen"})
        answered = opened.rename(root / "cur" / "1.a.host:2,RS")
        await world.until(lambda: world.last_flags("<1@client.example>") == {"\\Seen", "\\Answered"})
        answered.rename(root / "cur" / "1.a.host:2,R")
        await world.until(lambda: world.last_flags("<1@client.example>") == {"\\Answered"})
    assert world.seen_arrivals() == ["<1@client.example>"]


async def test_a_maildir_that_does_not_exist_yet_is_waited_for_and_its_first_message_is_new(tmp_path: Path) -> None:
    root, world = tmp_path / "later", World()
    async with watching(world, mailbox_settings(f"maildir:{root}")) as (watch, _):
        await world.until(lambda: watch.condition.state is State.IDLE)
        make(root)
        drop(root, "1.a.host", letter("<1@client.example>"))
        await world.until(lambda: world.seen_arrivals() == ["<1@client.example>"])


async def test_old_files_are_left_alone_but_what_was_relayed_before_is_linked(tmp_path: Path) -> None:
    root, world = make(tmp_path / "ana"), World(recorded={"<2@client.example>"})
    make(root / ".Sent")
    os.utime(drop(root, "1.a.host", letter("<1@client.example>")), (0, 0))
    os.utime(drop(root, "2.a.host", letter("<2@client.example>")), (0, 0))
    drop(root / ".Sent", "3.a.host:2,S", letter("<3@hopestreet.example>"), "cur")
    async with watching(world, mailbox_settings(f"maildir:{root}")):
        await world.until(lambda: world.states.keys() == {"INBOX", "Sent"})
    assert world.seen_arrivals() == ["<2@client.example>"]
    assert world.answers == []


@pytest.mark.parametrize("name", ["Sent", "Gesendet & geprüft"])
async def test_the_first_answer_is_told_also_where_sent_did_not_exist_before(tmp_path: Path, name: str) -> None:
    root, world = make(tmp_path / "ana"), World()
    async with watching(world, mailbox_settings(f"maildir:{root}", sent=(name,))):
        await world.until(lambda: name in world.states)
        drop(make(root / f".{encode(name)}"), "1.a.host:2,S", letter("<1@hopestreet.example>"), "cur")
        await world.until(lambda: world.answers == ["<1@hopestreet.example>"])


async def test_flags_with_letters_are_set_and_read_back(tmp_path: Path) -> None:
    root, world = make(tmp_path / "ana"), World()
    async with watching(world, mailbox_settings(f"maildir:{root}")) as (watch, flags):
        await world.until(lambda: watch.condition.state is State.IDLE)
        drop(root, "1.a.host", letter("<1@client.example>"))
        await world.until(lambda: bool(world.states["INBOX"].copies))
        copy = world.copy_of("<1@client.example>")
        assert await flags.add(copy, frozenset({"$MDNSent"})) == frozenset()
        assert (root / "new" / "1.a.host").exists()
        assert await flags.add(copy, frozenset({"$MDNSent", "\\Answered"})) == {"\\Answered"}
        assert (root / "cur" / "1.a.host:2,R").exists()


async def test_nothing_is_lost_while_the_record_is_down(tmp_path: Path) -> None:
    root, world = make(tmp_path / "ana"), World(tags=frozenset({"$label1"}))
    async with watching(world, mailbox_settings(f"maildir:{root}")) as (watch, _):
        await world.until(lambda: watch.condition.state is State.IDLE)
        world.down = True
        drop(root, "1.a.host", letter("<1@client.example>"))
        await world.until(lambda: watch.condition.state is State.DOWN and world.refusals >= 3)
        assert world.arrivals == []
        world.down = False
        await world.until(lambda: bool(world.kept_tags) and watch.condition.state is State.IDLE)
    assert world.seen_arrivals() == ["<1@client.example>"]
