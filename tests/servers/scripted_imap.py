"""An IMAP server with the faults that real providers have, for faults that no real server shows on demand.

It keeps a few folders of messages and speaks just enough IMAP4rev1 for a watch. Which provider does what stands beside
each fault.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.servers.scripted_imap_talk import Conversation


@dataclass
class Script:
    """How the server behaves."""

    capabilities: str = "IMAP4rev1 IDLE"
    #: What LOGIN gets: ok, no, unavailable, crowded (Gmail), or rights (Microsoft: OK, then BAD to the next command and
    #: BYE).
    login: str = "ok"
    permanent: str = r"\Seen \Answered \Flagged \Deleted \Draft \*"
    #: Commands that are throttled once (Microsoft), each with this text.
    throttle: set[str] = field(default_factory=set)
    backoff: str = "Request is throttled. Suggested Backoff Time: 300 milliseconds"
    #: STORE says OK and keeps nothing of it but system flags (Zoho, Microsoft).
    forgets_keywords: bool = False
    #: talks, silent (accepts IDLE and tells nothing), refused (BAD), noisy (nonsense before and after the "+"), dead
    #: (accepts IDLE and says nothing any more, as a line that a router forgot).
    idle: str = "talks"
    #: Greeting; empty hangs up at once.
    greeting: str = "* OK ready"
    #: FETCH of these uids' content gives OK without the content (iCloud).
    bodiless: set[int] = field(default_factory=set)
    #: FETCH of these uids' content gives NIL (Dovecot, of what is expunged meanwhile), or nothing of any length.
    nil: set[int] = field(default_factory=set)
    empty: set[int] = field(default_factory=set)
    #: FETCH of these uids' content announces a literal of so many octets.
    huge: dict[int, int] = field(default_factory=dict)
    #: Access tokens that AUTHENTICATE takes; with others it says why (Gmail), waits for a word, and then says no.
    tokens: set[str] = field(default_factory=set)
    #: Lines of LIST, where they are others than the folders'; and of XLIST.
    listed: tuple[str, ...] = ()
    xlisted: tuple[str, ...] = ()
    #: How mod-sequences are told: well, none, minus (Zoho: `MODSEQ (-1)`), bad (CHANGEDSINCE is refused), lies (it
    #: never shows anything).
    modseq: str = "minus"
    #: What ENABLE switches on; None: OK and nothing (iCloud).
    enables: str | None = "QRESYNC"
    #: Said among the replies to CHANGEDSINCE with VANISHED.
    vanished: str = ""
    #: What NOTIFY gets: ok, no, or overflow (OK, and with the next news that it tells no more).
    notify: str = "ok"
    #: SELECT is refused until ID was sent (163.com).
    wants_id: bool = False
    #: How FETCH spells a set of flags: plain, nil (none of them as NIL), quoted.
    flags: str = "plain"
    #: Said before every tagged reply.
    noise: str = ""
    #: The text of tagged replies; some servers leave it out.
    text: str = " done"


@dataclass
class Box:
    """One folder."""

    messages: dict[int, bytes] = field(default_factory=dict)
    flags: dict[int, set[str]] = field(default_factory=dict)
    #: The mod-sequence of each message, and of the folder.
    changed: dict[int, int] = field(default_factory=dict)
    modseq: int = 4611686018427387904


@dataclass
class ScriptedImap:
    """The running server; tests add messages and change flags here."""

    script: Script
    port: int = 0
    boxes: dict[str, Box] = field(default_factory=lambda: {"INBOX": Box()})
    commands: list[str] = field(default_factory=list)
    logins: int = 0
    #: What AUTHENTICATE was told, and what came after it had said why not.
    shown: list[str] = field(default_factory=list)
    last_words: list[str] = field(default_factory=list)
    news: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def messages(self) -> dict[int, bytes]:
        """Of the inbox."""
        return self.boxes["INBOX"].messages

    @property
    def flags(self) -> dict[int, set[str]]:
        """Of the inbox."""
        return self.boxes["INBOX"].flags

    async def deliver(self, uid: int, content: bytes, *flags: str, folder: str = "INBOX") -> None:
        """A message arrives."""
        box = self.boxes.setdefault(folder, Box())
        box.messages[uid], box.flags[uid] = content, set(flags)
        await self._touch(box, uid)

    async def mark(self, uid: int, *flags: str, folder: str = "INBOX") -> None:
        """Somebody sets flags."""
        self.boxes[folder].flags[uid] |= set(flags)
        await self._touch(self.boxes[folder], uid)

    async def expunge(self, uid: int, folder: str = "INBOX") -> None:
        """A message is taken away."""
        box = self.boxes[folder]
        for known in (box.messages, box.flags, box.changed):
            known.pop(uid, None)  # type: ignore[attr-defined]
        await self._tell()

    async def _touch(self, box: Box, uid: int) -> None:
        box.modseq += 1
        box.changed[uid] = box.modseq
        await self._tell()

    def say(self, line: str) -> None:
        """Say something on every connection, unasked."""
        for writer in self._writers:
            writer.write(f"{line}\r\n".encode())

    def end_tokens(self) -> None:
        """Every token runs out within its connections (Microsoft)."""
        self.script.tokens.clear()
        self.say("* BYE Session invalidated - AccessTokenExpired")
        for writer in self._writers:
            writer.close()

    def hang_up(self) -> None:
        """Cut every connection."""
        for writer in self._writers:
            writer.transport.abort()

    async def _tell(self) -> None:
        self.news += 1
        async with self.changed:
            self.changed.notify_all()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self._writers.add(writer)
        try:
            if self.script.greeting:
                writer.write(f"{self.script.greeting}\r\n".encode())
                await Conversation(self, reader, writer).run()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()


@asynccontextmanager
async def scripted_imap(script: Script | None = None) -> AsyncIterator[ScriptedImap]:
    """Start the server; end it with all its connections."""
    imap = ScriptedImap(script or Script())
    server = await asyncio.start_server(imap.serve, "127.0.0.1", 0)
    imap.port = server.sockets[0].getsockname()[1]
    async with server:
        try:
            yield imap
        finally:
            imap.hang_up()
