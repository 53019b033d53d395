"""The table of what a client got, and what its scenarios ask of a scene. The rows stand beside this file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from gateway.core.events import Seen
from tests.ports.mailbox_flow import Scene
from tests.servers.dovecot import MailProgram


@dataclass(frozen=True)
class Scenario:
    """A row of the table."""

    name: str
    #: What the client got in the end.
    got: str
    play: Callable[[Scene], Awaitable[None]]
    mailbox: Mapping[str, object] = field(default_factory=dict)
    policy: Mapping[str, object] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    #: What the server must not offer, hidden by the gate.
    without: tuple[str, ...] = ()
    #: How often each event may be told of one message.
    seen: int = 1


TABLE: list[Scenario] = []


def scenario(name: str, got: str, **more: object) -> Callable[[Callable[[Scene], Awaitable[None]]], None]:
    """Put a scenario into the table."""

    def add(play: Callable[[Scene], Awaitable[None]]) -> None:
        TABLE.append(Scenario(name, got, play, **more))  # type: ignore[arg-type]

    return add


def read_and_move(program: MailProgram, message: str) -> None:
    """Read it and put it away at once."""
    program.open(message)
    program.move(message, "Archive")


def renumber(one: Scene) -> None:
    """Give the inbox a new UIDVALIDITY."""
    one.server.admin("mailbox", "update", "-u", one.user, "--uid-validity", "123456789", "INBOX")
    one.server.kill_imap()


async def is_numbered_anew(one: Scene) -> bool:
    """The new numbers are known, and whose messages they are."""
    state = await one.store.folder("ana", "INBOX")
    return state.validity == "123456789" and any(copy.ref for copy in state.copies.values())


async def is_seen(one: Scene, message: str) -> bool:
    """It is recorded as read."""
    return bool(await one.events(Seen, message))


async def all_seen(one: Scene) -> bool:
    """All that was written is recorded as read."""
    return all([await is_seen(one, message) for message in one.written])


async def lies_nowhere(one: Scene, message: str) -> bool:
    """No copy is known any more."""
    (ref,) = await one.store.find("ana", [message])
    return not await one.store.copies(ref)


async def does_not_lie_in(one: Scene, message: str, folder: str) -> bool:
    """No copy is known in a folder."""
    (ref,) = await one.store.find("ana", [message])
    return all(copy.folder != folder for copy in await one.store.copies(ref))


async def standing(one: Scene, code: str) -> bool:
    """The admin was told."""
    return any(code in known for known in one.alerts.standing())


async def not_standing(one: Scene, code: str) -> bool:
    """The admin was told that it is well again."""
    return not await standing(one, code)
