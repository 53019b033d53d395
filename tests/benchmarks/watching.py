"""The watching process from outside: started, asked, measured by /proc, and what it told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from typing import Any

#: Seconds in which every watch must stand, and in which one thing must be told.
PATIENCE = 300


class Watching:
    """The process."""

    def __init__(self, process: subprocess.Popen[bytes], mailboxes: int) -> None:
        self._process = process
        self._mailboxes = mailboxes
        self._answers: Queue[Mapping[str, int]] = Queue()
        self._news = threading.Condition()
        self._arrived: dict[tuple[str, str], float] = {}
        self._flags: dict[tuple[str, str], tuple[float, frozenset[str]]] = {}
        self.alerts: list[str] = []
        #: Arrivals told again.
        self.twice = 0

    def begin(self) -> None:
        """Start the watches and wait until all stand."""
        self.ask("begin")
        tick = threading.Event()
        for _ in range(PATIENCE * 2):
            if self.ask("how")["well"] == self._mailboxes:
                return
            tick.wait(0.5)
        raise AssertionError(f"not all watches stand after {PATIENCE} s: {self.ask('how')}")

    def ask(self, line: str) -> Mapping[str, int]:
        """Say something, and hear how the watches do."""
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()
        return self._answers.get(timeout=PATIENCE)

    def listen(self) -> None:
        """Take in what it tells until it ends."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told = json.loads(line)
            if "well" in told:
                self._answers.put(told)
            elif "alert" in told:
                self.alerts.append(told["alert"])
            else:
                self._take(told)

    def _take(self, told: Mapping[str, Any]) -> None:
        key = told["mailbox"], told["message"]
        with self._news:
            if "flags" in told:
                self._flags[key] = told["at"], frozenset(told["flags"])
            elif key in self._arrived:
                self.twice += 1
            else:
                self._arrived[key] = told["at"]
            self._news.notify_all()

    # What it told.

    def told_at(self, mailbox: str, message: str) -> float | None:
        """When a message was told first."""
        return self._arrived.get((mailbox, message))

    def flags(self, mailbox: str, message: str) -> frozenset[str]:
        """The flags told last."""
        return self._flags.get((mailbox, message), (0.0, frozenset[str]()))[1]

    def when(self, mailbox: str, message: str, flag: str = "") -> float:
        """When it told of a message, or of a flag that it has now; waits for it."""
        key = mailbox, message
        with self._news:
            told = self._news.wait_for(
                lambda: flag in self.flags(mailbox, message) if flag else key in self._arrived, PATIENCE
            )
            assert told, f"{message} was not told within {PATIENCE} s"
            return self._flags[key][0] if flag else self._arrived[key]

    # What it costs.

    @property
    def memory(self) -> int:
        """Resident octets."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    @property
    def processor(self) -> float:
        """Seconds of CPU until now, in user and kernel."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def watching(settings: Mapping[str, Any]) -> Iterator[Watching]:
    """Start the process with its settings; it waits for `begin`. End it at the end."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.watcher"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        found = Watching(process, len(settings["mailboxes"]))
        listener = threading.Thread(target=found.listen, daemon=True)
        listener.start()
        process.stdin.write(json.dumps(settings).encode() + b"\n")
        process.stdin.flush()
        found.ask("how")  # once it answers, all is imported and the loop runs
        try:
            yield found
        finally:
            process.stdin.close()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
            listener.join(30)
