"""Plays conversations with the real intake, written as in RFC 5321 appendix D.

given NAME=VALUE    a field of the `smtp` settings (`tls=yes` offers STARTTLS)
C: line             the peer sends the line and CRLF; several in a row go out in one piece
C= bytes            the peer sends just these bytes, escaped as in Python
C! TLS | EOF        the peer makes the TLS handshake, or ends its side of the connection
S: pattern          the next line that the gateway writes, `*` and `?` as in a shell; `<closed>` is the end
=> mailbox <reverse-path> <recipient,...> bytes     the next message that was handed on
=> nothing          no (further) message was handed on
"""

from __future__ import annotations

import ast
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.servers.intake import Arrived, Peer, Running, running_intake

DIALOGUES = sorted(Path(__file__).parent.glob("*.smtp"))


def unescaped(text: str) -> bytes:
    return bytes(ast.literal_eval('b"' + text.replace('"', '\\"') + '"'))


def steps(path: Path) -> list[tuple[int, str, str]]:
    """Line number, kind and rest of each line that is no comment."""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            kind, _, rest = line.partition(" ")
            found.append((number, kind, rest))
    return found


class Play:
    """One conversation; lines of the peer are gathered until the gateway's turn."""

    def __init__(self, running: Running, peer: Peer, arrived: Arrived) -> None:
        self.running, self.peer, self.arrived = running, peer, arrived
        self.unsent = b""

    def flush(self) -> None:
        if self.unsent:
            self.peer.send(self.unsent)
            self.unsent = b""

    async def step(self, kind: str, rest: str) -> None:
        match kind:
            case "C:":
                self.unsent += rest.encode() + b"\r\n"
            case "C=":
                self.unsent += unescaped(rest)
            case "C!":
                self.flush()
                if rest == "TLS":
                    await self.peer.start_tls(self.running.trust)
                else:
                    self.peer.writer.write_eof()
            case "S:":
                self.flush()
                line = await self.peer.line()
                assert fnmatchcase(line, rest), f"the gateway wrote {line!r}"
            case "=>":
                self.handed_on(rest)
            case _:
                raise ValueError(f"no such step: {kind}")

    def handed_on(self, expected: str) -> None:
        if expected == "nothing":
            assert self.arrived.messages == []
            return
        mailbox, reverse_path, recipients, content = expected.split(" ", 3)
        route, envelope, given = self.arrived.messages.pop(0)
        assert route.mailbox == mailbox
        assert f"<{envelope.reverse_path}>" == reverse_path
        assert f"<{','.join(envelope.recipients)}>" == recipients
        assert given == unescaped(content)


@pytest.mark.parametrize("path", DIALOGUES, ids=lambda path: path.stem)
async def test_the_gateway_keeps_to_the_dialogue(path: Path) -> None:
    script = steps(path)
    given = dict(rest.split("=", 1) for _, kind, rest in script if kind == "given")
    tls = given.pop("tls", "no") == "yes"
    arrived = Arrived()
    async with running_intake(arrived, tls=tls, **given) as running:
        play = Play(running, await running.connect(), arrived)
        for number, kind, rest in script:
            if kind == "given":
                continue
            try:
                await play.step(kind, rest)
            except AssertionError as error:
                raise AssertionError(f"{path.name}:{number}: {kind} {rest}\n{error}") from None
        assert arrived.messages == [], "more was handed on than the dialogue says"


def test_there_are_dialogues() -> None:
    assert DIALOGUES
