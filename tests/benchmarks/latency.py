"""How long until the mailbox's news has its effect, on a real Dovecot; one message after the other.

    tag      delivered (the gateway's 250)     -> another mail program sees the keyword
    receipt  `\\Seen` set by that mail program  -> the receipt's final dot at the smart host (grace zero)
    Dovecot  `\\Seen` set by that mail program  -> Dovecot tells an idling program of it: what nobody can be faster than

    python -m tests.benchmarks.latency [MESSAGES] [--write]

`--write` renews the table in docs/measurements.md.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import re
import smtplib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Queue
from time import perf_counter

from tests.benchmarks.page import spread, table, write
from tests.benchmarks.smarthost import timing_smarthost
from tests.e2e.practice import ANA, PASSWORD, POLICY, Practice, letter, open_practice
from tests.servers.dovecot import MailProgram

#: Words that make a message urgent, so that it gets a tag.
URGENT = "I want to kill myself."
DICE = random.Random(1)
QUIET = POLICY.replace("when: always", "when: never")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="latency")
    parser.add_argument("messages", nargs="?", type=int, default=200)
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    tags, receipts, notices = measure(chosen.messages)
    rows = [
        ("message delivered → tag in the mailbox", *spread(tags)),
        ("opened elsewhere → receipt at the smart host", *spread(receipts)),
        ("of which Dovecot: opened elsewhere → an idling program hears of it", *spread(notices)),
    ]
    text = table(("milliseconds", "p50", "p90", "p99", "most"), rows)
    how = f"{chosen.messages} messages, one after the other, up to a second between two steps; grace zero, SQLite."
    print(f"{how}\n\n{text}")  # noqa: T201
    if chosen.write:
        write("latency", f"{how}\n\n{text}")


def measure(messages: int) -> tuple[list[float], list[float], list[float]]:
    """Seconds from delivery to tag, from opening to receipt, and from opening to Dovecot's own notice."""
    tags, receipts, notices = [], [], []
    with timing_smarthost() as smarthost, open_practice(policies={"hope-street": QUIET}) as practice:
        practice.relay_port = smarthost.port
        practice.write_config()
        practice.start()
        with practice.therapist() as program, idling(practice.dovecot.imap_port) as news:
            for number in range(messages):
                pause()
                message_id, delivered = send(practice, number)
                uid = until_tagged(program, message_id)
                tags.append(perf_counter() - delivered)
                pause()
                opened = perf_counter()
                program.open(message_id)
                notices.append(news(uid) - opened)
                receipts.append(smarthost.when(b"Original-Message-ID: " + message_id.encode()) - opened)
        practice.stop()
    return tags, receipts, notices


def pause() -> None:
    """Up to a second, so that the watch is met in whatever it is about: idling, looking, or taking breath."""
    threading.Event().wait(DICE.uniform(0, 1))


def send(practice: Practice, number: int) -> tuple[str, float]:
    """A client of its own writes; the Message-ID, and when the gateway said that the mailbox has it."""
    sender = f"carla+{number}@client.example"
    message_id, content = letter(number, URGENT, sender, Disposition_Notification_To=sender)
    with smtplib.SMTP("127.0.0.1", practice.smtp_port, "mail.client.example", timeout=60) as peer:
        peer.sendmail(sender, [ANA], content)
        return message_id, perf_counter()


def until_tagged(program: MailProgram, message_id: str) -> str:
    """Ask every few milliseconds, as no mail program would, so that asking adds little; the message's uid."""
    tick = threading.Event()
    uid = program.find(message_id)
    while uid is None or "$label1" not in program.flags_of(uid):
        tick.wait(0.004)
        uid = program.find(message_id) if uid is None else uid
    return uid


@contextmanager
def idling(port: int) -> Iterator[Callable[[str], float]]:
    """A connection that idles all the time: when (by `perf_counter`) it first heard that a message is `\\Seen`."""
    heard: Queue[tuple[float, bytes]] = Queue()
    with socket.create_connection(("127.0.0.1", port), 60) as peer, peer.makefile("rwb") as stream:
        login = b'a LOGIN "%s" "%s"' % (ANA.encode(), PASSWORD.encode())
        # With QRESYNC the server tells the uid of what changed (RFC 7162 3.2.4).
        for command in (login, b"b ENABLE QRESYNC", b"c SELECT INBOX"):
            stream.write(command + b"\r\n")
            stream.flush()
            while not stream.readline().startswith(command[:2]):
                pass
        stream.write(b"d IDLE\r\n")
        stream.flush()
        peer.settimeout(None)

        def listen() -> None:
            with contextlib.suppress(OSError, ValueError):
                while line := stream.readline():
                    heard.put((perf_counter(), line))

        def first_seen(uid: str) -> float:
            while True:
                at, line = heard.get(timeout=60)
                if re.search(rb"UID %s\b.*\\Seen" % uid.encode(), line):
                    return at

        threading.Thread(target=listen, daemon=True).start()
        yield first_seen
        peer.shutdown(socket.SHUT_RDWR)


if __name__ == "__main__":
    main()
