"""`Moves`: a message is moved to another folder, whole and alone, and only while it is unread where that is asked for.

On a real Dovecot, also where it hides what it can do, and in a Maildir.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.clock import SystemClock
from gateway.core.tracking import Copy
from gateway.mailbox import Hand, watch_for
from gateway.mailbox.commands import Commands
from gateway.mailbox.imap import Access, connect
from gateway.mailbox.moves import Mover
from gateway.mailbox.names import encode
from gateway.mailbox.protocol import Completion
from gateway.ports import Unavailable
from tests.ports.observed import BRISK, World, letter, mailbox_settings, watching
from tests.servers.dovecot import Dovecot, dovecot

USERS = {f"ana{number}": "pw" for number in range(40)}
#: What servers offer: everything; no MOVE (iCloud); neither MOVE nor UIDPLUS (hMailServer).
KINDS = {
    "move": "",
    "uidplus": "imap_capability = IMAP4rev1 IDLE UIDPLUS LITERAL+",
    "plain": "imap_capability = IMAP4rev1 IDLE LITERAL+",
}
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
WITHDRAWN = "Zurückgezogen"


@dataclass(frozen=True)
class Place:
    """A mailbox with a way to put messages there and to look at a folder of it."""

    url: str
    #: Puts a message into the inbox.
    put: Callable[[bytes], None]
    #: Flags and content of each message in a folder that is not marked to be deleted.
    look: Callable[[str], list[tuple[frozenset[str], bytes]]]
    open: Callable[[str], None]

    def hand(self, password: str = "pw", **settings: object) -> Hand:
        """What may be done there; nothing watches."""
        world = World()
        _, hand = watch_for(
            "ana", mailbox_settings(self.url, **settings), password=lambda: password, observer=world, folders=world,
            record=world, alerts=world, clock=SystemClock(), intervals=BRISK,
        )  # fmt: skip
        return hand

    async def copy(self, message_id: str, folder: str = "INBOX") -> Copy:
        """Where it lies."""
        (found,) = await self.hand().find(folder, message_id, LONG_AGO)
        return found


def fresh() -> str:
    return f"<{uuid.uuid4().hex}@client.example>"


@contextmanager
def serving(kind: str) -> Iterator[Dovecot]:
    with dovecot(USERS, more=KINDS[kind]) as running:
        yield running


@pytest.fixture(scope="module")
def servers() -> Iterator[Callable[[str], Dovecot]]:
    opened: dict[str, tuple[object, Dovecot]] = {}

    def server(kind: str) -> Dovecot:
        if kind not in opened:
            manager = serving(kind)
            opened[kind] = (manager, manager.__enter__())
        return opened[kind][1]

    yield server
    for manager, _ in opened.values():
        manager.__exit__(None, None, None)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    return iter(USERS)


def on(server: Dovecot, user: str) -> Place:
    def put(content: bytes) -> None:
        server.deliver(user, content)

    def look(folder: str) -> list[tuple[frozenset[str], bytes]]:
        with server.open(user, encode(folder)) as program:
            found = [(program.flags_of(uid), program.content(uid)) for uid in program.uids()]
        return [one for one in found if "\\Deleted" not in one[0]]

    def open_(message_id: str) -> None:
        with server.open(user) as program:
            program.open(message_id)

    return Place(f"imap://{user}@127.0.0.1:{server.imap_port}", put, look, open_)


def in_files(root: Path) -> Place:
    letters = {"S": "\\Seen", "F": "\\Flagged"}

    def put(content: bytes) -> None:
        (root / "new" / f"{uuid.uuid4().hex}.example").write_bytes(content.replace(b"\r\n", b"\n"))

    def files(folder: str) -> list[Path]:
        path = root if folder == "INBOX" else root / f".{encode(folder)}"
        return sorted(file for part in ("new", "cur") for file in (path / part).iterdir())

    def look(folder: str) -> list[tuple[frozenset[str], bytes]]:
        return [
            (
                frozenset(letters[one] for one in file.name.partition(":2,")[2]),
                file.read_bytes().replace(b"\n", b"\r\n"),
            )
            for file in files(folder)
        ]

    def open_(message_id: str) -> None:
        file = next(one for one in files("INBOX") if message_id.encode() in one.read_bytes())
        file.rename(root / "cur" / f"{file.name.partition(':2,')[0]}:2,S")

    return Place(f"maildir:{root}", put, look, open_)


@pytest.fixture(params=[*KINDS, "maildir"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "maildir":
        for folder in ("new", "cur", "tmp"):
            (tmp_path / "ana" / folder).mkdir(parents=True)
        return in_files(tmp_path / "ana")
    server = request.getfixturevalue("servers")(request.param)
    return on(server, next(request.getfixturevalue("names")))


def ours(content: bytes, message_id: str) -> bool:
    return message_id.encode() in content


@pytest.mark.server
async def test_an_unread_message_is_moved_whole_to_a_folder_that_is_made(place: Place) -> None:
    one, other = fresh(), fresh()
    for message_id in (one, other):
        place.put(letter(message_id, body="Dear Ana,\r\n.\r\nnever mind.\r\n"))
    assert await place.hand().move(await place.copy(one), WITHDRAWN, unseen=True)
    [(flags, content)] = place.look(WITHDRAWN)
    assert flags == frozenset()
    assert content.endswith(letter(one, body="Dear Ana,\r\n.\r\nnever mind.\r\n"))
    assert [ours(content, other) for _, content in place.look("INBOX")] == [True]


@pytest.mark.server
async def test_a_second_one_goes_to_the_folder_that_is_there_by_now(place: Place) -> None:
    several = [fresh(), fresh()]
    for message_id in several:
        place.put(letter(message_id))
        assert await place.hand().move(await place.copy(message_id), WITHDRAWN)
    assert len(place.look(WITHDRAWN)) == 2


@pytest.mark.server
async def test_what_was_opened_stays_where_it_is(place: Place) -> None:
    one = fresh()
    place.put(letter(one))
    copy = await place.copy(one)
    place.open(one)
    assert not await place.hand().move(copy, WITHDRAWN, unseen=True)
    assert [flags for flags, _ in place.look("INBOX")] == [{"\\Seen"}]
    assert await place.hand().find(WITHDRAWN, one, LONG_AGO) == ()


@pytest.mark.server
async def test_what_was_opened_is_moved_all_the_same_where_nobody_minds(place: Place) -> None:
    one = fresh()
    place.put(letter(one))
    copy = await place.copy(one)
    place.open(one)
    assert await place.hand().move(copy, WITHDRAWN)
    assert [flags for flags, _ in place.look(WITHDRAWN)] == [{"\\Seen"}]


@pytest.mark.server
async def test_what_is_gone_is_not_moved(place: Place) -> None:
    one = fresh()
    place.put(letter(one))
    copy = await place.copy(one)
    assert await place.hand().move(copy, WITHDRAWN, unseen=True)
    assert not await place.hand().move(copy, "Elsewhere", unseen=True)
    assert await place.hand().find("INBOX", one, LONG_AGO) == ()


@pytest.mark.server
async def test_where_it_lies_already_there_is_nothing_to_do(place: Place) -> None:
    one = fresh()
    place.put(letter(one))
    assert await place.hand().move(await place.copy(one), "inbox", unseen=True)
    assert len(place.look("INBOX")) == 1


@pytest.mark.server
async def test_a_message_is_found_by_its_id_among_those_that_came_since(place: Place) -> None:
    one, now = fresh(), SystemClock().now()
    place.put(letter(one))
    place.put(letter(fresh()))
    assert [copy.flags for copy in await place.hand().find("INBOX", one, now)] == [frozenset()]
    assert await place.hand().find("INBOX", one, now + timedelta(days=3)) == ()
    assert await place.hand().find("INBOX", fresh(), now) == ()
    assert await place.hand().find("No such folder", one, now) == ()


@pytest.mark.server
@pytest.mark.parametrize("kind", KINDS)
async def test_what_somebody_else_has_marked_to_be_deleted_is_left_to_them(
    kind: str, servers: Callable[[str], Dovecot], names: Iterator[str]
) -> None:
    server, user = servers(kind), next(names)
    place, one, theirs = on(server, user), fresh(), fresh()
    for message_id in (one, theirs):
        place.put(letter(message_id))
    with server.open(user) as program:
        program.mark(theirs, "\\Deleted")
    assert await place.hand().find("INBOX", theirs, LONG_AGO) == ()
    assert await place.hand().move(await place.copy(one), WITHDRAWN, unseen=True)
    with server.open(user) as program:
        assert program.find(theirs)
        # Where nothing can take one message away by itself, the first copy stays, marked.
        assert bool(program.find(one)) == (kind == "plain")
        assert kind != "plain" or "\\Deleted" in program.flags(one)


@pytest.mark.server
@pytest.mark.parametrize("kind", KINDS)
async def test_its_keywords_go_with_it_and_the_folder_is_subscribed_to(
    kind: str, servers: Callable[[str], Dovecot], names: Iterator[str]
) -> None:
    server, user = servers(kind), next(names)
    place, one = on(server, user), fresh()
    place.put(letter(one))
    with server.open(user) as program:
        program.mark(one, "$label1", "\\Flagged")
    assert await place.hand().move(await place.copy(one), WITHDRAWN, unseen=True)
    assert [flags for flags, _ in place.look(WITHDRAWN)] == [{"$label1", "\\Flagged"}]
    assert WITHDRAWN in server.admin("mailbox", "list", "-u", user, "-s").splitlines()


@pytest.mark.server
async def test_a_server_that_keeps_all_folders_below_the_inbox_gets_the_folder_there(names: Iterator[str]) -> None:
    with dovecot({"ana": "pw"}, more="namespace inbox {\n  prefix = INBOX/\n}") as server:
        place, one = on(server, "ana"), fresh()
        place.put(letter(one))
        for _ in range(2):
            assert await place.hand().move(await place.copy(one), "Withdrawn", unseen=True)
            assert len(place.look("INBOX/Withdrawn")) == 1
            assert await place.hand().move(await place.copy(one, "Withdrawn"), "INBOX")


class Meddled(Commands):
    """A connection on which somebody opens the message right before one command of a kind."""

    def __init__(self, connection: Commands, before: str, opens: Callable[[], None]) -> None:
        vars(self).update(vars(connection))
        self._before, self._opens = before, opens

    async def ask(self, name: str, *arguments: str, by_uid: bool = False) -> Completion:
        if name == self._before:
            self._before = ""
            self._opens()
        return await super().ask(name, *arguments, by_uid=by_uid)


@pytest.mark.server
@pytest.mark.parametrize(("kind", "before"), [("move", "MOVE"), ("uidplus", "COPY"), ("uidplus", "STORE")])
async def test_who_opens_it_at_the_last_moment_keeps_it(
    kind: str, before: str, servers: Callable[[str], Dovecot], names: Iterator[str]
) -> None:
    server, user = servers(kind), next(names)
    place, one = on(server, user), fresh()
    place.put(letter(one))
    copy = await place.copy(one)
    access = Access.from_url(place.url, user, lambda: "pw", None)
    async with connect(access) as connection:
        mover = Mover(Meddled(connection, before, lambda: place.open(one)))
        assert not await mover.move(copy.uid, "INBOX", WITHDRAWN, unseen=True)
    assert [flags for flags, _ in place.look("INBOX")] == [{"\\Seen"}]
    assert place.look(WITHDRAWN) == []


@pytest.mark.server
async def test_who_reads_a_message_that_is_moved_away_meanwhile_finds_none(
    servers: Callable[[str], Dovecot], names: Iterator[str]
) -> None:
    user = next(names)
    place, one = on(servers("move"), user), fresh()
    place.put(letter(one))
    copy = await place.copy(one)
    async with connect(Access.from_url(place.url, user, lambda: "pw", None)) as connection:
        await connection.select("INBOX")
        assert await connection.content(copy.uid) is not None
        place.put(letter(two := fresh()))
        await connection.poke()
        other = await place.copy(two)
        assert await place.hand().move(other, WITHDRAWN)
        assert await connection.content(other.uid) is None


async def test_a_file_that_is_renamed_as_it_is_reached_for_was_opened(tmp_path: Path) -> None:
    for folder in ("new", "cur", "tmp"):
        (tmp_path / folder).mkdir()
    place, one = in_files(tmp_path), fresh()
    place.put(letter(one))
    copy = await place.copy(one)
    place.open(one)
    assert not await place.hand().move(copy, "Withdrawn", unseen=True)


async def test_a_file_never_takes_the_place_of_another(tmp_path: Path) -> None:
    for folder in ("new", "cur", "tmp", ".Withdrawn/new", ".Withdrawn/cur", ".Withdrawn/tmp"):
        (tmp_path / folder).mkdir(parents=True)
    place, one = in_files(tmp_path), fresh()
    place.put(letter(one))
    copy = await place.copy(one)
    (tmp_path / ".Withdrawn" / "cur" / f"{copy.uid}:2,").write_bytes(b"another")
    assert await place.hand().move(copy, "Withdrawn")
    assert len(place.look("Withdrawn")) == 2


async def test_a_maildir_that_can_not_be_written_is_unavailable(tmp_path: Path) -> None:
    for folder in ("new", "cur", "tmp"):
        (tmp_path / folder).mkdir()
    (tmp_path / ".Withdrawn").write_text("a file where the folder should be")
    place, one = in_files(tmp_path), fresh()
    place.put(letter(one))
    with pytest.raises(Unavailable, match="cannot be moved"):
        await place.hand().move(await place.copy(one), "Withdrawn")
    assert len(place.look("INBOX")) == 1


@pytest.mark.server
async def test_a_refused_login_is_unavailable_and_closes_the_door_for_moves_too(
    servers: Callable[[str], Dovecot], names: Iterator[str]
) -> None:
    hand = on(servers("move"), next(names)).hand(password="wrong")
    with pytest.raises(Unavailable, match="refused"):
        await hand.find("INBOX", fresh(), LONG_AGO)
    with pytest.raises(Unavailable, match="left alone"):
        await hand.move(Copy("INBOX", "1", frozenset()), WITHDRAWN)


@pytest.mark.server
async def test_a_folder_that_can_not_be_made_is_unavailable_and_the_message_stays(
    servers: Callable[[str], Dovecot], names: Iterator[str]
) -> None:
    place, one = on(servers("move"), next(names)), fresh()
    place.put(letter(one))
    with pytest.raises(Unavailable, match="asked to move"):
        await place.hand().move(await place.copy(one), "a/../b", unseen=True)
    assert len(place.look("INBOX")) == 1


@pytest.mark.server
async def test_a_watch_takes_what_was_moved_for_no_new_message(place: Place) -> None:
    one, other, world = fresh(), fresh(), World()
    async with watching(world, mailbox_settings(place.url, withdrawn=WITHDRAWN)) as (_, hand):
        await world.until(lambda: "INBOX" in world.states)
        place.put(letter(one))
        await world.until(lambda: one in world.seen_arrivals())
        world.recorded.add(one)
        await world.until(lambda: bool([copy for copy in world.states["INBOX"].copies.values() if copy.ref]))
        assert await hand.move(world.copy_of(one), WITHDRAWN, unseen=True)
        place.put(letter(other))
        await world.until(lambda: other in world.seen_arrivals())
    assert world.seen_arrivals().count(one) == 1
    # Where the first copy can't be taken away it was marked.
    assert [change for change in world.changes if change.now.flags != {"\\Deleted"}] == []
