"""Many watched mailboxes in one process, over TLS, on a real Dovecot: what each costs, and whether anything is missed.

    driver --LMTP, IMAP--> Dovecot <==TLS== lines that break <==TLS== one process that watches (watcher.py)

1. Idle: memory and CPU of that process, less what it had before the first watch, for each mailbox.
2. News: how soon it tells of a delivery and of an opened message while nothing else happens.
3. Churn: deliveries, flags set and taken, deletions, while lines break and go dead, now and then all at once. At the
   end each mailbox is read by another mail program: all that lies there must have been told, with its last flags.

    python -m tests.benchmarks.watch [--mailboxes 500] [--minutes 10] [--write]

Dovecot's imap processes watch files by inotify, of which a user may have 128 (fs.inotify.max_user_instances); whoever
is beyond that looks once a second. As root the mailboxes belong to several users, so that none is beyond it.
"""

from __future__ import annotations

import argparse
import os
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from time import perf_counter

from tests.benchmarks.page import spread, table, write
from tests.benchmarks.watching import Watching, watching
from tests.ports.observed import letter, message_id_of
from tests.servers.dovecot import MANY, Dovecot, MailProgram, dovecot
from tests.servers.lines import Lines, lines_to

PASSWORD = "pw"
#: Mailboxes of one user: two connections each, and room for the driver's own, stay below 128.
OF_ONE_USER = 50
#: Uids that nobody has.
FIRST_OWNER = 70_000
#: Of each line, each second: that it breaks, that it goes dead.
BREAKS, DIES = 1 / 200, 1 / 3000
#: Seconds in which all must be told after the churn: the longest pause of a watch is 7.5 minutes.
MEND = 600


@dataclass
class Findings:
    """What was found. Seconds and octets; `missed` names what was never told."""

    mailboxes: int
    lines: int = 0
    memory: float = 0
    memory_after: float = 0
    processor: float = 0
    news: list[float] = field(default_factory=list)
    opened: list[float] = field(default_factory=list)
    minutes: float = 0
    done: dict[str, int] = field(default_factory=dict)
    churned: list[float] = field(default_factory=list)
    mended: float = 0
    missed: list[str] = field(default_factory=list)
    twice: int = 0
    polling: int = 0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="watch")
    parser.add_argument("--mailboxes", type=int, default=500)
    parser.add_argument("--minutes", type=float, default=10, help="of churn")
    parser.add_argument("--idle", type=float, default=60, help="seconds of idling to measure")
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    found = run(chosen.mailboxes, chosen.minutes, chosen.idle)
    text = report(found, chosen.idle)
    print(text)  # noqa: T201
    if chosen.write:
        write("watch", text)
    assert not found.missed, found.missed[:20]


def report(found: Findings, idle: float) -> str:
    """The findings for people."""
    costs = [
        ("memory (RSS), kB", f"{found.memory / 1000:.0f}"),
        ("memory after the churn, kB", f"{found.memory_after / 1000:.0f}"),
        (f"CPU while idle, of a core, over {idle:.0f} s", f"{found.processor:.6f}"),
    ]
    times = [
        ("delivered → told", *spread(found.news)),
        ("opened elsewhere → told", *spread(found.opened)),
        ("delivered → told, in the churn", *spread(found.churned)),
    ]
    done = ", ".join(f"{number} {what}" for what, number in found.done.items())
    missed = f"{len(found.missed)} missed" if found.missed else "nothing missed"
    return "\n\n".join(
        (
            f"{found.mailboxes} mailboxes over {found.lines} TLS connections.",
            table(("each mailbox", ""), costs),
            table(("milliseconds", "p50", "p90", "p99", "most"), times),
            f"Churn of {found.minutes:g} minutes: {done}. All was told {found.mended:.0f} s after its end: {missed}; "
            f"{found.twice} messages were told twice.",
        )
    )


def run(mailboxes: int, minutes: float, idle: float, news: int = 100) -> Findings:
    """Measure. `idle` is in seconds; `news` is how many deliveries are timed."""
    found = Findings(mailboxes, minutes=minutes)
    with house(mailboxes) as (server, lines, process):
        before = process.memory
        process.begin()
        found.lines = lines.open
        measure_idle(found, process, idle, before)
        measure_news(found, server, process, random.Random(2).sample(sorted(server.users), min(news, mailboxes)))
        churn(found, server, lines, process)
        settle(found, server, process)
        found.memory_after = (process.memory - before) / mailboxes
        found.twice = process.twice
        found.polling = (server.root / "dovecot.log").read_text().count("Inotify instance limit")
    return found


@contextmanager
def house(mailboxes: int) -> Iterator[tuple[Dovecot, Lines, Watching]]:
    """The server, the lines to it, and the process that will watch over them."""
    names = [f"room{number:03}@hopestreet.example" for number in range(mailboxes)]
    owners = {name: FIRST_OWNER + number // OF_ONE_USER for number, name in enumerate(names)}
    with ExitStack() as stack:
        words = dict.fromkeys(names, PASSWORD)
        server = stack.enter_context(dovecot(words, tls=True, owners=owners if os.getuid() == 0 else None, more=MANY))
        lines = stack.enter_context(lines_to(server.imaps_port))
        settings = {"mailboxes": names, "port": lines.port, "trust": str(server.authority), "password": PASSWORD}
        yield server, lines, stack.enter_context(watching(settings))


def measure_idle(found: Findings, process: Watching, seconds: float, before: float) -> None:
    """Memory and CPU while nothing happens."""
    began, spent = perf_counter(), process.processor
    threading.Event().wait(seconds)
    found.processor = (process.processor - spent) / (perf_counter() - began) / found.mailboxes
    found.memory = (process.memory - before) / found.mailboxes


def measure_news(found: Findings, server: Dovecot, process: Watching, names: Sequence[str]) -> None:
    """One delivery and one opening after the other, each in another mailbox."""
    for number, name in enumerate(names):
        one = f"<news-{number}@client.example>"
        server.deliver(name, letter(one))
        delivered = perf_counter()
        found.news.append(process.when(name, one) - delivered)
        with server.open(name) as program:
            opened = perf_counter()
            program.open(one)
            found.opened.append(process.when(name, one, "\\Seen") - opened)


# Churn.


@dataclass
class Churner:
    """What one pair of hands does to mailboxes of its own; what it delivered, and when."""

    server: Dovecot
    names: list[str]
    dice: random.Random
    delivered: dict[tuple[str, str], float] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)
    number: int = 0

    def work(self, until: float, pause: float) -> None:
        """Go on until a moment."""
        deeds: dict[str, tuple[int, Callable[[str], None]]] = {
            "deliveries": (45, self._deliver),
            "opened": (30, lambda name: self._flag(name, lambda program, one: program.open(one))),
            "marked unread": (8, lambda name: self._flag(name, lambda program, one: program.unread(one))),
            "starred": (7, lambda name: self._flag(name, lambda program, one: program.mark(one, "\\Flagged"))),
            "all marked read": (5, lambda name: self._flag(name, lambda program, _: program.mark_all("\\Seen"))),
            "deleted": (5, lambda name: self._flag(name, lambda program, one: program.delete(one))),
        }
        weights = [weight for weight, _ in deeds.values()]
        tick = threading.Event()
        while perf_counter() < until:
            tick.wait(self.dice.expovariate(1 / pause))
            (what,) = self.dice.choices(list(deeds), weights)
            deeds[what][1](self.dice.choice(self.names))
            self.done[what] = self.done.get(what, 0) + 1

    def _deliver(self, name: str) -> None:
        self.number += 1
        one = f"<churn-{self.number}-{name}>"
        self.server.deliver(name, letter(one))
        self.delivered[name, one] = perf_counter()

    def _flag(self, name: str, deed: Callable[[MailProgram, str], None]) -> None:
        with self.server.open(name) as program:
            uids = program.uids()
            if uids:
                deed(program, message_id_of(program.content(self.dice.choice(uids))))


def churn(found: Findings, server: Dovecot, lines: Lines, process: Watching) -> None:
    """Four pairs of hands; meanwhile lines break."""
    until = perf_counter() + found.minutes * 60
    names = sorted(server.users)
    hands = [Churner(server, names[first::4], random.Random(first)) for first in range(4)]
    pause = 4 / max(found.mailboxes / 50, 4)
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(hand.work, until, pause) for hand in hands]
        lost = break_lines(lines, until, random.Random(5))
        for job in jobs:
            job.result()
    for hand in hands:
        for what, number in hand.done.items():
            found.done[what] = found.done.get(what, 0) + number
    found.done |= lost
    for hand in hands:
        told = ((process.told_at(name, one), at) for (name, one), at in hand.delivered.items())
        found.churned += [max(0.0, when - at) for when, at in told if when is not None]


def break_lines(lines: Lines, until: float, dice: random.Random) -> dict[str, int]:
    """Some each second; all at once three times, the last time at three quarters of the way."""
    began, tick = perf_counter(), threading.Event()
    broken = dead = 0
    for quarter in range(4):
        while perf_counter() < began + (until - began) * (quarter + 1) / 4:
            broken += lines.break_some(BREAKS, dice)
            dead += lines.deaden_some(DIES, dice)
            tick.wait(1)
        if quarter < 3:
            broken += lines.break_some(1, dice)
    return {"lines broken": broken, "gone dead": dead}


def settle(found: Findings, server: Dovecot, process: Watching) -> None:
    """Wait until all was told, and note what was not."""
    began, tick = perf_counter(), threading.Event()
    doubtful = sorted(server.users)
    while doubtful and perf_counter() < began + MEND:
        with ThreadPoolExecutor(4) as pool:
            faults = dict(zip(doubtful, pool.map(lambda name: amiss(server, process, name), doubtful), strict=True))
        doubtful = [name for name in doubtful if faults[name]]
        found.missed = [f"{name}: {one}" for name in doubtful for one in faults[name]]
        found.mended = perf_counter() - began
        tick.wait(1)


def amiss(server: Dovecot, process: Watching, name: str) -> list[str]:
    """What lies in a mailbox and was not told, or not with the flags that it has."""
    found = []
    with server.open(name) as program:
        for uid in program.uids():
            one, flags = message_id_of(program.content(uid)), program.flags_of(uid)
            if process.told_at(name, one) is None:
                found.append(f"{one} never told")
            elif process.flags(name, one) != flags:
                found.append(f"{one} has {sorted(flags)}, told were {sorted(process.flags(name, one))}")
    return found


if __name__ == "__main__":
    main()
