"""One connection to the scripted IMAP server: what it says to each command."""

from __future__ import annotations

import asyncio
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.servers.scripted_imap import Box, Script, ScriptedImap


@dataclass
class Conversation:
    """From greeting to BYE."""

    server: ScriptedImap
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    closed_to_us: bool = False
    introduced: bool = False
    selected: str = ""
    #: How much of the server's news this connection was told, and which folders NOTIFY was asked for.
    told: int = 0
    notified: tuple[str, ...] = ()
    seen: dict[str, int] = field(default_factory=dict)

    @property
    def script(self) -> Script:
        return self.server.script

    @property
    def box(self) -> Box:
        return self.server.boxes[self.selected]

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
            if name in self.script.throttle:
                self.script.throttle.discard(name)
                self.say(f"{tag} BAD {self.script.backoff}")
            elif name == "LOGOUT":
                self.say("* BYE")
                return
            else:
                if self.told != self.server.news and self.script.idle != "silent" and name != "IDLE":
                    self.tell_news()
                await getattr(self, f"on_{name.lower()}")(tag, command)
            await self.writer.drain()

    def tell_news(self) -> None:
        self.told = self.server.news
        if self.selected:
            self.say(f"* {len(self.box.messages)} EXISTS")
        for folder in self.notified:
            box = self.server.boxes.get(folder)
            if box is not None and folder != self.selected and self.seen.get(folder) != box.modseq:
                self.seen[folder] = box.modseq
                self.say(f'* STATUS "{folder}" (MESSAGES {len(box.messages)} HIGHESTMODSEQ {box.modseq})')
                if self.script.notify == "overflow":
                    self.say("* OK [NOTIFICATIONOVERFLOW] too much")

    def say(self, line: str) -> None:
        self.writer.write(f"{line}\r\n".encode())

    def ok(self, tag: str) -> None:
        if self.script.noise:
            self.say(self.script.noise)
        self.say(f"{tag} OK{self.script.text}")

    # Signing in, and folders.

    async def on_capability(self, tag: str, _: str) -> None:
        self.say(f"* CAPABILITY {self.script.capabilities}")
        self.ok(tag)

    async def on_login(self, tag: str, _: str) -> None:
        self.server.logins += 1
        how = self.script.login
        refusals = {
            "no": "[AUTHENTICATIONFAILED] ana@hopestreet.example is not welcome",
            "unavailable": "[UNAVAILABLE] Maximum number of connections from user+IP exceeded",
            "crowded": "[ALERT] Too many simultaneous connections. (Failure)",
        }
        if how in refusals:
            self.say(f"{tag} NO {refusals[how]}")
            return
        self.closed_to_us = how == "rights"
        self.ok(tag)

    async def on_authenticate(self, tag: str, command: str) -> None:
        self.server.logins += 1
        words = command.split()
        if len(words) < 3:
            self.say("+ ")
            words.append((await self.reader.readline()).decode().strip())
        said = b64decode(words[2]).decode()
        self.server.shown.append(said)
        if not any(f"Bearer {token}\1" in said for token in self.script.tokens):
            why = b64encode(b'{"status": "400"}').decode()
            self.say(f"+ {why}")
            self.server.last_words.append((await self.reader.readline()).decode().strip())
            self.say(f"{tag} NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)")
            return
        self.closed_to_us = self.script.login == "rights"
        self.ok(tag)

    async def on_id(self, tag: str, _: str) -> None:
        self.introduced = True
        self.say("* ID NIL")
        self.ok(tag)

    async def on_enable(self, tag: str, _: str) -> None:
        if self.script.enables is not None:
            self.say(f"* ENABLED {self.script.enables}")
        self.ok(tag)

    async def on_notify(self, tag: str, command: str) -> None:
        if self.script.notify == "no":
            self.say(f"{tag} NO [BADEVENT (MessageNew)] not here")
            return
        self.notified = tuple(re.findall(r'"([^"]+)"', command))
        self.seen = {name: box.modseq for name, box in self.server.boxes.items()}
        self.ok(tag)

    async def on_list(self, tag: str, _: str) -> None:
        others = [f'* LIST (\\HasNoChildren) "/" "{name}"' for name in self.server.boxes if name != "INBOX"]
        both = ['* LIST (\\HasNoChildren) "/" INBOX', '* LIST (\\HasNoChildren) "/" Inbox']
        for line in self.script.listed or (*both, *others):
            self.say(line)
        self.ok(tag)

    async def on_xlist(self, tag: str, _: str) -> None:
        for line in self.script.xlisted:
            self.say(line)
        self.ok(tag)

    async def on_status(self, tag: str, command: str) -> None:
        folder = command.split('"')[1]
        box = self.server.boxes.get(folder)
        if box is None:
            self.say(f"{tag} NO no such folder")
            return
        unseen = sum("\\Seen" not in flags for flags in box.flags.values())
        self.say(f'* STATUS "{folder}" (MESSAGES {len(box.messages)} UNSEEN {unseen})')
        self.ok(tag)

    async def on_select(self, tag: str, command: str) -> None:
        folder = command.split('"')[1]
        self.selected = ""
        if self.script.wants_id and not self.introduced:
            self.say(f"{tag} NO SELECT Unsafe Login. Please contact kefu@188.com for help")
            return
        if folder not in self.server.boxes:
            self.say(f"{tag} NO [NONEXISTENT] no such folder")
            return
        self.selected = folder
        self.say(f"* {len(self.box.messages)} EXISTS")
        self.say("* FLAGS (\\Seen \\Answered)")
        self.say(f"* OK [PERMANENTFLAGS ({self.script.permanent})]")
        self.say("* OK [UIDVALIDITY 7]")
        self.say(f"* OK [UIDNEXT {max(self.box.messages, default=0) + 1}]")
        self.say(f"* OK [HIGHESTMODSEQ {self.box.modseq}]")  # Gmail leaves out the text
        self.say(f"{tag} OK [READ-WRITE]")

    async def on_noop(self, tag: str, _: str) -> None:
        self.ok(tag)

    # Messages.

    async def on_search(self, tag: str, command: str) -> None:
        wanted = command.split(" ")[3] if " UID " in f"{command[4:]} " and len(command.split(" ")) > 3 else "1:*"
        found = (uid for uid in sorted(self.box.messages, reverse=True) if _within(uid, wanted))
        self.say("* SEARCH " + " ".join(map(str, found)))
        self.ok(tag)

    async def on_fetch(self, tag: str, command: str) -> None:
        _, _, uids, items = command.split(" ", 3)
        if self.script.idle == "noisy":
            self.say("* 0 FETCH (FLAGS (\\Seen))")
            self.say("* OK Still here")
        since = re.search(r"CHANGEDSINCE (\d+)", items)
        if since and self.script.modseq == "bad":
            self.say(f"{tag} BAD [CLIENTBUG] no")
            return
        if since and "VANISHED" in items and self.script.vanished:
            self.say(self.script.vanished)
        for position, uid in enumerate(sorted(self.box.messages), 1):
            fresh = not since or (self.script.modseq != "lies" and self.box.changed.get(uid, 0) > int(since[1]))
            if _within(uid, uids) and fresh:
                self._fetch_one(position, uid, items.upper())
        self.ok(tag)

    def _fetch_one(self, position: int, uid: int, items: str) -> None:
        script, content = self.script, self.box.messages[uid]
        if "BODY.PEEK[]" in items:
            if uid in script.bodiless:
                self.say(f"* {position} FETCH (UID {uid})")
                return
            if uid in script.nil:
                self.say(f"* {position} FETCH (UID {uid} BODY[] NIL)")
                return
            if uid in script.empty:
                self.say(f'* {position} FETCH (UID {uid} BODY[] "")')
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
        elif "INTERNALDATE" in items:
            self.say(f'* {position} FETCH (RFC822.SIZE 1 INTERNALDATE "00-Jan-0000 00:00:00 +0000" UID {uid})')
        else:
            self.say(f"* {position} FETCH (FLAGS {self._spelt(uid)} UID {uid}{self._modseq(uid)})")

    def _spelt(self, uid: int) -> str:
        words = sorted(self.box.flags[uid])
        if not words and self.script.flags == "nil":
            return "NIL"
        quote = '"' if self.script.flags == "quoted" else ""
        return f"({' '.join(quote + word + quote for word in words)})"

    def _modseq(self, uid: int) -> str:
        told = {"minus": " MODSEQ (-1)", "none": ""}
        return told.get(self.script.modseq, f" MODSEQ ({self.box.changed.get(uid, 1)})")

    async def on_store(self, tag: str, command: str) -> None:
        _, _, uid, _, flags = command.split(" ", 4)
        words = set(flags.strip("()").split())
        allowed = set(self.script.permanent.split())
        if not words <= allowed and "\\*" not in allowed:
            self.say(f"{tag} BAD Command Argument Error. 11")
            return
        if self.script.forgets_keywords:
            words = {word for word in words if word.startswith("\\")}
        self.box.flags[int(uid)] |= words
        self.ok(tag)

    # Waiting.

    async def on_idle(self, tag: str, _: str) -> None:
        how = self.script.idle
        if how == "refused":
            self.say(f"{tag} BAD no such command")
            return
        if how == "noisy":
            self.say(f"* {len(self.box.messages)} EXISTS")
        self.say("+" if how == "noisy" else "+ idling")
        async with asyncio.TaskGroup() as group:
            telling = group.create_task(self._keep_telling(how))
            await self.reader.readline()
            telling.cancel()
        if how != "dead":
            self.ok(tag)

    async def _keep_telling(self, how: str) -> None:
        while True:
            if how == "noisy":
                self.say("* OK Still here")
            async with self.server.changed:
                await self.server.changed.wait_for(lambda: self.told != self.server.news)
            if how in ("silent", "dead"):
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
