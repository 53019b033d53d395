"""The main job on real servers: deliver, ack, tag, open, receipt, answer, ledger line.

client --SMTP--> gateway --LMTP--> Dovecot <--IMAP-- the therapist's mail program
                    '--SMTP--> Postfix --LMTP--> the client's own mailbox in Dovecot
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from tests.e2e.practice import ANA, CARLA, MIA, POLICY, TOM, Practice, answer_to, letter, open_practice, until


@pytest.fixture(scope="module")
def practice() -> Iterator[Practice]:
    with open_practice(policies={"hope-street": POLICY.replace("alert: never", "alert: urgent")}) as found:
        found.run("clients", "add", CARLA, "--mailbox", "ana", "--urgent-word", "bluebird")
        found.start()
        yield found
        found.stop()


def only(mails: list[EmailMessage]) -> EmailMessage:
    (mail,) = mails
    return mail


def test_a_message_goes_all_the_way_from_client_to_ledger(practice: Practice) -> None:
    words = "since Tuesday I have been sleeping better and would like to talk about that"
    message_id, content = letter("whole-way", words, sender=MIA, Disposition_Notification_To=MIA)
    practice.send(content, sender=MIA)
    with practice.therapist() as program:
        uid = until(lambda: program.find(message_id), "the message in the therapist's mailbox")
        assert program.content(uid).endswith(content)
        assert b"X-Handrail-Urgency: routine" in program.content(uid)

        ack = only(until(lambda: practice.answers_to(MIA, message_id), "the ack"))
        assert ack["Auto-Submitted"] == "auto-replied"
        assert ack["Return-Path"] == "<>"
        assert ack["From"].addresses[0].addr_spec == ANA
        assert "0800 555 0199" in ack.get_body(("plain",)).get_content()

        program.open(message_id)
        mails = until(lambda: two(practice.answers_to(MIA, message_id)), "the receipt")
        receipt = next(mail for mail in mails if mail.get_content_type() == "multipart/report")
        assert receipt.get_param("report-type") == "disposition-notification"
        assert receipt["Return-Path"] == "<>"
        disposition = receipt.get_payload(1).as_string()
        assert f"Original-Message-ID: {message_id}" in disposition
        assert re.search(r"Disposition: .*; *displayed", disposition)
        assert until(lambda: "$MDNSent" in program.flags(message_id), "the mark of the receipt (RFC 3503)")

        words = "Thank you for telling me. Keep that moment for Thursday."
        program.append("Sent", answer_to(message_id, words, MIA), ["\\Seen"])
    line = until(lambda: answered_line(practice, message_id), "the ledger line")
    assert float(line["read_minutes"]) > 0
    assert float(line["answer_minutes"]) > 0
    assert "238 words a minute" in line["derivation"]
    assert "19 words a minute" in line["derivation"]


def two(mails: list[EmailMessage]) -> list[EmailMessage]:
    return mails if len(mails) >= 2 else []


def answered_line(practice: Practice, message_id: str) -> dict[str, str] | None:
    lines = practice.json("ledger")
    return next((line for line in lines if float(line["answer_minutes"]) > 0), None)


def test_an_agreed_word_shows_as_a_tag_in_a_second_mail_program(practice: Practice) -> None:
    message_id, content = letter("bluebird", "Bluebird. Please call me tonight.")
    practice.send(content)
    with practice.therapist() as program:
        until(lambda: "$label1" in program.flags(message_id), "the tag")
        assert "\\Seen" not in program.flags(message_id)
        until(lambda: alerts(practice), "the alert in the therapist's own mailbox")


def alerts(practice: Practice) -> list[bytes]:
    with practice.therapist() as program:
        contents = [program.content(uid) for uid in program.uids()]
    return [content for content in contents if b"Auto-Submitted: auto-generated" in content]


def test_a_machine_gets_no_ack_and_its_mail_arrives_all_the_same(practice: Practice) -> None:
    message_id, content = letter("away", "I am away.", sender=TOM, Auto_Submitted="auto-replied")
    practice.send(content, sender="")
    marker_id, marker = letter("after-away", "a person writes", sender=TOM)
    practice.send(marker, sender=TOM)
    with practice.therapist() as program:
        until(lambda: program.find(message_id), "the machine's message")
    until(lambda: practice.answers_to(TOM, marker_id), "the ack to the person who wrote after it")
    assert practice.answers_to(TOM, message_id) == []


def test_nothing_of_any_mail_is_in_the_log(practice: Practice) -> None:
    message_id, content = letter(
        "canary", "A canarybody sits in the text.", Subject="canarysubject", From="Canaryname <carla@client.example>"
    )
    practice.send(content)
    with practice.therapist() as program:
        until(lambda: program.find(message_id), "the message")
    until(lambda: practice.answers_to(CARLA, message_id), "the ack")
    log = practice.log
    assert "relayed" in log
    for canary in ("canarybody", "canarysubject", "Canaryname", CARLA, TOM, ANA, message_id.strip("<>")):
        assert canary not in log, canary
