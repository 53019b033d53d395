"""`Drafts`: a draft is put where the therapist finds it, once; on a real Dovecot and in a Maildir."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest

from gateway.clock import SystemClock
from gateway.mailbox import Hand, watch_for
from gateway.mailbox.names import encode
from gateway.ports import Unavailable
from tests.ports.observed import BRISK, World, letter, mailbox_settings, watching
from tests.servers.dovecot import Dovecot, dovecot

USERS = {f"ana{number}": "pw" for number in range(12)}


@dataclass(frozen=True)
class Place:
    """A mailbox with a way to look at a folder of it: flags and content of each message."""

    url: str
    look: Callable[[str], list[tuple[frozenset[str], bytes]]]

    def hand(self, world: World | None = None, password: str = "pw", **settings: object) -> Hand:
        """What may be done there; nothing watches."""
        world = world or World()
        _, hand = watch_for(
            "ana", mailbox_settings(self.url, **settings), password=lambda: password, observer=world, folders=world,
            record=world, alerts=world, clock=SystemClock(), intervals=BRISK,
        )  # fmt: skip
        return hand


def draft(message_id: str) -> bytes:
    """A draft as the outbox makes it; a line with a dot, one in another script."""
    return letter(
        message_id, body="Dear Cleo,\r\n.\r\n\r\nGrüße\r\n", extra="Content-Type: text/plain; charset=utf-8\r\n"
    )


def fresh_id() -> str:
    return f"<{uuid.uuid4().hex}@hopestreet.example>"


@pytest.fixture(scope="module")
def marked() -> Iterator[Dovecot]:
    with dovecot(USERS, drafts="Entwuerfe") as running:
        yield running


@pytest.fixture(scope="module")
def unmarked() -> Iterator[Dovecot]:
    with dovecot(USERS, drafts="") as running:
        yield running


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    return iter(USERS)


def on(server: Dovecot, user: str) -> Place:
    def look(folder: str) -> list[tuple[frozenset[str], bytes]]:
        with server.open(user, encode(folder)) as program:
            return [(program.flags_of(uid), program.content(uid)) for uid in program.uids()]

    return Place(f"imap://{user}@127.0.0.1:{server.imap_port}", look)


def in_files(root: Path) -> Place:
    def look(folder: str) -> list[tuple[frozenset[str], bytes]]:
        letters = {"D": "\\Draft", "S": "\\Seen"}
        cur = sorted((root / f".{encode(folder)}" / "cur").iterdir())
        assert list((root / f".{encode(folder)}" / "tmp").iterdir()) == []
        return [
            (
                frozenset(letters[one] for one in path.name.partition(":2,")[2]),
                path.read_bytes().replace(b"\n", b"\r\n"),
            )
            for path in cur
        ]

    return Place(f"maildir:{root}", look)


@pytest.fixture(params=["dovecot", "maildir"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A mailbox without a folder of drafts."""
    if request.param == "dovecot":
        return on(request.getfixturevalue("unmarked"), next(request.getfixturevalue("names")))
    for folder in ("new", "cur", "tmp"):
        (tmp_path / "ana" / folder).mkdir(parents=True)
    return in_files(tmp_path / "ana")


@pytest.mark.server
async def test_a_draft_lies_in_the_folder_named_which_is_made_if_need_be(place: Place) -> None:
    one = fresh_id()
    await place.hand(drafts="Entwürfe").put(one, draft(one))
    [(flags, content)] = place.look("Entwürfe")
    assert flags == {"\\Draft", "\\Seen"}
    assert content == draft(one)


@pytest.mark.server
async def test_a_draft_is_put_once_and_another_one_beside_it(place: Place) -> None:
    one, other = fresh_id(), fresh_id()
    for message_id in (one, one, other):
        await place.hand().put(message_id, draft(message_id))
    await place.hand().put(one, draft(one))
    ids = sorted(message_from_bytes(content)["Message-ID"] for _, content in place.look("Drafts"))
    assert ids == sorted([one, other])


@pytest.mark.server
async def test_the_folder_that_the_server_marks_is_used_whatever_is_named(
    marked: Dovecot, names: Iterator[str]
) -> None:
    place, one = on(marked, next(names)), fresh_id()
    await place.hand(drafts="Drafts").put(one, draft(one))
    assert len(place.look("Entwuerfe")) == 1


@pytest.mark.server
async def test_a_draft_may_be_put_while_the_mailbox_is_watched_and_is_no_news_there(
    unmarked: Dovecot, names: Iterator[str]
) -> None:
    place, one, world = on(unmarked, next(names)), fresh_id(), World()
    async with watching(world, mailbox_settings(place.url)) as (_, hand):
        assert isinstance(hand, Hand)
        await world.until(lambda: "INBOX" in world.states)
        await hand.put(one, draft(one))
        assert len(place.look("Drafts")) == 1
    assert (world.arrivals, world.answers) == ([], [])


@pytest.mark.server
async def test_a_refused_login_is_unavailable_and_closes_the_door_for_drafts_too(
    unmarked: Dovecot, names: Iterator[str]
) -> None:
    world = World()
    hand = on(unmarked, next(names)).hand(world, password="wrong")
    with pytest.raises(Unavailable, match="refused"):
        await hand.put(fresh_id(), draft(fresh_id()))
    assert world.alerts == ["login-refused"]
    with pytest.raises(Unavailable, match="left alone"):
        await hand.put(fresh_id(), draft(fresh_id()))


@asynccontextmanager
async def saying(*lines: bytes) -> AsyncIterator[int]:
    """A server that greets, lets in, and then answers each command by these lines in turn; the last one for ever."""
    replies = [b"* CAPABILITY IMAP4rev1\r\n%s OK\r\n", b"%s OK\r\n", b"* CAPABILITY IMAP4rev1\r\n%s OK\r\n", *lines]
    left = iter(replies)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK hello\r\n")
        while line := await reader.readline():
            reply = next(left, lines[-1])
            if reply == b"":
                continue
            writer.write(reply.replace(b"%s", line.split()[0]))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize(
    "replies",
    [
        [b"%s OK\r\n", b"%s NO [CANNOT] no folders here\r\n"],
        [b'* LIST () "/" Drafts\r\n%s OK\r\n', b"%s OK\r\n", b"* SEARCH\r\n%s OK\r\n", b"%s NO [OVERQUOTA] full\r\n"],
        [b'* LIST () "/" Drafts\r\n%s OK\r\n', b"%s NO no such folder\r\n"],
        [b"* BYE gone\r\n"],
        [b""],
    ],
    ids=["no-folder-can-be-made", "quota", "select-refused", "hung-up", "silent"],
)
async def test_whatever_the_server_refuses_is_unavailable_and_names_nobody(replies: list[bytes]) -> None:
    one = fresh_id()
    quick = timedelta(milliseconds=300)
    async with saying(*replies) as port:
        world = World()
        settings = mailbox_settings(f"imap://ana@127.0.0.1:{port}")
        _, hand = watch_for(
            "ana", settings, password=lambda: "pw", observer=world, folders=world, record=world, alerts=world,
            clock=SystemClock(), intervals=BRISK.__class__(command=quick),
        )  # fmt: skip
        with pytest.raises(Unavailable) as caught:
            await hand.put(one, draft(one))
    assert "Cleo" not in str(caught.value)


async def test_a_maildir_that_is_not_there_yet_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="not there yet"):
        await in_files(tmp_path / "nobody").hand().put(fresh_id(), draft(fresh_id()))
    assert not (tmp_path / "nobody").exists()


async def test_a_maildir_that_can_not_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / ".Drafts").write_text("a file where the folder should be")
    with pytest.raises(Unavailable, match="takes no drafts"):
        await in_files(tmp_path).hand().put(fresh_id(), draft(fresh_id()))
