"""Two hundred messages over twenty connections into a real Dovecot: every byte below our header fields as it was sent,
each acked once.
"""

from __future__ import annotations

import smtplib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.practice import ANA, CARLA, Practice, letter, open_practice, until

MESSAGES, CONNECTIONS = 200, 20


@pytest.fixture
def practice() -> Iterator[Practice]:
    with open_practice() as found:
        found.start()
        yield found
        found.stop()


def awkward(number: int) -> bytes:
    """A body that careless gateways change: dots, tabs, blanks at the end, long lines, 8-bit, no final newline."""
    lines = [
        b".",
        b"..two dots",
        b"trailing blanks   \t",
        b"From the beginning of a line",
        b"x" * 2000,
        "Größe, naïve, 漢字".encode(),
        b"\x80\xff raw octets",
        b"number %d" % number,
        b"",
    ]
    return b"\r\n".join(lines * (1 + number % 5)) + b"\r\n"


def sender_of(message_id: str) -> str:
    """Another person for each, all with one mailbox: to one person so many acks would rightly be too many."""
    return f"carla+{message_id.strip('<>').partition('@')[0]}@client.example"


def numbered(number: int) -> tuple[str, bytes]:
    message_id, content = letter(f"load-{number}", "", sender=sender_of(f"<letter-load-{number}@client.example>"))
    head = content.partition(b"\r\n\r\n")[0]
    return message_id, head + b"\r\n\r\n" + awkward(number)


def test_two_hundred_messages_over_twenty_connections(practice: Practice) -> None:
    letters = dict(numbered(number) for number in range(MESSAGES))
    jobs = list(letters.items())

    def send(share: list[tuple[str, bytes]]) -> None:
        with smtplib.SMTP("127.0.0.1", practice.smtp_port, "mail.client.example", timeout=60) as peer:
            for message_id, content in share:
                peer.sendmail(sender_of(message_id), [ANA], content, mail_options=["BODY=8BITMIME"])

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(send, [jobs[first::CONNECTIONS] for first in range(CONNECTIONS)]))

    with practice.therapist() as program:
        contents = [program.content(uid) for uid in program.uids()]
    assert len(contents) == MESSAGES
    for message_id, sent in letters.items():
        (found,) = [content for content in contents if message_id.encode() in content]
        ours, same, rest = found.partition(sent)
        assert (bool(same), rest) == (True, b""), message_id
        assert b"X-Handrail-Urgency: " in ours

    until(lambda: not acks_waiting(practice), "every ack to leave", seconds=120)
    answered = Counter(str(mail["In-Reply-To"]) for mail in practice.inbox_of(CARLA))
    assert answered == Counter(dict.fromkeys(letters, 1))


def acks_waiting(practice: Practice) -> bool:
    """Nudges wait for their time as well; the acks are due at once."""
    return any(one["kind"] == "ack" for one in practice.json("outbox", "list"))
