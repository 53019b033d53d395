"""A gate on the way to a real server: it passes bytes both ways until told to hold back a reply, or to shut."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Gate:
    """Listens on a port of its own and passes to the server's."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._pattern: bytes | None = None
        #: Set once a reply was held back: the server has said it, the peer has not heard it.
        self.held = threading.Event()

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._listener.getsockname()[1]
        return port

    def hold(self, pattern: bytes) -> None:
        """Keep back the next reply that holds these bytes, and all after it on its connection."""
        self.held.clear()
        self._pattern = pattern

    def pass_on(self) -> None:
        """Keep nothing back on new connections."""
        self._pattern = None

    def cut(self) -> None:
        """Break every connection, as a lost line would."""
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def serve(self) -> None:
        """Accept until closed."""
        while True:
            try:
                peer, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return
            self._open += [peer, server]
            threading.Thread(target=self._pass, args=(peer, server, False), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, peer, True), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, replies: bool) -> None:
        with contextlib.suppress(OSError), contextlib.closing(source):
            while data := source.recv(65536):
                if replies and self._pattern is not None and self._pattern in data:
                    self.held.set()
                    while source.recv(65536):
                        pass
                    return
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

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
