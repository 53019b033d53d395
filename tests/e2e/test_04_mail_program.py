"""The therapist opens the message in a text mail program, neomutt in a terminal; the client gets the receipt.

client --SMTP--> gateway --LMTP--> Dovecot <--IMAP-- neomutt in tmux
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.practice import ANA, CARLA, PASSWORD, POLICY, Practice, letter, open_practice, until
from tests.e2e.receipts import receipts_for


@pytest.fixture
def practice() -> Iterator[Practice]:
    with open_practice(policies={"hope-street": POLICY}) as found:
        found.run("clients", "add", CARLA, "--mailbox", "ana", "--urgent-word", "bluebird")
        found.start()
        yield found
        found.stop()


class Terminal:
    """A terminal of its own tmux server."""

    def __init__(self, socket: str) -> None:
        self._tmux = ["tmux", "-S", socket]

    def start(self, command: str) -> None:
        self._run("-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "40", command)

    def type(self, *keys: str) -> None:
        self._run("send-keys", *keys)

    def screen(self) -> str:
        return self._run("capture-pane", "-p")

    def end(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)

    def _run(self, *arguments: str) -> str:
        return subprocess.run([*self._tmux, *arguments], check=True, capture_output=True, text=True).stdout


@contextmanager
def neomutt(practice: Practice) -> Iterator[Terminal]:
    assert shutil.which("neomutt"), "neomutt is missing: run `make packages`"
    settings = practice.root / "neomuttrc"
    (practice.root / "home").mkdir()
    settings.write_text(
        f"""\
set folder = "imap://127.0.0.1:{practice.dovecot.imap_port}/"
set spoolfile = "+INBOX"
set imap_user = "{ANA}"
set imap_pass = "{PASSWORD}"
set ssl_starttls = no
set ssl_force_tls = no
set realname = "Ana"
set from = "{ANA}"
set mail_check = 1
set sleep_time = 0
set quit = yes
set index_format = "%Z %g %s"
ignore *
unignore from: subject:
"""
    )
    terminal = Terminal(str(practice.root / "tmux"))
    terminal.start(f"env HOME={practice.root}/home TERM=screen neomutt -n -F {settings}")
    try:
        yield terminal
    finally:
        terminal.end()


def test_opening_in_neomutt_brings_the_receipt_and_shows_the_tag(practice: Practice) -> None:
    message_id, content = letter("neomutt", "Bluebird, please read this.", Disposition_Notification_To=CARLA)
    practice.send(content)
    with practice.therapist() as program:
        until(lambda: "$label1" in program.flags(message_id), "the tag")
    with neomutt(practice) as terminal:
        until(lambda: "Letter neomutt" in terminal.screen(), "the message in the list")
        assert "$label1" in terminal.screen()
        terminal.type("Enter")
        until(lambda: "Bluebird, please read this." in terminal.screen(), "the text on the screen")
        terminal.type("i")
        terminal.type("$")
        (receipt,) = until(lambda: receipts_for(practice, CARLA, message_id), "the receipt")
    assert "displayed" in receipt.as_string()
    until(lambda: practice.json("ledger")[0]["read_minutes"], "the ledger line")
