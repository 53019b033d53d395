"""An IMAP server with the faults that real providers have, for faults that no real server shows on demand.

It keeps one folder of messages and speaks just enough IMAP4rev1 for a watch. Which provider does what stands beside
each fault.
"""

from __future__ import annotations

import asyncio
import re
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Script:
    """How the server behaves."""

    capabilities: str = "IMAP4rev1 IDLE"
    #: What LOGIN gets: ok, no, unavailable, or rights (Microsoft: OK, then BAD to the next command and BYE).
    login: str = "ok"
    permanent: str = r"\Seen \Answered \Flagged \Deleted \Draft \*"
    #: Commands that are throttled once (Microsoft), each with this text.
    throttle: set[str] = field(default_factory=set)
    backoff: str = "Request is throttled. Suggested Backoff Time: 300 milliseconds"
    #: STORE says OK and keeps nothing of it but system flags (Zoho, Microsoft).
    forgets_keywords: bool = False
    #: talks, silent (accepts IDLE and tells nothing), refused (BAD), noisy (nonsense before and after the "+").
    idle: str = "talks"
    #: Greeting; empty hangs up at once.
    greeting: str = "* OK ready"
    #: FETCH of these uids' content gives OK without the content (iCloud).
    bodiless: set[int] = field(default_factory=set)
    #: FETCH of these uids' content announces a literal of so many octets.
    huge: dict[int, int] = field(default_factory=dict)
    #: Access tokens that AUTHENTICATE takes; with others it says why (Gmail), waits for a word, and then says no.
    tokens: set[str] = field(default_factory=set)


@dataclass
class ScriptedImap:
    """The running server; tests add messages and change flags here."""

    script: Script
    port: int = 0
    messages: dict[int, bytes] = field(default_factory=dict)
    flags: dict[int, set[str]] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    logins: int = 0
    #: What AUTHENTICATE was told, and what came after it had said why not.
    shown: list[str] = field(default_factory=list)
    last_words: list[str] = field(default_factory=list)
    news: int = 0
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def deliver(self, uid: int, content: bytes, *flags: str) -> None:
        """A message arrives."""
        self.messages[uid], self.flags[uid] = content, set(flags)
        await self._tell()

    async def mark(self, uid: int, *flags: str) -> None:
        """Somebody sets flags."""
        self.flags[uid] |= set(flags)
        await self._tell()

    def end_tokens(self) -> None:
        """Every token runs out within its connections (Microsoft)."""
        self.script.tokens.clear()
        for writer in self._writers:
            self._say(writer, "* BYE Session invalidated - AccessTokenExpired")
            writer.close()

    def hang_up(self) -> None:
        """Cut every connection."""
        for writer in self._writers:
            writer.transport.abort()

    async def _tell(self) -> None:
        self.news += 1
        async with self._changed:
            self._changed.notify_all()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self._writers.add(writer)
        try:
            if self.script.greeting:
                self._say(writer, self.script.greeting)
                await _Conversation(self, reader, writer).run()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    def _say(self, writer: asyncio.StreamWriter, line: str) -> None:
        writer.write(f"{line}\r\n".encode())


@dataclass
class _Conversation:
    server: ScriptedImap
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    closed_to_us: bool = False
    #: How much of the server's news this connection was told.
    told: int = 0

    async def run(self) -> None:
        while line := (await self.reader.readline()).decode().strip():
            tag, _, command = line.partition(" ")
            words = command.upper().split()
            name = words[1] if words[0] == "UID" else words[0]
            self.server.commands.append(command)
            if self.closed_to_us:
                self.say(f"{tag} BAD User is authenticated but not connected.")
                self.say("* BYE Connection closed. 14")
                return
            if name in self.server.script.throttle:
                self.server.script.throttle.discard(name)
                self.say(f"{tag} BAD {self.server.script.backoff}")
            elif name == "LOGOUT":
                self.say("* BYE")
                return
            else:
                if self.told != self.server.news and self.server.script.idle != "silent" and name != "IDLE":
                    self.tell_news()
                await getattr(self, f"on_{name.lower()}")(tag, command)
            await self.writer.drain()

    def tell_news(self) -> None:
        self.told = self.server.news
        self.say(f"* {len(self.server.messages)} EXISTS")

    def say(self, line: str) -> None:
        self.writer.write(f"{line}\r\n".encode())

    async def on_capability(self, tag: str, _: str) -> None:
        self.say(f"* CAPABILITY {self.server.script.capabilities}")
        self.say(f"{tag} OK")

    async def on_login(self, tag: str, _: str) -> None:
        self.server.logins += 1
        how = self.server.script.login
        if how in ("no", "unavailable"):
            code = "AUTHENTICATIONFAILED" if how == "no" else "UNAVAILABLE"
            self.say(f"{tag} NO [{code}] ana@hopestreet.example is not welcome")
            return
        self.closed_to_us = how == "rights"
        self.say(f"{tag} OK LOGIN completed.")

    async def on_authenticate(self, tag: str, command: str) -> None:
        self.server.logins += 1
        words = command.split()
        if len(words) < 3:
            self.say("+ ")
            words.append((await self.reader.readline()).decode().strip())
        said = b64decode(words[2]).decode()
        self.server.shown.append(said)
        if not any(f"Bearer {token}\1" in said for token in self.server.script.tokens):
            why = b64encode(b'{"status": "400"}').decode()
            self.say(f"+ {why}")
            self.server.last_words.append((await self.reader.readline()).decode().strip())
            self.say(f"{tag} NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)")
            return
        self.closed_to_us = self.server.script.login == "rights"
        self.say(f"{tag} OK AUTHENTICATE completed.")

    async def on_list(self, tag: str, _: str) -> None:
        self.say('* LIST (\\HasNoChildren) "/" INBOX')
        self.say('* LIST (\\HasNoChildren) "/" Inbox')
        self.say(f"{tag} OK")

    async def on_select(self, tag: str, _: str) -> None:
        self.say(f"* {len(self.server.messages)} EXISTS")
        self.say("* FLAGS (\\Seen \\Answered)")
        self.say(f"* OK [PERMANENTFLAGS ({self.server.script.permanent})]")
        self.say("* OK [UIDVALIDITY 7]")
        self.say(f"* OK [UIDNEXT {max(self.server.messages, default=0) + 1}]")
        self.say("* OK [HIGHESTMODSEQ 4611686018427387904]")
        self.say(f"{tag} OK [READ-WRITE]")

    async def on_noop(self, tag: str, _: str) -> None:
        self.say(f"{tag} OK")

    async def on_search(self, tag: str, _: str) -> None:
        self.say("* SEARCH " + " ".join(map(str, sorted(self.server.messages, reverse=True))))
        self.say(f"{tag} OK")

    async def on_fetch(self, tag: str, command: str) -> None:
        _, _, uids, items = command.split(" ", 3)
        if self.server.script.idle == "noisy":
            self.say("* 0 FETCH (FLAGS (\\Seen))")
            self.say("* OK Still here")
        for position, uid in enumerate(sorted(self.server.messages), 1):
            if _within(uid, uids):
                self._fetch_one(position, uid, items.upper())
        self.say(f"{tag} OK done")

    def _fetch_one(self, position: int, uid: int, items: str) -> None:
        script, content = self.server.script, self.server.messages[uid]
        if "BODY.PEEK[]" in items:
            if uid in script.bodiless:
                self.say(f"* {position} FETCH (UID {uid})")
                return
            size = script.huge.get(uid, len(content))
            self.writer.write(f"* {position} fetch (body[] {{{size}}}\r\n".encode())
            self.writer.write(content if uid not in script.huge else b"x" * size)
            self.say(f" uid {uid})")
        elif "HEADER.FIELDS" in items:
            found = re.search(rb"(?im)^message-id:.*\r\n", content)
            header = (found[0] if found else b"") + b"\r\n"
            self.writer.write(f"* {position} FETCH (BODY[HEADER.FIELDS (MESSAGE-ID)] {{{len(header)}}}\r\n".encode())
            self.writer.write(header)
            self.say(f" UID {uid})")
        elif "RFC822.SIZE" in items:
            self.say(f'* {position} FETCH (RFC822.SIZE 1 INTERNALDATE "00-Jan-0000 00:00:00 +0000" UID {uid})')
        else:
            self.say(f"* {position} FETCH (FLAGS ({' '.join(sorted(self.server.flags[uid]))}) UID {uid} MODSEQ (-1))")

    async def on_store(self, tag: str, command: str) -> None:
        _, _, uid, _, flags = command.split(" ", 4)
        words = set(flags.strip("()").split())
        allowed = set(self.server.script.permanent.split())
        if not words <= allowed and "\\*" not in allowed:
            self.say(f"{tag} BAD Command Argument Error. 11")
            return
        if self.server.script.forgets_keywords:
            words = {word for word in words if word.startswith("\\")}
        self.server.flags[int(uid)] |= words
        self.say(f"{tag} OK")

    async def on_idle(self, tag: str, _: str) -> None:
        how = self.server.script.idle
        if how == "refused":
            self.say(f"{tag} BAD no such command")
            return
        if how == "noisy":
            self.say(f"* {len(self.server.messages)} EXISTS")
        self.say("+" if how == "noisy" else "+ idling")
        async with asyncio.TaskGroup() as group:
            telling = group.create_task(self._keep_telling(how))
            await self.reader.readline()
            telling.cancel()
        self.say(f"{tag} OK")

    async def _keep_telling(self, how: str) -> None:
        while True:
            if how == "noisy":
                self.say("* OK Still here")
            async with self.server._changed:
                await self.server._changed.wait_for(lambda: self.told != self.server.news)
            if how == "silent":
                self.told = self.server.news
            else:
                self.tell_news()
                self.say("* 1 FETCH (FLAGS ())")


def _within(uid: int, uids: str) -> bool:
    for part in uids.split(","):
        first, _, last = part.partition(":")
        if int(first) <= uid and ((not last and uid == int(first)) or last == "*" or (last and uid <= int(last))):
            return True
    return False


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
