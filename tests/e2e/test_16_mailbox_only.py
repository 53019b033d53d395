"""A practice whose domain's MX record never changed: its provider takes the mail in, and the gateway finds it there.

    client --SMTP--> the provider (here: the test) --LMTP--> Dovecot: ana@hopestreet.example
                                                                ^ (gate) IMAP: watch, tags; the therapist's mail program
    gateway --(gate)--> Postfix --LMTP--> Dovecot: the client's own mailbox

It is ended by kill -9 at the moments that matter, is started on a mailbox of many years, and gets mail that is none.
"""

from __future__ import annotations

import os
import re
import smtplib
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import pytest

from tests.e2e.practice import ANA, CARLA, MIA, PASSWORD, TOM, Practice, answer_to, letter, until
from tests.e2e.without_us import AUTHSERV, verified
from tests.servers.dovecot import dovecot
from tests.servers.gate import Gate, gate
from tests.servers.places import free_port, server_folder
from tests.servers.postfix import postfix

OLD = 50_000


@dataclass
class Found(Practice):
    """Nothing is handed on to the mailbox; a test may put something before its IMAP server."""

    imap_port: int = 0
    more: str = ""

    def write_config(self) -> None:
        super().write_config()
        place = self.config / "gateway.yaml"
        text = place.read_text()
        handed = f'    deliver: "lmtp://127.0.0.1:{self.dovecot.lmtp_port}"\n'
        assert handed in text
        text = text.replace(handed, f"    trusted_authserv: {AUTHSERV}\n{self.more}")
        text = text.replace(f'listen: ["127.0.0.1:{self.smtp_port}"]', "listen: []")
        if self.imap_port:
            text = text.replace(f":{self.dovecot.imap_port}", f":{self.imap_port}")
        place.write_text(text)

    def take_in(self, content: bytes, sender: str = CARLA) -> None:
        """As the provider does."""
        with smtplib.LMTP("127.0.0.1", self.dovecot.lmtp_port, AUTHSERV) as provider:
            provider.sendmail(sender, [ANA], verified(sender) + content)

    def acks(self, message_id: str, client: str = CARLA) -> int:
        return len(self.answers_to(client, message_id))


@contextmanager
def open_found(**changes: object) -> Iterator[Found]:
    """The servers run and the config is written; the gateway is not started yet."""
    with ExitStack() as stack:
        root = stack.enter_context(server_folder("found"))
        mail = stack.enter_context(dovecot(dict.fromkeys((ANA, CARLA, TOM, MIA), PASSWORD)))
        relay = stack.enter_context(postfix({"client.example": mail.lmtp_port, "hopestreet.example": mail.lmtp_port}))
        store = f"sqlite:///{root}/handrail.db"
        practice = Found(root, mail, relay, free_port(), free_port(), store, **changes)  # type: ignore[arg-type]
        practice.write_config()
        stack.callback(_end, practice)
        yield practice


def _end(practice: Practice) -> None:
    if practice.process is not None:
        practice.process.kill()
        practice.process.wait(10)


def of_2020(name: str) -> tuple[str, bytes]:
    """A letter of years ago."""
    message_id, content = letter(name, "Do you remember?")
    return message_id, re.sub(rb"(?m)^Date: .*$", b"Date: Mon, 23 Nov 2020 21:09:00 +0100\r", content)


def test_mail_is_acked_read_and_answered_though_nothing_is_listened_on() -> None:
    with open_found() as practice:
        practice.start()
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", practice.smtp_port), 5)
        first, content = letter("first", "May I tell you something?", Disposition_Notification_To=CARLA)
        practice.take_in(content)
        until(lambda: practice.acks(first) == 1, "the ack")
        with practice.therapist() as program:
            program.open(first)
        until(lambda: practice.acks(first) == 2, "the receipt")
        with practice.therapist() as program:
            program.append("Sent", answer_to(first, "Please do."))
        until(lambda: [one["state"] for one in practice.json("promises")["lines"]][-1:] == ["kept"], "the answer")
        asked = practice.run("check", "--live").stdout
        assert "mailboxes.ana.watch" in asked
        assert "mailboxes.ana.deliver" not in asked
        assert "mailboxes.ana.address" not in asked
        practice.stop()


def test_what_is_put_into_the_inbox_and_is_nobodys_letter_wakes_nobody() -> None:
    with open_found(more="    inboxes: [Unbekannt]\n") as practice:
        with practice.therapist() as program:
            program.create("Unbekannt")
        practice.start()
        to_herself, own = letter("own", "Buy milk.", sender=ANA, From=f"Ana <{ANA}>")
        old, letter_of_old = of_2020("old")
        moved, letter_moved = letter("moved", "Do you remember this?")
        twice, in_two_folders = letter("twice", "Are you there?")
        last, newest = letter("last", "And now?")
        practice.take_in(own, ANA)
        with practice.therapist() as program:
            program.append("INBOX", letter_of_old)
            program.append("INBOX", letter_moved, at=datetime(2024, 3, 1, tzinfo=UTC))
        practice.take_in(in_two_folders)
        with practice.therapist() as program:
            program.append("Unbekannt", verified(CARLA) + in_two_folders)
        practice.take_in(newest)
        for one in (twice, last):
            until(lambda one=one: practice.acks(one), "the ack")  # type: ignore[misc]
        looked_through(practice)
        assert [practice.acks(one) for one in (to_herself, old, moved, twice, last)] == [0, 0, 0, 1, 1]
        practice.stop()


@pytest.fixture(scope="module")
def guarded() -> Iterator[tuple[Found, Gate, Gate]]:
    """A practice with a gate before its mailbox and one before its smart host."""
    with open_found() as practice, gate(practice.dovecot.imap_port) as imap, gate(practice.postfix.smtp_port) as relay:
        practice.imap_port, practice.relay_port = imap.port, relay.port
        practice.write_config()
        practice.start()
        yield practice, imap, relay


@pytest.mark.parametrize("moment", ["while it is away", "within the message", "before the ack", "within the ack"])
def test_killed_at_any_moment_it_acks_once(guarded: tuple[Found, Gate, Gate], moment: str) -> None:
    practice, imap, relay = guarded
    name = moment.replace(" ", "-")
    first, content = letter(f"{name}-first", "Is it safe to write here?")
    practice.take_in(content)
    until(lambda: practice.acks(first), "the ack")
    second, content = letter(f"{name}-second", "And now?")
    if moment == "while it is away":
        practice.kill()
        practice.take_in(content)
    else:
        held = hold(imap, relay, moment)
        practice.take_in(content)
        until(held, f"the moment: {moment}")
        practice.kill()
    assert practice.acks(second) == 0
    imap.pass_on()
    relay.pass_on()
    practice.start()
    until(lambda: practice.acks(second), "the ack")
    looked_through(practice)
    assert [practice.acks(one) for one in (first, second)] == [1, 1]


def hold(imap: Gate, relay: Gate, moment: str) -> Callable[[], bool]:
    """Bring the moment about, and tell whether it has come."""
    if moment == "within the message":
        imap.hold(b"BODY[")
        return imap.held.is_set
    relay.cut()
    relay.hold(b"220 " if moment == "before the ack" else b"354 ")
    return relay.held.is_set


def looked_through(practice: Found) -> None:
    """The gateway has done all that there was to do: one more message went through it."""
    last, content = letter(f"last-{monotonic()}", "One more.", sender=TOM)
    practice.take_in(content, TOM)
    until(lambda: practice.acks(last, TOM), "one more ack")


@pytest.mark.long
@pytest.mark.timeout(400)
def test_it_starts_on_a_mailbox_of_many_years_soon_and_with_little_memory_and_acks_none_of_it() -> None:
    with open_found() as practice:
        fill(practice.dovecot.root / "mail" / ANA, OLD)
        with practice.therapist() as program:
            assert len(program.uids()) == OLD
        practice.start()
        early, content = letter("early", "You have just begun, haven't you?")
        practice.take_in(content)
        until(lambda: practice.acks(early), "the ack of what came meanwhile", seconds=300)
        looked_through(practice)
        assert len(practice.inbox_of(CARLA)) == practice.acks(early) == 1
        assert peak_memory(practice) < 300
        practice.stop()


def fill(inbox: Path, count: int) -> None:
    """A Maildir of old letters, each a file of its own name on one of a hundred contents."""
    for name in ("cur", "new", "tmp"):
        (inbox / name).mkdir(parents=True, exist_ok=True)
    owner = inbox.parent.stat()
    sources = []
    for number in range(100):
        _, content = of_2020(f"old-{number}")
        source = inbox / "tmp" / f"{number}"
        source.write_bytes(content)
        os.chown(source, owner.st_uid, owner.st_gid)
        os.utime(source, (1606162140, 1606162140))
        sources.append(source)
    for number in range(count):
        os.link(sources[number % len(sources)], inbox / "cur" / f"1606162140.{number}.old:2,S")
    for source in sources:
        source.unlink()
    for place in (inbox, *(inbox / name for name in ("cur", "new", "tmp"))):
        os.chown(place, owner.st_uid, owner.st_gid)


def peak_memory(practice: Practice) -> int:
    """The most memory that the gateway ever held, in MB."""
    assert practice.process is not None
    status = Path(f"/proc/{practice.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) // 1024
