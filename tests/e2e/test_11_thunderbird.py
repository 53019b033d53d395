"""The therapist opens an urgent message in Thunderbird, on a screen; the client gets the receipt.

client --SMTP--> gateway --LMTP--> Dovecot <--IMAP-- Thunderbird under Xvfb

`make pictures` runs this with HANDRAIL_PICTURES=docs and so renews the picture that the documents show.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.practice import ANA, CARLA, PASSWORD, POLICY, TOM, Practice, letter, open_practice, until
from tests.e2e.receipts import receipts_for
from tests.servers.thunderbird import thunderbird

pytestmark = [pytest.mark.timeout(300), pytest.mark.long]

#: The client's request is taken off, so that Thunderbird asks nothing.
TAKING = POLICY.replace("grace: 0}", "grace: 0, take_request: true}")
URGENT = "I can't see a way forward since Sunday. Bluebird. Could you ring me?"


@pytest.fixture
def practice() -> Iterator[Practice]:
    with open_practice(policies={"hope-street": TAKING}) as found:
        found.run("clients", "add", CARLA, "--mailbox", "ana", "--urgent-word", "bluebird")
        found.run("clients", "add", TOM, "--mailbox", "ana")
        found.start()
        yield found
        found.stop()


def is_red(red: int, green: int, blue: int) -> bool:
    """`$label1`, which Thunderbird calls Important, is #FF0000 there from the start."""
    return (red, green, blue) == (255, 0, 0)


def test_opening_in_thunderbird_brings_the_receipt_and_the_urgent_one_stands_out_in_red(practice: Practice) -> None:
    urgent, content = letter("urgent", URGENT, Subject="Since Sunday", Disposition_Notification_To=CARLA)
    routine, other = letter("routine", "Can we meet at five?", TOM, From=f"Tom Winter <{TOM}>", Subject="Next Thursday")
    practice.send(content)
    practice.send(other, TOM)
    with practice.therapist() as program:
        until(lambda: "$label1" in program.flags(urgent) and program.find(routine), "the tag")
        with thunderbird(practice.root / "thunderbird", practice.dovecot.imap_port, ANA) as mail_program:
            mail_program.sign_in(ANA, PASSWORD)
            tagged, plain = mail_program.row("Since Sunday"), mail_program.row("Next Thursday")
            until(lambda: mail_program.picture().count(tagged, is_red), "the tag's colour on the screen")
            assert mail_program.picture().count(plain, is_red) == 0
            assert "\\Seen" not in program.flags(urgent)
            mail_program.open("Since Sunday", "Could you ring me?")
            until(lambda: "\\Seen" in program.flags(urgent), "the flag of what was read")
            (receipt,) = until(lambda: receipts_for(practice, CARLA, urgent), "the receipt")
            assert mail_program.questions() == 0
            keep_picture(mail_program.picture().png())
            assert "\\Seen" not in program.flags(routine)
    assert "displayed" in receipt.as_string()
    assert receipts_for(practice, TOM, routine) == []


def keep_picture(png: bytes) -> None:
    """Write it where `make pictures` wants it."""
    if folder := os.environ.get("HANDRAIL_PICTURES"):
        Path(folder, "thunderbird-tag.png").write_bytes(png)
