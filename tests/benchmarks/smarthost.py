"""A smart host that only looks at its watch: when was which message handed over, to the microsecond."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.servers.places import free_port


class Handed:
    """Takes every message, and remembers when its final dot had come."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._came: list[tuple[float, bytes]] = []
        self._news = threading.Condition()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """As aiosmtpd calls it."""
        now = perf_counter()
        with self._news:
            self._came.append((now, bytes(envelope.original_content or b"")))
            self._news.notify_all()
        return "250 2.0.0 taken"

    def when(self, *parts: bytes, seconds: float = 30) -> float:
        """When (by `perf_counter`) the first message came that holds all of these octets; waits for it."""
        with self._news:
            while True:
                for at, content in self._came:
                    if all(part in content for part in parts):
                        return at
                if not self._news.wait(seconds):
                    raise AssertionError(f"nothing was handed over for {seconds} s")


@contextmanager
def timing_smarthost() -> Iterator[Handed]:
    """Run one on a free port of loopback."""
    handed = Handed(free_port())
    controller = Controller(handed, hostname="127.0.0.1", port=handed.port)
    controller.start()
    try:
        yield handed
    finally:
        controller.stop()
