"""A whole practice on loopback: Dovecot holds the therapist's and the clients' mailboxes, Postfix is the smart host,
and the gateway runs as its own process, by its own command, on its own config folder.

    test (the client's mail server) --SMTP--> gateway --LMTP--> Dovecot: ana@hopestreet.example
                                                 |                  ^ IMAP: watch, tags; the therapist's mail program
                                                 '--SMTP--> Postfix --LMTP--> Dovecot: the client's own mailbox
"""

from __future__ import annotations

import email
import json
import os
import signal
import smtplib
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP, default
from email.utils import format_datetime, localtime
from pathlib import Path
from typing import Any, TypeVar

from tests.servers.dovecot import Dovecot, MailProgram, dovecot
from tests.servers.places import free_port, server_folder
from tests.servers.postfix import Postfix, postfix
from tests.servers.postgres import PASSWORD as STORE_PASSWORD

T = TypeVar("T")

ANA = "ana@hopestreet.example"
CARLA = "carla@client.example"
TOM = "tom@client.example"
MIA = "mia@client.example"
PASSWORD = "correct horse"

POLICY = """\
summary: I read mail each morning.
hours: {reading: "07:00-09:00"}
answer: {promise: next-reading-time}
acknowledge: {when: always}
receipt: {send: on-request, grace: 0}
urgency: {alert: never}
billing: {counts: read+answer}
"""


def until(holds: Callable[[], T], what: str, seconds: float = 30) -> T:
    """What `holds` gives once it gives something; fails by name after some time."""
    for _ in range(int(seconds / 0.05)):
        if found := holds():
            return found
        threading.Event().wait(0.05)
    raise AssertionError(f"waited {seconds} s for {what}")


@dataclass
class Practice:
    """Hope Street Practice, with everything that it needs."""

    root: Path
    dovecot: Dovecot
    postfix: Postfix
    smtp_port: int
    web_port: int
    store: str
    policies: dict[str, str] = field(default_factory=lambda: {"hope-street": POLICY})
    #: Where the gateway finds downstream and smart host; a test may put something between.
    lmtp_port: int = 0
    relay_port: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)
    extra: str = ""
    process: subprocess.Popen[bytes] | None = None

    @property
    def config(self) -> Path:
        """The config folder."""
        return self.root / "config"

    @property
    def log(self) -> str:
        """All that the gateway ever printed."""
        return (self.root / "gateway.log").read_text()

    def write_config(self) -> None:
        """Write the config folder anew."""
        (self.config / "policies").mkdir(parents=True, exist_ok=True)
        (self.config / "gateway.yaml").write_text(
            f"""\
practice: {{name: Hope Street Practice, timezone: Europe/Berlin, language: en, crisis_line: "Crisis 0800 555 0199"}}
smtp: {{listen: ["127.0.0.1:{self.smtp_port}"], hostname: gateway.hopestreet.example, max_connections_per_address: 100}}
store: {{url: "{self.store}", password: {{env: STORE_PASSWORD}}}}
smarthost: {{url: "smtp://127.0.0.1:{self.relay_port or self.postfix.smtp_port}", per_minute: 100000}}
web: {{listen: "127.0.0.1:{self.web_port}"}}
logs: {{level: debug, format: json}}
mailboxes:
  ana:
    address: {ANA}
    deliver: "lmtp://127.0.0.1:{self.lmtp_port or self.dovecot.lmtp_port}"
    watch: "imap://127.0.0.1:{self.dovecot.imap_port}"
    password: {{env: ANA_PASSWORD}}
    policy: hope-street
{self.extra}""",
            encoding="utf-8",
        )
        for name, text in self.policies.items():
            (self.config / "policies" / f"{name}.yaml").write_text(text, encoding="utf-8")

    def start(self) -> None:
        """Start the gateway and wait until it takes mail."""
        command = [sys.executable, "-m", "gateway", "serve", "--config", str(self.config)]
        with (self.root / "gateway.log").open("ab") as log:
            self.process = subprocess.Popen(command, stderr=log, stdout=log, env=self._environment(), cwd=self.root)
        until(self._healthy, "the gateway's start")

    def _healthy(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.web_port}/healthz", timeout=2) as page:
                return bool(page.status == 200)
        except OSError:
            return False

    def stop(self) -> None:
        """Ask it to stop, and insist that it does so well."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            assert self.process.wait(60) == 0, self.log
        self.process = None

    def kill(self) -> None:
        """As a power cut would end it."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)
        self.process = None

    def send(self, content: bytes, sender: str = CARLA, recipients: Sequence[str] = (ANA,)) -> None:
        """As the client's mail server does."""
        with smtplib.SMTP("127.0.0.1", self.smtp_port, "mail.client.example", timeout=60) as peer:
            peer.sendmail(sender, list(recipients), content)

    def therapist(self) -> MailProgram:
        """The therapist's own mail program."""
        return self.dovecot.open(ANA)

    def inbox_of(self, client: str) -> list[EmailMessage]:
        """What lies in a client's own mailbox."""
        with self.dovecot.open(client) as program:
            return [parse(program.content(uid)) for uid in program.uids()]

    def answers_to(self, client: str, message_id: str) -> list[EmailMessage]:
        """What of it answers one message."""
        return [mail for mail in self.inbox_of(client) if mail["In-Reply-To"] == message_id]

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a `handrail` command on this config."""
        command = [sys.executable, "-m", "gateway", *arguments, "--config", str(self.config)]
        return subprocess.run(
            command, check=check, capture_output=True, text=True, env=self._environment(), cwd=self.root, timeout=60
        )

    def status(self) -> Any:
        """What the running gateway says of itself."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.web_port}/status.json", timeout=10) as page:
            return json.load(page)

    def json(self, *arguments: str) -> Any:
        """What a command says with --json."""
        return json.loads(self.run(*arguments, "--json").stdout)

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "ANA_PASSWORD": PASSWORD,
            "STORE_PASSWORD": STORE_PASSWORD,
            "PYTHONPATH": str(Path.cwd()),
            **self.environment,
        }


def parse(content: bytes) -> EmailMessage:
    """A message as Python reads it."""
    found = email.message_from_bytes(content, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def letter(number: int | str, text: str, sender: str = CARLA, **fields: str) -> tuple[str, bytes]:
    """A client's message and its Message-ID; header fields by name, with `_` for `-`."""
    message_id = f"<letter-{number}@client.example>"
    message = EmailMessage(policy=SMTP)
    message["From"] = fields.pop("From", f"Carla Reyes <{sender}>")
    message["To"] = f"Ana <{ANA}>"
    message["Subject"] = fields.pop("Subject", f"Letter {number}")
    message["Date"] = format_datetime(localtime())
    message["Message-ID"] = message_id
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message_id, message.as_bytes()


def answer_to(message_id: str, text: str, client: str = CARLA) -> bytes:
    """The therapist's answer, as a mail program puts it into Sent."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = ANA, client, "Re: Letter"
    message["Date"] = format_datetime(localtime())
    message["Message-ID"] = f"<answer-to-{message_id.strip('<>').partition('@')[0]}@hopestreet.example>"
    message["In-Reply-To"] = message["References"] = message_id
    message.set_content(text)
    return message.as_bytes()


@contextmanager
def open_practice(store: str = "", **changes: Any) -> Iterator[Practice]:
    """The servers run and the config is written; the gateway is not started yet."""
    users = dict.fromkeys((ANA, CARLA, TOM, MIA), PASSWORD)
    with ExitStack() as stack:
        root = stack.enter_context(server_folder("practice"))
        mail = stack.enter_context(dovecot(users))
        relay = stack.enter_context(postfix({"client.example": mail.lmtp_port, "hopestreet.example": mail.lmtp_port}))
        url = store or f"sqlite:///{root}/handrail.db"
        practice = Practice(root, mail, relay, free_port(), free_port(), url, **changes)
        practice.write_config()
        try:
            yield practice
        finally:
            if practice.process is not None:
                practice.process.kill()
                practice.process.wait(10)
