"""The watch over a mailbox, on a real Dovecot."""

from __future__ import annotations

import asyncio
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.tracking import MDN_SENT, Copy
from gateway.mailbox import State, Support, Watch
from gateway.mailbox.names import encode
from tests.ports.observed import BRISK, World, letter, mailbox_settings, watching
from tests.servers.dovecot import Dovecot, MailProgram, dovecot

pytestmark = pytest.mark.server

#: Passwords that cannot go out as plain words.
AWKWARD = {"quotes": 'a "b" \\c {3}', "umlaut": "Gänsefüßchen"}
USERS = {f"ana{number}": "pw" for number in range(40)}

#: Long before any watch of a test began.
LAST_YEAR = datetime(2025, 11, 3, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot(USERS | AWKWARD, tls=True) as running:
        yield running


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    return iter(USERS)


@pytest.fixture
def user(names: Iterator[str]) -> str:
    """A user whom no other test touches."""
    return next(names)


@pytest.fixture
def program(server: Dovecot, user: str) -> Iterator[MailProgram]:
    with server.open(user) as opened:
        yield opened


def url(server: Dovecot, user: str) -> str:
    return f"imap://{user}@127.0.0.1:{server.imap_port}"


def fresh_id() -> str:
    return f"<{uuid.uuid4().hex}@client.example>"


async def idle(watch: Watch, world: World) -> None:
    await world.until(lambda: watch.condition.state is State.IDLE and {"INBOX", "Sent"} <= world.states.keys())


async def test_a_new_message_is_linked_and_its_tag_shows_in_another_mail_program(
    server: Dovecot, user: str, program: MailProgram
) -> None:
    world, one = World(tags=frozenset({"$label1"})), fresh_id()
    async with watching(world, mailbox_settings(url(server, user))) as (watch, _):
        await idle(watch, world)
        content = letter(one)
        server.deliver(user, content)
        await world.until(lambda: bool(world.kept_tags))
        assert program.flags(one) == {"$label1"}
        await world.until(lambda: one in world.states["INBOX"].copies["1"].ref.key)  # type: ignore[union-attr]
    assert world.arrivals[0][1].content.endswith(content)
    assert watch.condition.tags is Support.KEYWORD
    assert world.changes == []


async def test_what_another_program_opens_and_marks_unread_is_told_at_once(
    server: Dovecot, user: str, program: MailProgram
) -> None:
    world, one = World(), fresh_id()
    async with watching(world, mailbox_settings(url(server, user))) as (watch, _):
        await idle(watch, world)
        server.deliver(user, letter(one))
        await world.until(lambda: "INBOX" in world.states and len(world.states["INBOX"].copies) == 1)
        program.open(one)
        await world.until(lambda: "\\Seen" in world.last_flags(one), seconds=4)
        program.unread(one)
        await world.until(lambda: len(world.changes) == 2, seconds=4)
    assert world.last_flags(one) == frozenset()
    assert program.flags(one) == frozenset()


async def test_three_thousand_messages_marked_read_at_once_are_all_told(
    server: Dovecot, user: str, program: MailProgram
) -> None:
    world = World()
    many = [f"<{number}.{user}@client.example>" for number in range(3000)]
    inbox = server.root / "mail" / user / "new"
    inbox.mkdir(parents=True, exist_ok=True)
    for number, one in enumerate(many):
        (inbox / f"{1_700_000_000 + number}.M{number}.test").write_bytes(letter(one))
    shutil.chown(inbox, *_owner(server))
    for path in inbox.iterdir():
        shutil.chown(path, *_owner(server))
    world.recorded = set(many)
    async with watching(world, mailbox_settings(url(server, user))) as (watch, _):
        await world.until(lambda: len(world.states.get("INBOX", _EMPTY).copies) == 3000, seconds=60)
        await idle(watch, world)
        program.select("INBOX")
        program.mark_all("\\Seen")
        await world.until(lambda: len(world.changes) >= 3000, seconds=30)
    assert {change.now.ref.key for change in world.changes if change.now.ref} == set(many)


def _owner(server: Dovecot) -> tuple[str, str]:
    folder = server.root / "mail"
    return folder.owner(), folder.group()


async def test_after_a_crash_of_the_server_it_catches_up_with_what_happened_meanwhile(
    server: Dovecot, user: str
) -> None:
    world, one, two = World(), fresh_id(), fresh_id()
    server.deliver(user, letter(one))
    world.recorded = {one}
    slow = replace(BRISK, retry=timedelta(seconds=1.5), retry_cap=timedelta(seconds=2))
    async with watching(world, mailbox_settings(url(server, user)), intervals=slow) as (watch, _):
        await idle(watch, world)
        assert server.kill_imap() >= 1
        with server.open(user) as program:
            program.open(one)
        server.deliver(user, letter(two))
        await world.until(lambda: "\\Seen" in world.last_flags(one) and two in world.seen_arrivals())
        await idle(watch, world)


async def test_a_new_uidvalidity_links_what_is_known_again_and_tells_nothing_of_the_rest(
    server: Dovecot, user: str, program: MailProgram
) -> None:
    world, known, old = World(), fresh_id(), fresh_id()
    program.append("INBOX", letter(old), at=LAST_YEAR)
    world.recorded = {known}
    async with watching(world, mailbox_settings(url(server, user))) as (watch, _):
        await idle(watch, world)
        server.deliver(user, letter(known))
        await world.until(lambda: len(world.states["INBOX"].copies) == 2)
        before = world.states["INBOX"].validity
        server.admin("mailbox", "update", "-u", user, "--uid-validity", "123456789", "INBOX")
        server.kill_imap()
        await world.until(lambda: world.states["INBOX"].validity == "123456789")
        await idle(watch, world)
    assert before != "123456789"
    assert world.seen_arrivals() == [known, known]
    assert world.copy_of(known).ref is not None


async def test_old_mail_is_left_alone_at_the_first_look_but_what_was_relayed_before_is_linked(
    server: Dovecot, user: str, program: MailProgram
) -> None:
    world, old, relayed = World(), fresh_id(), fresh_id()
    program.append("INBOX", letter(old), at=LAST_YEAR)
    program.append("INBOX", letter(relayed), at=LAST_YEAR)
    program.append("Sent", letter(fresh_id()))
    world.recorded = {relayed}
    async with watching(world, mailbox_settings(url(server, user))) as (watch, _):
        await idle(watch, world)
        program.open(old)
        program.open(relayed)
        await world.until(lambda: bool(world.changes))
    assert world.seen_arrivals() == [relayed]
    assert [change.now.ref.key for change in world.changes if change.now.ref] == [relayed]
    assert world.answers == []


async def test_what_came_since_the_house_began_is_new_even_to_the_first_look(
    server: Dovecot, user: str, program: MailProgram
) -> None:
    world, old, relayed_just_now = World(), fresh_id(), fresh_id()
    program.append("INBOX", letter(old), at=LAST_YEAR)
    server.deliver(user, letter(relayed_just_now))
    async with watching(world, mailbox_settings(url(server, user))) as (watch, _):
        await idle(watch, world)
    assert world.seen_arrivals() == [relayed_just_now]


@pytest.mark.parametrize(
    "subject",
    ['* 1 FETCH (FLAGS ("x', "sad :( * BYE [ALERT] {12}", "brackets ) ] } {3}", "«Ä» =?utf-8?q?=F0=9F=99=82?="],
)
async def test_no_subject_confuses_the_watch(server: Dovecot, user: str, program: MailProgram, subject: str) -> None:
    world, one, two = World(tags=frozenset({"$label1"})), fresh_id(), fresh_id()
    async with watching(world, mailbox_settings(url(server, user))) as (watch, _):
        await idle(watch, world)
        server.deliver(user, letter(one, subject, body=f"* BYE\r\n{subject}\r\n.\r\n) {{5}}\r\n"))
        server.deliver(user, letter(two))
        await world.until(lambda: len(world.kept_tags) == 2)
        program.open(two)
        await world.until(lambda: "\\Seen" in world.last_flags(two))
    assert world.arrivals[0][1].content.endswith(f"* BYE\r\n{subject}\r\n.\r\n) {{5}}\r\n".encode())


async def test_an_answer_in_sent_and_in_a_folder_with_an_international_name_is_told(
    server: Dovecot, user: str, program: MailProgram
) -> None:
    world, one, two = World(), fresh_id(), fresh_id()
    foreign = "Gesendet & geprüft — 送信"
    program.create(encode(foreign))
    async with watching(world, mailbox_settings(url(server, user), sent=("Sent", foreign))) as (watch, _):
        await idle(watch, world)
        await world.until(lambda: foreign in world.states)
        program.append("Sent", letter(one))
        program.append(encode(foreign), letter(two))
        await world.until(lambda: sorted(world.answers) == sorted([one, two]))
    assert world.arrivals == []


async def test_the_first_answer_in_a_folder_that_did_not_exist_before_is_told(
    server: Dovecot, user: str, program: MailProgram
) -> None:
    world, one = World(), fresh_id()
    often = replace(BRISK, look=timedelta(milliseconds=200))
    settings = mailbox_settings(url(server, user), sent=("Answers",))
    async with watching(world, settings, intervals=often) as (watch, _):
        await world.until(lambda: "Answers" in world.states and watch.condition.state is State.IDLE)
        program.create("Answers")
        program.append("Answers", letter(one))
        await world.until(lambda: world.answers == [one])


async def test_nothing_is_lost_while_the_record_is_down(server: Dovecot, user: str, program: MailProgram) -> None:
    world, one, two = World(tags=frozenset({"$label1"})), fresh_id(), fresh_id()
    async with watching(world, mailbox_settings(url(server, user))) as (watch, _):
        await idle(watch, world)
        server.deliver(user, letter(one))
        await world.until(lambda: bool(world.states["INBOX"].copies))
        world.down = True
        program.open(one)
        server.deliver(user, letter(two))
        program.append("Sent", letter(fresh_id()))
        await world.until(lambda: world.refusals >= 4 and watch.condition.state is State.DOWN)
        assert (world.changes, world.answers, world.seen_arrivals()) == ([], [], [one])
        world.down = False
        await world.until(
            lambda: "\\Seen" in world.last_flags(one) and bool(world.answers) and len(world.kept_tags) == 2
        )
    assert world.seen_arrivals() == [one, two]


async def test_a_restart_catches_up_from_the_kept_state(server: Dovecot, user: str, program: MailProgram) -> None:
    world, one, two = World(), fresh_id(), fresh_id()
    settings = mailbox_settings(url(server, user))
    async with watching(world, settings) as (watch, _):
        await idle(watch, world)
        server.deliver(user, letter(one))
        await world.until(lambda: bool(world.states["INBOX"].copies))
    program.open(one)
    server.deliver(user, letter(two))
    async with watching(world, settings) as (watch, _):
        await world.until(lambda: "\\Seen" in world.last_flags(one) and world.seen_arrivals() == [one, two])


async def test_flags_are_set_while_the_watch_idles_and_are_not_told_as_the_therapists_doing(
    server: Dovecot, user: str, program: MailProgram
) -> None:
    world, one = World(), fresh_id()
    async with watching(world, mailbox_settings(url(server, user))) as (watch, flags):
        await idle(watch, world)
        server.deliver(user, letter(one))
        await world.until(lambda: bool(world.states["INBOX"].copies))
        async with asyncio.timeout(5):
            assert await flags.add(world.copy_of(one), frozenset({MDN_SENT})) == {MDN_SENT}
        assert program.flags(one) == {MDN_SENT}
        program.open(one)
        await world.until(lambda: bool(world.changes))
        assert await flags.add(world.copy_of(one), frozenset()) == {MDN_SENT, "\\Seen"}
    assert [change.now.flags - change.before.flags for change in world.changes] == [{"\\Seen"}]


async def test_flags_wanted_in_many_folders_one_after_the_other_are_all_set_soon(server: Dovecot, user: str) -> None:
    world, names = World(), [f"Box{number}" for number in range(4)]
    with server.open(user) as program:
        for name in names:
            program.create(name)
    async with watching(world, mailbox_settings(url(server, user), folders=names)) as (watch, flags):
        await world.until(lambda: watch.condition.state is State.IDLE and world.states.keys() >= set(names))
        async with asyncio.timeout(8):
            for name in names * 10:
                await flags.add(Copy(name, "7", frozenset()), frozenset())


async def test_one_message_that_breaks_the_observer_does_not_stop_the_folder(
    server: Dovecot, user: str, program: MailProgram
) -> None:
    bad, good = fresh_id(), fresh_id()
    world = World(poison=bad)
    async with watching(world, mailbox_settings(url(server, user))) as (watch, _):
        await idle(watch, world)
        server.deliver(user, letter(bad))
        server.deliver(user, letter(good))
        await world.until(lambda: world.seen_arrivals() == [good])
    assert world.alerts == ["message-skipped"]


async def test_the_watch_never_sets_seen(server: Dovecot, user: str, program: MailProgram) -> None:
    world, old, new = World(), fresh_id(), fresh_id()
    server.deliver(user, letter(old))
    world.recorded = {old}
    async with watching(world, mailbox_settings(url(server, user))) as (watch, _):
        await idle(watch, world)
        server.deliver(user, letter(new))
        await world.until(lambda: len(world.arrivals) == 2)
    assert program.flags(old) == program.flags(new) == frozenset()


@pytest.mark.parametrize("scheme", ["imaps", "imap+starttls"])
async def test_tls_is_verified_against_the_trusted_authority(server: Dovecot, user: str, scheme: str) -> None:
    world, one = World(), fresh_id()
    port = server.imaps_port if scheme == "imaps" else server.imap_port
    settings = mailbox_settings(f"{scheme}://{user}@localhost:{port}", trust=server.authority)
    async with watching(world, settings) as (watch, _):
        await idle(watch, world)
        server.deliver(user, letter(one))
        await world.until(lambda: world.seen_arrivals() == [one])


@pytest.mark.parametrize("scheme", ["imaps", "imap+starttls"])
async def test_an_unknown_authority_is_not_talked_to(server: Dovecot, user: str, scheme: str) -> None:
    world = World()
    port = server.imaps_port if scheme == "imaps" else server.imap_port
    async with watching(world, mailbox_settings(f"{scheme}://{user}@localhost:{port}")) as (watch, _):
        await world.until(lambda: watch.condition.state is State.DOWN)
    assert (watch.condition.why, world.states) == ("lost", {})


async def test_a_refused_login_is_told_and_not_tried_again_soon(server: Dovecot, user: str) -> None:
    world = World()
    patient = replace(BRISK, refused=timedelta(hours=1))
    settings = mailbox_settings(url(server, user))
    async with watching(world, settings, password="wrong", intervals=patient) as (watch, _):
        await world.until(lambda: world.alerts == ["login-refused"])
        await world.until(lambda: watch.condition.why == "refused")


@pytest.mark.parametrize("name", AWKWARD)
async def test_any_password_signs_in(server: Dovecot, name: str) -> None:
    world = World()
    async with watching(world, mailbox_settings(url(server, name)), password=AWKWARD[name]) as (watch, _):
        await idle(watch, world)


class _Empty:
    copies: dict[str, object] = {}  # noqa: RUF012 - never changed


_EMPTY = _Empty()


async def test_what_was_read_before_we_met_it_is_told_when_its_place_is_kept(
    server: Dovecot, user: str, program: MailProgram
) -> None:
    world, one = World(tags=frozenset({"$label1"})), fresh_id()
    program.append("INBOX", letter(one), ["\\Seen"])
    world.recorded = {one}
    async with watching(world, mailbox_settings(url(server, user))) as (watch, _):
        await idle(watch, world)
        await world.until(lambda: "\\Seen" in world.last_flags(one))
    (change,) = world.changes
    assert "\\Seen" not in change.before.flags
    assert world.places_at_changes == [{change.now.uid}]
