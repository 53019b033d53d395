"""kill -9 at the moments that matter, on real servers; a gate holds back the reply that the gateway waits for.

    client --SMTP--> gateway --(gate)--> Dovecot        killed after Dovecot took the message, before the gateway heard
                        '-----(gate)--> Postfix        killed after Postfix took the ack, before the gateway noted it

After restart and the sender's retry the message is in the mailbox, and at most one ack per Message-ID was handed to the
smart host, but for the one window in which SMTP itself can't tell (RFC 5321 4.5.4.1): then both carry one Message-ID.
"""

from __future__ import annotations

import contextlib
import smtplib
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.e2e.practice import ANA, CARLA, Practice, letter, open_practice, until
from tests.servers.gate import Gate, gate


@pytest.fixture
def guarded() -> Iterator[tuple[Practice, Gate, Gate]]:
    """A practice with a gate before its downstream and one before its smart host."""
    with ExitStack() as stack:
        practice = stack.enter_context(open_practice())
        downstream = stack.enter_context(gate(practice.dovecot.lmtp_port))
        smarthost = stack.enter_context(gate(practice.postfix.smtp_port))
        practice.lmtp_port, practice.relay_port = downstream.port, smarthost.port
        practice.write_config()
        practice.start()
        yield practice, downstream, smarthost
        practice.stop()


def send_unheard(practice: Practice, content: bytes) -> threading.Thread:
    """Send in the background; whether it is heard of is not looked at."""

    def send() -> None:
        with contextlib.suppress(smtplib.SMTPException, OSError):
            practice.send(content)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    return thread


def copies(practice: Practice, message_id: str) -> int:
    with practice.therapist() as program:
        contents = [program.content(uid) for uid in program.uids()]
    return sum(message_id.encode() in content for content in contents)


def acks(practice: Practice, message_id: str) -> list[str]:
    return [str(mail["Message-ID"]) for mail in practice.answers_to(CARLA, message_id)]


def test_killed_between_the_downstreams_reply_and_ours(guarded: tuple[Practice, Gate, Gate]) -> None:
    practice, downstream, _ = guarded
    message_id, content = letter("cut-relay", "Does this arrive?")
    downstream.hold(b"Saved")
    sender = send_unheard(practice, content)
    assert downstream.held.wait(30)
    practice.kill()
    sender.join(30)
    downstream.pass_on()
    practice.start()
    practice.send(content)
    until(lambda: acks(practice, message_id), "the ack")
    assert copies(practice, message_id) >= 1
    settled(practice)
    assert len(acks(practice, message_id)) == 1


def test_killed_after_the_record_and_before_the_peer_heard(guarded: tuple[Practice, Gate, Gate]) -> None:
    practice, _, _ = guarded
    message_id, content = letter("cut-reply", "Does this arrive once?")
    peer = smtplib.SMTP("127.0.0.1", practice.smtp_port, "mail.client.example", timeout=30)
    peer.ehlo()
    peer.mail(CARLA)
    peer.rcpt(ANA)
    peer.docmd("DATA")
    peer.send(content + b".\r\n")
    until(lambda: acks(practice, message_id), "the ack")
    practice.kill()
    peer.close()
    practice.start()
    practice.send(content)
    settled(practice)
    assert copies(practice, message_id) == 1
    assert len(acks(practice, message_id)) == 1


def test_killed_between_an_ack_sent_and_noted(guarded: tuple[Practice, Gate, Gate]) -> None:
    practice, _, smarthost = guarded
    message_id, content = letter("cut-ack", "Is this acked?")
    smarthost.hold(b"queued as")
    practice.send(content)
    assert smarthost.held.wait(30)
    practice.kill()
    smarthost.pass_on()
    practice.start()
    practice.send(content)
    until(lambda: len(acks(practice, message_id)) == 2, "the ack, sent again in the window where SMTP can't tell")
    settled(practice)
    assert len(set(acks(practice, message_id))) == 1
    assert copies(practice, message_id) == 1


def settled(practice: Practice) -> None:
    """Everything due so far was said: only nudges wait in the outbox, for their time."""
    until(lambda: all(one["kind"] == "nudge" for one in practice.json("outbox", "list")), "all that is due to be said")
