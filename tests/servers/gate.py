"""A gate on the way to a real server: it passes octets both ways until told to do them harm.

What lines do on their way: a reply is held back, the line is cut, it dies without a word (half open), it is slow, it
splits what was said into single octets, it loses some, a middlebox changes a word, the server says something by itself.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(eq=False)
class _Line:
    """One connection through the gate."""

    peer: socket.socket
    server: socket.socket
    #: Nothing passes any more, and nobody is told.
    is_dead: bool = False
    #: Octets of replies that are lost next.
    to_lose: int = 0
    turn: threading.Lock = field(default_factory=threading.Lock)

    def shut(self) -> None:
        for one in (self.peer, self.server):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def tell(self, octets: bytes, at_once: int) -> None:
        """Say octets to the peer, so many in one piece."""
        with self.turn:
            for start in range(0, len(octets), at_once):
                self.peer.sendall(octets[start : start + at_once])


class Gate:
    """Listens on a port of its own and passes to the server's."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lines: list[_Line] = []
        self._pattern: bytes | None = None
        self._changes: dict[bytes, bytes] = {}
        self._at_once = 65536
        self._delay = 0.0
        self._is_shut = False
        #: Set once a reply was held back: the server has said it, the peer has not heard it.
        self.held = threading.Event()
        #: How many connections there ever were, and how many at most at once.
        self.opened = 0
        self.most = 0

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._listener.getsockname()[1]
        return port

    # What lines do.

    def hold(self, pattern: bytes) -> None:
        """Keep back the next reply that holds these octets, and all after it on its connection."""
        self.held.clear()
        self._pattern = pattern

    def pass_on(self) -> None:
        """Do no more harm to new connections."""
        self._pattern, self._at_once, self._delay, self._is_shut = None, 65536, 0.0, False

    def cut(self) -> None:
        """Break every connection, as a lost line would."""
        lines, self._lines = self._lines, []
        for line in lines:
            line.shut()

    def freeze(self) -> None:
        """Let every connection die without a word: both ends believe that it lives."""
        for line in self._lines:
            line.is_dead = True

    def shut(self) -> None:
        """Break every connection, and every new one."""
        self._is_shut = True
        self.cut()

    def lose(self, octets: int) -> None:
        """Lose the next octets that the server says, on every connection."""
        for line in self._lines:
            line.to_lose = octets

    def slow(self, seconds: float) -> None:
        """Let every piece take so long."""
        self._delay = seconds

    def split(self, at_once: int) -> None:
        """Pass what the server says in pieces of so many octets."""
        self._at_once = at_once

    def say(self, octets: bytes) -> None:
        """Say something to every peer as if the server did."""
        for line in list(self._lines):
            with contextlib.suppress(OSError):
                line.tell(octets, len(octets))

    def change(self, said: bytes, heard: bytes) -> None:
        """Put other octets, as many, in place of what the server says."""
        assert len(said) == len(heard)
        self._changes[said] = heard

    # The way through.

    def serve(self) -> None:
        """Accept until closed."""
        while True:
            try:
                peer, _ = self._listener.accept()
                if self._is_shut:
                    peer.close()
                    continue
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                line = _Line(peer, socket.create_connection(("127.0.0.1", self._target)))
            except OSError:
                return
            self._lines.append(line)
            self.opened += 1
            self.most = max(self.most, len(self._lines))
            threading.Thread(target=self._pass_there, args=(line,), daemon=True).start()
            threading.Thread(target=self._pass_back, args=(line,), daemon=True).start()

    def _pass_there(self, line: _Line) -> None:
        with contextlib.suppress(OSError), contextlib.closing(line.peer):
            while data := line.peer.recv(65536):
                if not line.is_dead:
                    line.server.sendall(data)
            line.server.shutdown(socket.SHUT_WR)

    def _pass_back(self, line: _Line) -> None:
        with contextlib.suppress(OSError), contextlib.closing(line.server):
            while data := line.server.recv(65536):
                if self._pattern is not None and self._pattern in data:
                    self.held.set()
                    line.is_dead = True
                if not line.is_dead:
                    self._pass_reply(line, data)
            if not line.is_dead:
                line.peer.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ValueError):
            self._lines.remove(line)

    def _pass_reply(self, line: _Line, data: bytes) -> None:
        if self._delay:
            threading.Event().wait(self._delay)
        for said, heard in self._changes.items():
            data = data.replace(said, heard)
        lost = min(line.to_lose, len(data))
        line.to_lose -= lost
        line.tell(data[lost:], self._at_once)

    def close(self) -> None:
        """Accept no more, and break what is open."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()


@contextmanager
def gate(target: int) -> Iterator[Gate]:
    """A gate before a port on loopback."""
    opened = Gate(target)
    thread = threading.Thread(target=opened.serve, daemon=True)
    thread.start()
    try:
        yield opened
    finally:
        opened.close()
        thread.join(10)
