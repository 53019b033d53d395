"""An urgent message bears its tag and a prefix, lies in its folder, and is seen to be read there.

client --SMTP--> gateway --LMTP--> Dovecot: INBOX --MOVE--> Urgent, by the watch that has tagged it
"""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from tests.e2e.practice import ANA, CARLA, POLICY, Practice, letter, open_practice, until

TAGS = """\
    tags:
      urgent: $label1
      crisis: $Crisis
      categories: {scheduling: $label5}
      subject: "[urgent]"
      folder: Dringend/Heute für mich
"""
#: The folder's name on the wire.
FOLDER = "Dringend/Heute f&APw-r mich"


@pytest.fixture(scope="module")
def practice() -> Iterator[Practice]:
    with open_practice(policies={"hope-street": POLICY + "withdraw: unread\n"}, extra=TAGS) as found:
        found.run("clients", "add", CARLA, "--mailbox", "ana", "--urgent-word", "bluebird")
        found.start()
        yield found
        found.stop()


def is_there(practice: Practice, folder: str, message_id: str) -> bool:
    named = folder.replace("&APw-", "ü")
    if named not in practice.dovecot.admin("mailbox", "list", "-u", ANA).splitlines():
        return False
    with practice.dovecot.open(ANA, folder) as program:
        return program.find(message_id) is not None


def test_an_urgent_message_lies_tagged_in_its_folder_and_is_seen_to_be_read_there(practice: Practice) -> None:
    message_id, content = letter("flood", "Bluebird, the cellar is under water.", Disposition_Notification_To=CARLA)
    practice.send(content)
    until(lambda: is_there(practice, FOLDER, message_id), "the message in its folder")
    assert not is_there(practice, "INBOX", message_id)
    with practice.dovecot.open(ANA, FOLDER) as program:
        assert program.flags(message_id) == {"$label1"}
        taken = program.content(str(program.find(message_id)))
        assert taken.endswith(content.replace(b"Subject: Letter", b"Subject: [urgent] Letter"))
        program.open(message_id)
    (receipt,) = until(lambda: receipts(practice.answers_to(CARLA, message_id)), "the receipt")
    assert f"Original-Message-ID: {message_id}" in receipt.as_string()


def receipts(mails: list[EmailMessage]) -> list[EmailMessage]:
    return [mail for mail in mails if mail.get_content_type() == "multipart/report"]


def test_one_that_the_therapist_moves_back_stays_in_the_inbox(practice: Practice) -> None:
    message_id, content = letter("back", "Bluebird, call me.")
    practice.send(content)
    until(lambda: is_there(practice, FOLDER, message_id), "the message in its folder")
    practice.dovecot.admin(
        "move", "-u", ANA, "INBOX", "mailbox", "Dringend/Heute für mich", "header", "message-id", message_id
    )
    other, content = letter("next", "Bluebird, once more.")
    practice.send(content)
    until(lambda: is_there(practice, FOLDER, other), "the next one in its folder")
    assert is_there(practice, "INBOX", message_id)


def test_what_is_taken_back_is_taken_out_of_that_folder_too(practice: Practice) -> None:
    message_id, content = letter("regret", "Bluebird, I am furious.")
    practice.send(content)
    (ack,) = until(lambda: practice.answers_to(CARLA, message_id), "the ack")
    until(lambda: is_there(practice, FOLDER, message_id), "the message in its folder")
    _, asking = letter("asking", "WITHDRAW", In_Reply_To=ack["Message-ID"], References=ack["Message-ID"])
    practice.send(asking)
    until(lambda: is_there(practice, "Withdrawn", message_id), "the message among those taken back")
    assert not is_there(practice, FOLDER, message_id)


def test_an_ordinary_message_about_an_appointment_has_its_tag_alone(practice: Practice) -> None:
    message_id, content = letter("thursday", "Can we move our appointment to Friday?")
    practice.send(content)
    with practice.therapist() as program:
        until(lambda: "$label5" in program.flags(message_id), "the tag")
        assert program.content(str(program.find(message_id))).endswith(content)
