"""How fast mail passes: through Handrail and through Postfix, into the same Dovecot, in turns within one run.

    smtp-source --SMTP--> Handrail --LMTP--> Dovecot
    smtp-source --SMTP--> Postfix  --LMTP--> Dovecot

Postfix takes custody (its 250 comes before delivery), Handrail does not (its 250 comes after Dovecot's), and it reads,
decides, records and watches besides: so *accepted* shows what a peer waits for, *delivered* when the mail is there.

    python -m tests.benchmarks.relay [MESSAGES] [CONNECTIONS]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from tests.e2e.practice import ANA, CARLA, POLICY, Practice, open_practice, until
from tests.servers.sink import SOURCE

ROUNDS = 3
OCTETS = 3000


@dataclass(frozen=True)
class Run:
    """Messages a second."""

    accepted: float
    delivered: float


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    messages = int(arguments[0]) if arguments else 500
    connections = int(arguments[1]) if len(arguments) > 1 else 8
    silent = POLICY.replace("when: always", "when: never")
    with open_practice(policies={"hope-street": silent}) as practice:
        practice.start()
        ways = {"Postfix": practice.postfix.smtp_port, "Handrail": practice.smtp_port}
        runs: dict[str, list[Run]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, port in ways.items():
                runs[name].append(send(practice, port, messages, connections))
        practice.stop()
    print(f"{messages} messages of {OCTETS} octets over {connections} connections, median (least to most) of {ROUNDS}")  # noqa: T201
    print(f"{'':10}{'accepted a second':>28}{'delivered a second':>28}")  # noqa: T201
    for name, found in runs.items():
        print(f"{name:10}{row([run.accepted for run in found])}{row([run.delivered for run in found])}")  # noqa: T201


def send(practice: Practice, port: int, messages: int, connections: int) -> Run:
    """One burst, until all of it lies in the mailbox."""
    before = in_mailbox(practice)
    begun = perf_counter()
    options = ["-s", str(connections), "-m", str(messages), "-l", str(OCTETS), "-f", CARLA, "-t", ANA]
    subprocess.run([SOURCE, *options, f"127.0.0.1:{port}"], check=True)
    accepted = perf_counter() - begun
    until(lambda: in_mailbox(practice) >= before + messages, "the last message in the mailbox", seconds=300)
    delivered = perf_counter() - begun
    return Run(messages / accepted, messages / delivered)


def in_mailbox(practice: Practice) -> int:
    """How many messages Dovecot has."""
    said = practice.dovecot.admin("mailbox", "status", "-u", ANA, "messages", "INBOX")
    return int(said.rpartition("=")[2])


def row(values: Sequence[float]) -> str:
    """Median and range."""
    return f"{statistics.median(values):>12.0f} ({min(values):.0f} to {max(values):.0f})".rjust(28)


if __name__ == "__main__":
    main(sys.argv[1:])
