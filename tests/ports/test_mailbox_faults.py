"""The watch over servers with the faults that real providers show."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.mailbox import State, Support
from gateway.settings.schema import Mailbox
from tests.ports.observed import BRISK, World, letter, mailbox_settings, watching
from tests.servers.scripted_imap import Script, ScriptedImap, scripted_imap

OFTEN = replace(BRISK, look=timedelta(milliseconds=150))


def settings_of(server: ScriptedImap) -> Mailbox:
    return mailbox_settings(f"imap://ana@127.0.0.1:{server.port}")


async def test_a_login_that_is_none_is_a_refusal_and_does_not_loop() -> None:
    async with scripted_imap(Script(login="rights")) as server:
        world, patient = World(), replace(BRISK, refused=timedelta(hours=1))
        async with watching(world, settings_of(server), intervals=patient) as (watch, _):
            await world.until(lambda: watch.condition.why == "refused")
            assert world.alerts == ["login-refused"]
    assert server.logins == 1


async def test_a_refused_login_is_tried_ever_later_and_cleared_when_it_works() -> None:
    async with scripted_imap(Script(login="no")) as server:
        world = World()
        quick = replace(BRISK, refused=timedelta(milliseconds=20), refused_cap=timedelta(milliseconds=100))
        async with watching(world, settings_of(server), intervals=quick) as (watch, _):
            await world.until(lambda: server.logins >= 3 and world.alerts == ["login-refused"])
            server.script.login = "ok"
            await world.until(lambda: watch.condition.state is State.IDLE)
        assert world.alerts == []


async def test_a_server_that_is_only_busy_is_no_refused_login() -> None:
    async with scripted_imap(Script(login="unavailable")) as server:
        world = World()
        async with watching(world, settings_of(server)) as (watch, _):
            await world.until(lambda: server.logins >= 2)
            assert (watch.condition.why, world.alerts) == ("lost", [])


@pytest.mark.parametrize("command", ["SELECT", "SEARCH", "FETCH", "STORE", "IDLE"])
async def test_a_throttled_watch_stays_away_as_long_as_asked_and_loses_nothing(command: str) -> None:
    async with scripted_imap(Script(throttle={command})) as server:
        world = World(tags=frozenset({"$label1"}), recorded={"<1@client.example>"})
        await server.deliver(1, letter("<1@client.example>"))
        begun = asyncio.get_running_loop().time()
        async with watching(world, settings_of(server)) as (watch, _):
            await world.until(lambda: server.logins == 2 and watch.condition.state is State.IDLE)
        assert asyncio.get_running_loop().time() - begun >= 0.3
    assert world.kept_tags[-1] == ("<1@client.example>", frozenset({"$label1"}))


async def test_without_keywords_a_tag_becomes_a_star_and_no_keyword_is_tried() -> None:
    script = Script(permanent=r"\Seen \Answered \Flagged \Deleted \Draft $MDNSent")
    async with scripted_imap(script) as server:
        world = World(tags=frozenset({"$label1"}))
        async with watching(world, settings_of(server)) as (watch, flags):
            await world.until(lambda: watch.condition.state is State.IDLE)
            assert watch.condition.tags is Support.FLAGGED
            await server.deliver(1, letter("<1@client.example>"))
            await world.until(lambda: bool(world.kept_tags) and bool(world.states["INBOX"].copies))
            copy = world.copy_of("<1@client.example>")
            assert await flags.add(copy, frozenset({"$MDNSent", "$label2"})) == {"\\Flagged", "$MDNSent"}
    assert world.kept_tags == [("<1@client.example>", frozenset({"\\Flagged"}))]
    assert world.alerts == ["tag-refused"]
    assert not any("$label" in command for command in server.commands)


async def test_a_store_that_says_ok_and_keeps_nothing_is_found_out() -> None:
    async with scripted_imap(Script(forgets_keywords=True)) as server:
        world = World(tags=frozenset({"$label1"}))
        async with watching(world, settings_of(server)) as (watch, _):
            await world.until(lambda: watch.condition.state is State.IDLE)
            assert watch.condition.tags is Support.KEYWORD
            await server.deliver(1, letter("<1@client.example>"))
            await world.until(lambda: watch.condition.tags is Support.FLAGGED)
    assert world.kept_tags == [("<1@client.example>", frozenset({"\\Flagged"}))]


async def test_where_nothing_can_be_kept_the_message_is_told_all_the_same() -> None:
    async with scripted_imap(Script(permanent="\\Seen")) as server:
        world = World(tags=frozenset({"$label1"}))
        async with watching(world, settings_of(server)) as (watch, _):
            await world.until(lambda: watch.condition.state is State.IDLE)
            await server.deliver(1, letter("<1@client.example>"))
            await world.until(lambda: world.kept_tags == [("<1@client.example>", frozenset())])
            await world.until(lambda: watch.condition.tags is Support.NONE)


@pytest.mark.parametrize(
    "script",
    [Script(idle="silent"), Script(idle="refused"), Script(capabilities="IMAP4rev1"), Script(idle="noisy")],
    ids=["idle-keeps-silent", "idle-is-refused", "no-idle", "noise"],
)
async def test_a_timer_finds_what_idle_does_not_tell(script: Script) -> None:
    async with scripted_imap(script) as server:
        world = World()
        async with watching(world, settings_of(server), intervals=OFTEN) as (watch, _):
            await world.until(lambda: watch.condition.looked is not None)
            await server.deliver(1, letter("<1@client.example>"))
            await world.until(lambda: world.seen_arrivals() == ["<1@client.example>"])
            await server.mark(1, "\\Seen")
            await world.until(lambda: world.last_flags("<1@client.example>") == {"\\Seen"})
    assert server.logins == 1
    assert world.seen_arrivals() == ["<1@client.example>"]


async def test_a_server_that_always_has_news_is_not_looked_at_without_end() -> None:
    async with scripted_imap(Script(idle="noisy")) as server:
        world = World()
        async with watching(world, settings_of(server)):
            await world.until(lambda: server.commands.count("IDLE") >= 3)
            since = asyncio.get_running_loop().time()
            looks = server.commands.count("UID SEARCH ALL")
            await world.until(lambda: server.commands.count("IDLE") >= 5)
            assert asyncio.get_running_loop().time() - since >= 1
            assert server.commands.count("UID SEARCH ALL") - looks <= 4


async def test_a_message_without_content_or_too_long_is_passed_over_and_the_next_one_told() -> None:
    script = Script(bodiless={1}, huge={2: 65 * 1024 * 1024}, nil={4}, empty={5})
    async with scripted_imap(script) as server:
        world = World()
        async with watching(world, settings_of(server)) as (watch, _):
            await world.until(lambda: watch.condition.state is State.IDLE)
            for uid in (1, 2, 4, 5, 6):
                await server.deliver(uid, letter(f"<{uid}@client.example>"))
            await world.until(lambda: set(world.states["INBOX"].copies) == {"1", "2", "4", "5", "6"}, seconds=30)
    assert world.seen_arrivals() == ["<6@client.example>"]
    assert server.logins == 1


@pytest.mark.parametrize("greeting", ["", "* BYE too busy", "HTTP/1.1 400 Bad Request"])
async def test_a_greeting_that_is_none_is_tried_again(greeting: str) -> None:
    async with scripted_imap(Script(greeting=greeting)) as server:
        world, quick = World(), replace(BRISK, command=timedelta(milliseconds=300))
        async with watching(world, settings_of(server), intervals=quick) as (watch, _):
            await world.until(lambda: watch.condition.state is State.DOWN)
            server.script.greeting = "* OK ready"
            await world.until(lambda: watch.condition.state is State.IDLE)


async def test_a_cut_connection_is_opened_anew_and_what_was_missed_is_told() -> None:
    async with scripted_imap(Script()) as server:
        world = World()
        async with watching(world, settings_of(server)) as (watch, _):
            await world.until(lambda: watch.condition.state is State.IDLE)
            server.hang_up()
            server.messages[1], server.flags[1] = letter("<1@client.example>"), {"\\Seen"}
            await world.until(lambda: world.seen_arrivals() == ["<1@client.example>"])
    assert server.logins == 2


async def test_a_server_that_does_not_exist_is_waited_for() -> None:
    async with scripted_imap(Script()) as server:
        gone = settings_of(server)
    world = World()
    async with watching(world, gone) as (watch, _):
        await world.until(lambda: watch.condition.state is State.DOWN)
        assert watch.condition.why == "lost"
