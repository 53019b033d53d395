"""Receipts on real servers: what a client gets for what the therapist does in a mail program, and what it is made of.

client --SMTP--> gateway --LMTP--> Dovecot <--IMAP-- one mail program of the therapist, or two
                    '--SMTP--> Postfix --LMTP--> the client's own mailbox in Dovecot --> JavaMail
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from email.message import EmailMessage
from time import monotonic

import pytest

from tests.e2e.practice import ANA, CARLA, Practice, letter, open_practice, until
from tests.servers.dovecot import MailProgram
from tests.servers.java_mail import read_receipt
from tests.unit.core.message.grammar import faults_of

POLICY = """\
summary: I say when I have read it.
acknowledge: {when: never}
receipt: {send: SEND, grace: 2s, bulk: 3, take_request: true}
urgency: {alert: never}
billing: {counts: nothing}
"""
TRUSTED = "    trusted_authserv: mx.hopestreet.example\n"
REFUTED = "mx.hopestreet.example; dmarc=fail header.from=client.example"


@pytest.fixture(scope="module")
def practice() -> Iterator[Practice]:
    with open_practice(policies={"hope-street": POLICY.replace("SEND", "always")}, extra=TRUSTED) as found:
        found.start()
        yield found
        found.stop()


def write(practice: Practice, name: str, **fields: str) -> str:
    """A client's message that asks for a receipt; its Message-ID."""
    message_id, content = letter(name, f"This is {name}.", **{"Disposition_Notification_To": CARLA, **fields})
    practice.send(content)
    return message_id


def arrive(program: MailProgram, message_ids: Sequence[str]) -> None:
    for message_id in message_ids:
        until(lambda one=message_id: program.find(one), "the message in the mailbox")


def receipts(practice: Practice, message_id: str) -> list[EmailMessage]:
    return practice.answers_to(CARLA, message_id)


def everything_before_is_told(practice: Practice, program: MailProgram, name: str) -> None:
    """A receipt for what is read now comes after all that were due before."""
    last = write(practice, name)
    arrive(program, [last])
    program.open(last)
    until(lambda: receipts(practice, last), "the receipt of what was read last")


def test_a_receipt_is_read_by_another_parser_field_by_field(practice: Practice) -> None:
    with practice.therapist() as program:
        message_id = write(practice, "parsed", Original_Recipient="rfc822;Ana.Reed@hopestreet.example")
        arrive(program, [message_id])
        program.open(message_id)
        until(lambda: receipts(practice, message_id), "the receipt")
    with practice.dovecot.open(CARLA) as client:
        uid = client.find_answer(message_id)
        assert uid is not None
        content = client.content(uid)
    found = read_receipt(content)
    assert (found.parts, found.report_type) == (3, "disposition-notification")
    assert found.characters_of_text > 0
    user_agent = found.fields.pop("Reporting-UA")
    assert user_agent.endswith("; Handrail")
    assert found.fields == {
        "Original-Recipient": "rfc822;Ana.Reed@hopestreet.example",
        "Final-Recipient": f"rfc822; {ANA}",
        "Original-Message-ID": message_id,
        "Disposition": "manual-action/MDN-sent-automatically; displayed",
    }
    assert found.original["Message-ID"] == message_id
    assert set(found.original) == {"Date", "Message-ID"}
    _, _, rest = content.partition(b"Content-Type: message/disposition-notification\r\n\r\n")
    assert faults_of(rest.partition(b"\r\n--=_")[0]) == []
    (receipt,) = receipts(practice, message_id)
    assert (receipt["Return-Path"], receipt["Auto-Submitted"]) == ("<>", "auto-replied")
    assert (receipt["To"].addresses[0].addr_spec, receipt["From"].addresses[0].addr_spec) == (CARLA, ANA)
    assert receipt["Disposition-Notification-To"] is None
    assert receipt["Message-ID"] != message_id


def test_the_request_is_taken_off_and_every_other_byte_comes_as_it_went(practice: Practice) -> None:
    asked = f"disposition-notification-TO: Carla\r\n <{CARLA}>\r\n"
    head = f"From: Carla <{CARLA}>\r\n{asked}To: {ANA}\r\nMessage-ID: <taken@client.example>\r\nSubject:  x\r\n"
    body = f"\r\nDisposition-Notification-To: {CARLA}\r\n is what I wrote.\r\n"
    practice.send((head + body).encode())
    with practice.therapist() as program:
        uid = until(lambda: program.find("<taken@client.example>"), "the message")
        content = program.content(uid)
        assert content.endswith((head.replace(asked, "") + body).encode())
        assert content.lower().count(b"disposition-notification-to") == 1
        program.open("<taken@client.example>")
    (receipt,) = until(lambda: receipts(practice, "<taken@client.example>"), "the receipt")
    assert receipt.get_content_type() == "multipart/report"


def test_a_machines_mail_is_handed_on_byte_for_byte(practice: Practice) -> None:
    message_id, content = letter("machine", "Out of office.", Disposition_Notification_To=CARLA,
                                 Auto_Submitted="auto-replied", Precedence="bulk")  # fmt: skip
    practice.send(content)
    with practice.therapist() as program:
        uid = until(lambda: program.find(message_id), "the message")
        assert program.content(uid).endswith(content)


def test_what_gets_a_receipt_and_what_gets_none(practice: Practice) -> None:
    """One wait for all: a receipt that is due later than all of these comes last."""
    with practice.therapist() as program, practice.therapist() as telephone:
        twice, unread, by_program, forged, elsewhere, option, report = (
            write(practice, "twice"),
            write(practice, "unread"),
            write(practice, "by-program"),
            write(practice, "forged", Authentication_Results=REFUTED),
            write(practice, "elsewhere", Disposition_Notification_To="mallory@elsewhere.example"),
            write(practice, "option", Disposition_Notification_Options="proof=required,signature"),
            write(practice, "report", Auto_Submitted="auto-replied"),
        )
        asked = (twice, unread, by_program, forged, elsewhere, option, report)
        arrive(program, asked)
        before = opened(practice)
        for message_id in (twice, unread, forged):
            program.open(message_id)
        program.unread(unread)
        telephone.open(twice)
        until(lambda: opened(practice) >= before + 2, "what was opened to be seen")
        paced(practice, program, [elsewhere, option])
        program.mark(by_program, "\\Seen", "$MDNSent")
        program.open(report)
        everything_before_is_told(practice, program, "last")
    forms = {name: [mail.get_content_type() for mail in receipts(practice, name)] for name in asked}
    assert forms == {
        twice: ["multipart/report"],
        unread: [],
        by_program: [],
        forged: [],
        # Not where it was asked for; in plain words to who wrote it, as the policy says.
        elsewhere: [forms[elsewhere][0]],
        option: [forms[option][0]],
        report: [],
    }
    assert "multipart/report" not in (*forms[elsewhere], *forms[option])
    assert "forged-author" in practice.log


def opened(practice: Practice) -> int:
    return practice.log.count('"why": ["seen"')


def paced(practice: Practice, program: MailProgram, message_ids: Sequence[str]) -> None:
    """One after another, as a person opens them: each receipt has come before the next is opened."""
    for message_id in message_ids:
        program.open(message_id)
        until(lambda one=message_id: receipts(practice, one), "the receipt")


def test_marked_as_read_all_at_once_none_gets_a_receipt_and_one_opened_by_itself_does(practice: Practice) -> None:
    with practice.therapist() as program:
        many = [write(practice, f"bulk-{number}") for number in range(8)]
        arrive(program, many)
        program.mark_all("\\Seen")
        until(lambda: practice.log.count('"seen-in-bulk"') >= len(many), "the bulk mark")
        over = monotonic() + 2
        until(lambda: monotonic() > over, "what belongs to it to be over")
        everything_before_is_told(practice, program, "after-the-bulk")
        assert [receipts(practice, one) for one in many] == [[]] * 8
        program.unread(many[0])
        until(lambda: '"what": ["unseen"]' in practice.log, "the mark as unread")
        program.open(many[0])
        until(lambda: receipts(practice, many[0]), "the receipt of what was opened by itself")
        assert [receipts(practice, one) for one in many[1:]] == [[]] * 7
