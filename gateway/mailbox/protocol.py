"""aioimaplib's protocol, made fit to be trusted for months.

Stock 2.0.3 dies of a RecursionError when about a thousand lines come in one read (its issue 118), wakes nobody when the
connection drops (110), counts parentheses inside subjects, mixes a late reply into the next command, and formats all
that it reads for its debug log. This subclass keeps its commands and states, and replaces reading and waiting:
lines are cut in a loop, literals are taken by length, a lost connection ends every wait, and nothing is logged.

In go `aioimaplib` commands, one at a time; out come `Completion`s and the `stirred` event. Knows nothing of folders.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from dataclasses import dataclass
from typing import cast

from aioimaplib import aioimaplib as ai

#: Longest message that is read; a longer literal is passed over and shows as None.
MAX_LITERAL = 64 * 1024 * 1024
#: Longest line: UID SEARCH answers in one line, about eight octets a message.
MAX_LINE = 4 * 1024 * 1024

_LITERAL = re.compile(rb"\{(\d+)\+?\}$")
_STATUS = re.compile(rb"\* (OK|NO|BAD|BYE|PREAUTH)\b", re.IGNORECASE)
_TAGGED = re.compile(rb"([A-Z0-9]+) (OK|NO|BAD)(?: (.*))?$", re.IGNORECASE | re.DOTALL)
_STIRS = re.compile(rb"(?:\d+ (?:EXISTS|EXPUNGE)|VANISHED (?!\(EARLIER\)))", re.IGNORECASE)
_GONE = re.compile(rb"(?:\d+ EXPUNGE\b|VANISHED (?!\(EARLIER\)))", re.IGNORECASE)
_FETCH = re.compile(rb"\d+ FETCH\b", re.IGNORECASE)
_NEWS = re.compile(rb"STATUS ", re.IGNORECASE)
#: RFC 5465 5.8: the server had too much to tell and tells nothing more.
_OVERFLOW = re.compile(rb"(?:OK|NO) \[NOTIFICATIONOVERFLOW\]", re.IGNORECASE)
#: Folders that a server may tell of unasked.
_MOST_NEWS = 1000

_SIGNED_IN = (ai.AUTH, ai.SELECTED)
#: The states in which a command is possible: aioimaplib's table, and what it lacks.
_STATES = {name: command.valid_states for name, command in ai.Commands.items()} | {
    "NOTIFY": _SIGNED_IN,
    "XLIST": _SIGNED_IN,
}

#: One response: text and literals by turns. None stands for a literal that was too long.
Parts = list[bytes | None]


@dataclass(frozen=True, slots=True)
class Completion:
    """How a command ended: OK, NO or BAD, the server's text, and the untagged responses that came before."""

    status: str
    text: bytes
    untagged: list[Parts]


class SturdyProtocol(ai.IMAP4ClientProtocol):
    """One IMAP connection, for one task at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._on = loop
        self._wire: asyncio.Transport | None = None
        #: Something happened in the selected folder that no command asked for; also set when the connection is lost.
        self.stirred = asyncio.Event()
        #: STATUS responses that no command asked for (NOTIFY, RFC 5465), the last one of each folder.
        self.news: dict[bytes, Parts] = {}
        #: Messages are gone from the selected folder.
        self.expunged = False
        #: The server told that it tells no more of other folders.
        self.overflowed = False
        self.greeted = asyncio.Event()
        self.gone = asyncio.Event()
        self.lost: ai.Abort | None = None
        #: What goes out when the server asks for more of an AUTHENTICATE or APPEND.
        self.continuation: bytes = b""
        #: What goes out when it asks once more: an AUTHENTICATE that fails may say why first (RFC 7628 3.2.3).
        self.last_word: bytes = b""
        self._buffer = bytearray()
        self._due: int | None = None
        self._parts: Parts = []
        self._pending: ai.Command | None = None
        self._untagged: list[Parts] = []
        self._completed: tuple[str, bytes] | None = None
        self._idling = asyncio.Event()

    @property
    def welcome_said(self) -> bool:
        """Whether the server greeted us and is still there."""
        return self.greeted.is_set() and self.lost is None

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the greeting."""
        super().connection_made(transport)
        self._wire = cast("asyncio.Transport", transport)

    def data_received(self, d: bytes) -> None:
        """Cut what came into responses, without recursion."""
        self._buffer += d
        if self._pending is not None:
            self._pending._reset_timer()  # noqa: SLF001 - aioimaplib has no public way to say that data flows
        try:
            while self._take():
                pass
        except ai.Abort as fault:
            self._lose(fault)

    def connection_lost(self, exc: Exception | None) -> None:
        """End every wait."""
        self._lose(ai.Abort("the server closed the connection" if exc is None else type(exc).__name__))
        self.gone.set()

    def _lose(self, fault: ai.Abort) -> None:
        self.lost = self.lost or _anew(fault)
        self.state = ai.LOGOUT
        if self._pending is not None:
            vars(self._pending)["_exception"] = _anew(fault)  # as aioimaplib does on a time-out
            self._finish("KO", b"")
        for event in (self.greeted, self.stirred, self._idling):
            event.set()
        if self._wire is not None:
            self._wire.abort()

    # Reading.

    def _take(self) -> bool:
        """Take a line or a literal off the buffer; False where more must come first."""
        if self._due is not None:
            return self._take_literal(self._due)
        end = self._buffer.find(b"\r\n")
        if end < 0:
            if len(self._buffer) > MAX_LINE:
                raise ai.Abort("a line is too long")
            return False
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        self._parts.append(line)
        literal = _LITERAL.search(line) if self._may_hold_literals() else None
        if literal:
            self._due = int(literal[1])
            self._parts.append(None if self._due > MAX_LITERAL else b"")
        else:
            parts, self._parts = self._parts, []
            self._dispatch(parts)
        return True

    def _may_hold_literals(self) -> bool:
        first = self._parts[0]
        return first is not None and first.startswith(b"* ") and not _STATUS.match(first)

    def _take_literal(self, due: int) -> bool:
        if self._parts[-1] is None:
            skipped = min(due, len(self._buffer))
            del self._buffer[:skipped]
            self._due = due - skipped or None
            return self._due is None
        if len(self._buffer) < due:
            return False
        self._parts[-1] = bytes(self._buffer[:due])
        del self._buffer[:due]
        self._due = None
        return True

    def _dispatch(self, parts: Parts) -> None:
        first = (parts[0] or b"").lstrip(b"\x00")
        if first.startswith(b"* "):
            self._hear([first[2:], *parts[1:]])
        elif first.startswith(b"+"):
            self._go_on()
        elif (tagged := _TAGGED.match(first)) and self._pending and tagged[1] == self._pending.tag.encode():
            self._finish(tagged[2].decode().upper(), tagged[3] or b"")
        elif tagged:
            raise ai.Abort("a reply to no command")
        # Servers were seen to send empty lines and response codes without "* OK": nothing of ours hangs on those.

    def _hear(self, parts: Parts) -> None:
        line = parts[0] or b""
        if self.state == ai.CONNECTED:
            self._greet(line.upper())
            return
        if line[:3].upper() == b"BYE":
            raise ai.Abort("the server said BYE")
        asked = "" if self._pending is None or self._pending.name == "IDLE" else self._pending.name
        self.expunged |= bool(_GONE.match(line))
        if _NEWS.match(line) and asked != "STATUS":
            self._note_news(parts)
        elif _OVERFLOW.match(line):
            self.overflowed = True
            self.stirred.set()
        elif _STIRS.match(line) or (asked != "FETCH" and _FETCH.match(line)):
            self.stirred.set()
        if asked:
            self._untagged.append(parts)

    def _note_news(self, parts: Parts) -> None:
        folder = b"".join(part or b"" for part in parts).rpartition(b"(")[0]
        if folder in self.news or len(self.news) < _MOST_NEWS:
            self.news[folder] = parts
        else:
            self.overflowed = True
        self.stirred.set()

    def _greet(self, line: bytes) -> None:
        if line.startswith(b"PREAUTH"):
            self.state = ai.AUTH
        elif line.startswith(b"OK"):
            self.state = ai.NONAUTH
        else:
            raise ai.Abort("the server's greeting is no welcome")
        self.greeted.set()

    def _go_on(self) -> None:
        if self._pending is not None and self._pending.name in ("AUTHENTICATE", "APPEND"):
            continuation, self.continuation, self.last_word = self.continuation, self.last_word, b""
            self._write(continuation + b"\r\n")
        elif self._pending is not None and self._pending.name == "IDLE":
            self._idling.set()

    def _finish(self, status: str, text: bytes) -> None:
        command, self._pending = self._pending, None
        self.continuation = self.last_word = b""
        if command is not None:
            self._completed = (status, text)
            command.close(text, status)
        self._idling.set()

    # Commands.

    def send(self, line: str, scrub: str | None = None) -> None:  # noqa: ARG002 - stock scrubs its log, we keep none
        """Send a line, unlogged."""
        self._write(f"{line}\r\n".encode())

    def _write(self, octets: bytes) -> None:
        if self._wire is not None:
            self._wire.write(octets)

    async def close(self) -> None:
        """Say LOGOUT where that is still possible, and let go within a second."""
        if self._wire is None:
            return
        if self.lost is None:
            self.send(f"{self.new_tag()} LOGOUT")
            self._wire.close()
        try:
            async with asyncio.timeout(1):
                await self.gone.wait()
        except TimeoutError:
            self._wire.abort()

    def command(self, name: str, *arguments: str, by_uid: bool = False, patience: float) -> ai.Command:
        """A command to `converse` with."""
        prefix = "UID" if by_uid else ""
        return ai.Command(name, self.new_tag(), *arguments, prefix=prefix, loop=self._on, timeout=patience)

    def _begin(self, command: ai.Command) -> None:
        if self.lost is not None:
            raise _anew(self.lost)
        if self._pending is not None:
            raise ai.Abort("one command at a time")
        if self.state not in _STATES[command.name]:
            raise ai.Abort(f"{command.name} is not possible in state {self.state}")
        self._untagged, self._completed = [], None
        self._pending = command
        self.send(str(command))

    async def converse(self, command: ai.Command) -> Completion:
        """Send a command and wait for its end; the command's own time-out counts from the last octet that came.

        Whatever ends the wait early ends the connection: a late reply must never meet the next command.
        """
        self._begin(command)
        try:
            await _end_of(command)
        except (asyncio.CancelledError, ai.CommandTimeout):
            self._lose(ai.Abort(f"{command.name} was given up"))
            raise
        status, text = cast("tuple[str, bytes]", self._completed)
        return Completion(status, text, self._untagged)

    async def idle_until_stirred(self, limit: float, patience: float) -> Completion:
        """IDLE (RFC 2177) until the folder stirs or `limit` seconds are over. `patience` bounds the server's replies.

        A completion other than OK means that the server takes no IDLE. Raises TimeoutError and aioimaplib's Abort.
        """
        command = ai.IdleCommand(self.new_tag(), self.idle_queue, loop=self._on)
        self._idling.clear()
        self._begin(command)
        try:
            async with asyncio.timeout(patience):
                await self._idling.wait()
            if self._pending is command:
                await self._rest(limit)
            if self._pending is command:
                self.send("DONE")
            async with asyncio.timeout(patience):
                await _end_of(command)
        except (asyncio.CancelledError, TimeoutError):
            self._lose(ai.Abort("IDLE was given up"))
            raise
        status, text = cast("tuple[str, bytes]", self._completed)
        return Completion(status, text, [])

    async def _rest(self, limit: float) -> None:
        try:
            async with asyncio.timeout(limit):
                await self.stirred.wait()
        except TimeoutError:
            return

    async def upgrade(self, context: ssl.SSLContext, host: str) -> None:
        """Turn to TLS after STARTTLS was agreed. Raises aioimaplib's Abort where the server spoke too early."""
        if self._buffer or self._parts or self._wire is None:
            raise ai.Abort("plain text was injected before TLS")  # CVE-2011-0411 and its kind
        secured = await self._on.start_tls(self._wire, self, context, server_hostname=host)
        if secured is None:
            raise ai.Abort("the connection ended before TLS")
        self._wire = secured


def _anew(fault: ai.Abort) -> ai.Abort:
    """The same fault, never raised: a traceback holds the connection, and the connection would hold the traceback."""
    return ai.Abort(*fault.args)


async def _end_of(command: ai.Command) -> None:
    """Wait for a command's end, and leave it without its fault: lost connections would lie in memory until the
    collector comes by, which for hundreds of mailboxes is most of what they cost.
    """
    try:
        await command.wait()
    finally:
        vars(command)["_exception"] = None
