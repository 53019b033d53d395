"""The watch over servers as providers run them: what they offer and do not keep, and how they name their folders."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.mailbox import State
from gateway.settings.schema import Mailbox
from tests.ports.observed import BRISK, World, letter, mailbox_settings, watching
from tests.servers.scripted_imap import Box, Script, ScriptedImap, scripted_imap

OFTEN = replace(BRISK, look=timedelta(milliseconds=150))
#: Everything is looked at anew now and then, as it is every ten minutes.
THOROUGH = replace(OFTEN, full=timedelta(milliseconds=400))
COUNTS = "IMAP4rev1 IDLE ENABLE CONDSTORE QRESYNC"
BOTH = {"Sent", "Archive"}
ONE, TWO = "<1@client.example>", "<2@client.example>"


def settings_of(server: ScriptedImap, **more: object) -> Mailbox:
    return mailbox_settings(f"imap://ana@127.0.0.1:{server.port}", **more)


@pytest.mark.parametrize("enables", ["QRESYNC", "", None], ids=["qresync", "enables-nothing", "says-nothing"])
@pytest.mark.parametrize("modseq", ["well", "minus", "none", "bad", "lies"])
async def test_whatever_becomes_of_mod_sequences_flags_and_absence_are_found(modseq: str, enables: str | None) -> None:
    script = Script(capabilities=COUNTS, modseq=modseq, enables=enables)
    async with scripted_imap(script) as server:
        world = World()
        async with watching(world, settings_of(server), intervals=THOROUGH) as (watch, _):
            await world.until(lambda: watch.condition.state is State.IDLE)
            await server.deliver(1, letter(ONE))
            await server.deliver(2, letter(TWO))
            await world.until(lambda: world.seen_arrivals() == [ONE, TWO])
            await server.mark(1, "\\Seen")
            await world.until(lambda: world.last_flags(ONE) == {"\\Seen"})
            await server.expunge(1)
            await world.until(lambda: set(world.states["INBOX"].copies) == {"2"})
    assert world.seen_arrivals() == [ONE, TWO]
    assert len(world.changes) == 1
    assert server.logins == 1


@pytest.mark.parametrize(
    "vanished", ["* VANISHED (EARLIER) 1:9", "* VANISHED (EARLIER)", "* VANISHED (EARLIER) x:y", "* VANISHED 1"]
)
async def test_a_list_of_what_vanished_is_not_believed(vanished: str) -> None:
    script = Script(capabilities=COUNTS, modseq="well", vanished=vanished)
    async with scripted_imap(script) as server:
        world = World()
        async with watching(world, settings_of(server)) as (watch, _):
            await world.until(lambda: watch.condition.state is State.IDLE)
            await server.deliver(1, letter(ONE))
            await world.until(lambda: bool(world.states["INBOX"].copies))
            await server.mark(1, "\\Seen")
            await world.until(lambda: world.last_flags(ONE) == {"\\Seen"})
            await server.mark(1, "\\Answered")
            await world.until(lambda: world.last_flags(ONE) == {"\\Seen", "\\Answered"})
    assert world.seen_arrivals() == [ONE]
    assert set(world.states["INBOX"].copies) == {"1"}


async def test_where_the_server_tells_of_other_folders_one_connection_is_enough() -> None:
    async with scripted_imap(Script(capabilities=f"{COUNTS} NOTIFY", modseq="well")) as server:
        server.boxes |= {"Sent": Box(), "Archive": Box()}
        world = World()
        async with watching(world, settings_of(server, folders=("Archive",))) as (watch, _):
            await world.until(
                lambda: watch.condition.state is State.IDLE and {"Sent", "Archive"} <= world.states.keys()
            )
            await server.deliver(1, letter(ONE), folder="Sent")
            await world.until(lambda: world.answers == [ONE])
            await server.deliver(1, letter(TWO))
            await world.until(lambda: world.seen_arrivals() == [TWO])
    assert server.logins == 1


@pytest.mark.parametrize("notify", ["no", "overflow"])
async def test_a_server_that_cannot_tell_of_other_folders_is_asked_over_a_second_connection(notify: str) -> None:
    async with scripted_imap(Script(capabilities="IMAP4rev1 IDLE NOTIFY", notify=notify)) as server:
        server.boxes |= {"Sent": Box(), "Archive": Box()}
        world = World()
        async with watching(world, settings_of(server, folders=("Archive",)), intervals=OFTEN) as (watch, _):
            await world.until(
                lambda: watch.condition.state is State.IDLE and {"Sent", "Archive"} <= world.states.keys()
            )
            await server.deliver(1, letter(ONE), folder="Sent")
            await world.until(lambda: world.answers == [ONE])
            await server.deliver(1, letter(TWO))
            await world.until(lambda: world.seen_arrivals() == [TWO])
            await world.until(lambda: watch.condition.state is State.IDLE)
    assert sum(command.startswith("NOTIFY") for command in server.commands) == 1
    assert server.logins == (2 if notify == "no" else 3)


@pytest.mark.parametrize(
    ("script", "folder"),
    [
        (Script(listed=('* LIST () "/" Inbox', '* LIST (\\Sent) "/" "[Gmail]/Gesendet"')), "[Gmail]/Gesendet"),
        (Script(listed=('* LIST () "/" "INBOX"', '* LIST () "/" "Sent Messages"')), "Sent Messages"),
        (Script(listed=('* LIST () "." "INBOX"', '* LIST () "." "INBOX.Sent"')), "INBOX.Sent"),
        (Script(listed=('* LIST () "|" "INBOX"', '* LIST () "|" "Gesendet"')), "Gesendet"),
        (Script(listed=('* LIST (\\NoSelect) "/" "Sent"', '* LIST (\\Sent) "/" "Papers"')), "Papers"),
        (
            Script(
                capabilities="IMAP4rev1 IDLE XLIST",
                xlisted=('* XLIST (\\Inbox) "/" "Posteingang"', '* XLIST (\\Sent) "/" "Skickat"'),
            ),
            "Skickat",
        ),
        (Script(listed=('* LIST (\\Sent) "/" Sent',)), "Sent"),
    ],
    ids=["gmail", "icloud", "courier", "yandex", "marked", "zoho", "strato-lists-no-inbox"],
)  # fmt: skip
async def test_an_answer_is_found_however_the_folder_is_called(script: Script, folder: str) -> None:
    async with scripted_imap(script) as server:
        server.boxes |= {folder: Box()}
        world = World()
        async with watching(world, settings_of(server), intervals=OFTEN) as (watch, _):
            await world.until(lambda: watch.condition.state is State.IDLE and folder in world.states)
            await server.deliver(1, letter(ONE), folder=folder)
            await world.until(lambda: world.answers == [ONE])


async def test_all_mail_drafts_and_stars_hold_everything_again_and_are_left_out() -> None:
    listed = [f'* LIST ({mark}) "/" "{name}"' for name, mark in (
        ("INBOX", ""), ("All Mail", "\\All"), ("Starred", "\\Flagged"), ("Drafts", "\\Drafts"),
        ("Bin", "\\Trash"), ("Spam", "\\Junk"), ("Archive", "\\Archive"), ("Sent Mail", "\\Sent"), ("Letters", ""),
    )]  # fmt: skip
    async with scripted_imap(Script(listed=tuple(listed))) as server:
        server.boxes |= {line.split('"')[3]: Box() for line in listed}
        world, followed = World(), {"INBOX", "Bin", "Spam", "Archive", "Sent Mail"}
        async with watching(world, settings_of(server, sent=("Sent Mail",)), intervals=OFTEN):
            await world.until(lambda: followed <= world.states.keys())
    assert world.states.keys() == followed


async def test_a_server_that_wants_a_name_before_it_shows_a_folder_is_told_one() -> None:
    async with scripted_imap(Script(capabilities="IMAP4rev1 IDLE ID", wants_id=True)) as server:
        world = World()
        async with watching(world, settings_of(server)) as (watch, _):
            await world.until(lambda: watch.condition.state is State.IDLE)
    assert server.logins == 1


@pytest.mark.parametrize("flags", ["nil", "quoted"])
async def test_flags_are_read_however_they_are_spelt(flags: str) -> None:
    async with scripted_imap(Script(flags=flags)) as server:
        world = World()
        async with watching(world, settings_of(server)) as (watch, _):
            await world.until(lambda: watch.condition.state is State.IDLE)
            await server.deliver(1, letter(ONE))
            await world.until(lambda: bool(world.states["INBOX"].copies))
            await server.mark(1, "\\Seen")
            await world.until(lambda: world.last_flags(ONE) == {"\\Seen"})
    assert world.seen_arrivals() == [ONE]


@pytest.mark.parametrize("noise", ["[COPYUID 55 31 6]", "+", "+ what else", "\0\0* OK still here", "* 7 RECENT", "*"])
async def test_nonsense_between_replies_is_passed_over(noise: str) -> None:
    async with scripted_imap(Script(noise=noise, text="")) as server:
        world = World(tags=frozenset({"$label1"}))
        async with watching(world, settings_of(server), intervals=OFTEN) as (watch, _):
            await world.until(lambda: watch.condition.state is State.IDLE)
            await server.deliver(1, letter(ONE))
            await world.until(lambda: bool(world.kept_tags))
    assert server.logins == 1


async def test_a_session_that_the_server_ends_is_begun_anew_and_no_flag_is_lost() -> None:
    async with scripted_imap(Script()) as server:
        world = World()
        async with watching(world, settings_of(server)) as (watch, _):
            await world.until(lambda: watch.condition.state is State.IDLE)
            await server.deliver(1, letter(ONE))
            await world.until(lambda: bool(world.states["INBOX"].copies))
            server.flags[1].add("\\Seen")
            for _ in range(3):  # Yandex says it until one hangs up
                server.say("* BYE Session invalidated - AccessTokenExpired")
            await world.until(lambda: world.last_flags(ONE) == {"\\Seen"})
    assert server.logins == 2


async def test_a_server_that_always_hangs_up_soon_is_called_ever_more_seldom() -> None:
    slower = replace(BRISK, retry=timedelta(milliseconds=50), retry_cap=timedelta(seconds=5))
    async with scripted_imap(Script()) as server:
        world, begun = World(), []
        async with watching(world, settings_of(server), intervals=slower):
            for number in range(1, 7):
                await world.until(lambda number=number: server.commands.count("IDLE") == number)  # type: ignore[misc]
                begun.append(asyncio.get_running_loop().time())
                server.hang_up()
    assert begun[5] - begun[4] >= 0.4


async def test_a_line_that_a_router_forgot_while_idle_is_noticed() -> None:
    quick = replace(OFTEN, command=timedelta(milliseconds=300))
    async with scripted_imap(Script(idle="dead")) as server:
        world = World()
        async with watching(world, settings_of(server), intervals=quick) as (watch, _):
            await world.until(lambda: server.logins >= 2)
            server.script.idle = "talks"
            await server.deliver(1, letter(ONE))
            await world.until(lambda: world.seen_arrivals() == [ONE] and watch.condition.state is State.IDLE)


async def test_too_many_connections_are_no_refused_login() -> None:
    async with scripted_imap(Script(login="crowded")) as server:
        world = World()
        async with watching(world, settings_of(server)) as (watch, _):
            await world.until(lambda: server.logins >= 2)
            assert (watch.condition.why, world.alerts) == ("lost", [])


@pytest.mark.parametrize("capabilities", ["IMAP4rev1 IDLE", COUNTS])
async def test_no_command_is_too_long_or_about_too_many_messages_and_none_only_examines(capabilities: str) -> None:
    many = {uid: letter(f"<{uid}@client.example>") for uid in range(1, 4000, 3)}
    script = Script(capabilities=capabilities, modseq="well")
    async with scripted_imap(script) as server:
        server.boxes["INBOX"] = Box(dict(many), {uid: set() for uid in many})
        world = World(recorded={"<4@client.example>", "<3997@client.example>"})
        async with watching(world, settings_of(server), intervals=THOROUGH) as (watch, _):
            await world.until(lambda: watch.condition.state is State.IDLE and len(world.arrivals) == 2)
            looks = server.commands.count("UID SEARCH ALL")
            await world.until(lambda: server.commands.count("UID SEARCH ALL") > looks)
            server.commands.clear()
            await world.until(lambda: server.commands.count("UID SEARCH ALL") >= 1)
            await world.until(lambda: server.commands[-1] == "IDLE")
            # Nobody listens for the flags of what is not ours.
            assert {command for command in server.commands if "FLAGS" in command and "CHANGED" not in command} <= {
                "UID FETCH 4,3997 (UID FLAGS)", "UID FETCH 4000:* (UID FLAGS)", "UID FETCH 3998:* (UID FLAGS)",
            }  # fmt: skip
    assert max(map(len, server.commands)) < 1000
    assert not any(command.startswith("EXAMINE") for command in server.commands)
    sets = [command.split(" ")[2] for command in server.commands if re.match(r"UID FETCH [\d,:]+ ", command)]
    assert all(one.count(",") < 1000 for one in sets)


async def test_without_answered_the_answer_in_sent_is_the_witness() -> None:
    async with scripted_imap(Script(permanent=r"\Deleted \Flagged \Seen")) as server:
        server.boxes |= {"Sent": Box()}
        world = World()
        async with watching(world, settings_of(server), intervals=OFTEN) as (watch, _):
            await world.until(lambda: watch.condition.state is State.IDLE and "Sent" in world.states)
            await server.deliver(1, letter(ONE), folder="Sent")
            await world.until(lambda: world.answers == [ONE])
