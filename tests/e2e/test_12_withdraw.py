"""A client answers the ack with the one word, and a message that nobody has opened is taken back.

client --SMTP--> gateway --LMTP--> Dovecot: INBOX --MOVE--> Withdrawn
                    '--SMTP--> Postfix --LMTP--> the client's own mailbox: the ack, and the word back

What is not in the inbox any more, and everything over days, is told by `stories/taken-back.story` on the same servers.
"""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime

import pytest

from tests.e2e.practice import ANA, CARLA, MIA, POLICY, TOM, Practice, letter, open_practice, until

TAKES_BACK = POLICY.replace("alert: never", "alert: crisis") + "withdraw: unread\n"


@pytest.fixture(scope="module")
def practice() -> Iterator[Practice]:
    with open_practice(policies={"hope-street": TAKES_BACK}) as found:
        found.run("clients", "add", CARLA, "--mailbox", "ana")
        found.run("clients", "add", MIA, "--mailbox", "ana", "--language", "de")
        found.start()
        yield found
        found.stop()


def written(practice: Practice, name: str, text: str, client: str = CARLA) -> tuple[str, EmailMessage]:
    """A message that was acked; its Message-ID and the ack."""
    message_id, content = letter(name, text, sender=client, From=client)
    practice.send(content, sender=client)
    (ack,) = until(lambda: practice.answers_to(client, message_id), "the ack")
    return message_id, ack


def answered(practice: Practice, name: str, ack: EmailMessage, text: str, client: str = CARLA) -> tuple[str, str]:
    """The client answers the ack as a mail program does; the Message-ID, and what comes back."""
    answer = EmailMessage(policy=SMTP)
    answer["From"], answer["To"], answer["Subject"] = client, ANA, f"Re: {ack['Subject']}"
    answer["Date"], answer["Message-ID"] = format_datetime(localtime()), f"<{name}@client.example>"
    answer["In-Reply-To"], answer["References"] = ack["Message-ID"], f"{ack['References']} {ack['Message-ID']}"
    quoted = "\n".join(f"> {line}" for line in ack.get_body(("plain",)).get_content().splitlines())
    answer.set_content(f"{text}\n\nOn Monday, {ANA} wrote:\n{quoted}\n\n-- \nSent from my phone\n")
    practice.send(answer.as_bytes(), sender=client)
    (word,) = until(lambda: practice.answers_to(client, answer["Message-ID"]), "the word back")
    return answer["Message-ID"], " ".join(word.get_body(("plain",)).get_content().split())


def lies_in(practice: Practice, folder: str, message_id: str) -> bool:
    if folder not in practice.dovecot.admin("mailbox", "list", "-u", ANA).splitlines():
        return False
    with practice.dovecot.open(ANA, folder) as program:
        return program.find(message_id) is not None


def test_an_unread_message_is_taken_out_of_the_inbox_and_its_writer_is_told_once(practice: Practice) -> None:
    message_id, ack = written(practice, "regretted", "I hate my brother, and he knows.")
    assert "answer with the one word WITHDRAW" in " ".join(ack.get_body(("plain",)).get_content().split())
    asking, word = answered(practice, "asking", ack, "Withdraw.")
    assert "was still unread" in word
    for taken in (message_id, asking):
        assert lies_in(practice, "Withdrawn", taken)
        assert not lies_in(practice, "INBOX", taken)
    with practice.dovecot.open(ANA, "Withdrawn") as program:
        assert program.flags(message_id) == frozenset()
        assert b"I hate my brother" in program.content(str(program.find(message_id)))
        program.open(message_id)
    lines = {line["subject"]: line for line in practice.json("ledger")}
    assert lines["Letter regretted"]["exempt"] == "taken back by its writer while it was unread: never counted"
    assert not any(subject.startswith("Re:") for subject in lines)
    # Opened where it lies now it brings about nothing, as another message shows that came and was opened later.
    later, _ = written(practice, "later", "Something else.", client=CARLA)
    with practice.therapist() as program:
        until(lambda: program.find(later), "the later message")
        program.open(later)
    until(lambda: practice.json("ledger")[-1]["read_minutes"], "the later message to be seen")
    assert len(practice.answers_to(CARLA, message_id)) == 1
    assert len(practice.answers_to(CARLA, asking)) == 1


def test_a_message_that_was_opened_stays(practice: Practice) -> None:
    message_id, ack = written(practice, "opened", "I am not sure about Thursday.")
    with practice.therapist() as program:
        until(lambda: program.find(message_id), "the message")
        program.open(message_id)
    asking, word = answered(practice, "too-late", ack, "WITHDRAW")
    assert "is marked as read already, so it stays where it is" in word
    assert lies_in(practice, "INBOX", message_id)
    assert lies_in(practice, "INBOX", asking)


def test_a_crisis_stays_and_its_writer_is_told_whom_to_call(practice: Practice) -> None:
    message_id, ack = written(practice, "crisis", "I want to kill myself tonight.")
    # The card tells a new client of the word; the ack of a crisis does not offer it.
    assert "would like this message back" not in " ".join(ack.get_body(("plain",)).get_content().split())
    _, word = answered(practice, "unsaid", ack, "WITHDRAW")
    assert word.startswith("If you or someone else is in danger, please call now: Crisis 0800 555 0199.")
    assert "is not taken back" in word
    assert lies_in(practice, "INBOX", message_id)


def test_each_language_has_its_word(practice: Practice) -> None:
    message_id, ack = written(practice, "bereut", "Das habe ich nicht so gemeint.", client=MIA)
    assert "mit dem einen Wort ZURÜCKZIEHEN" in " ".join(ack.get_body(("plain",)).get_content().split())
    _, word = answered(practice, "bitte", ack, "Zurückziehen, bitte!", client=MIA)
    assert "war noch ungelesen" in word
    assert lies_in(practice, "Withdrawn", message_id)


def test_nobody_takes_back_what_somebody_else_wrote(practice: Practice) -> None:
    message_id, _ = written(practice, "hers", "This stays.")
    _, forged = letter("forged", "WITHDRAW", sender=TOM, From=CARLA, In_Reply_To=message_id, References=message_id)
    practice.send(forged, sender=TOM)
    (mail,) = until(lambda: practice.answers_to(TOM, "<letter-forged@client.example>"), "an ack like any other")
    assert "taken back" not in mail.get_body(("plain",)).get_content()
    assert lies_in(practice, "INBOX", message_id)


def test_a_power_cut_between_the_move_and_the_word_tells_the_truth_once(practice: Practice) -> None:
    message_id, ack = written(practice, "cut", "I take this back.")
    practice.stop()
    practice.relay_port = 9  # nobody listens there: the word can't go
    practice.write_config()
    practice.start()
    begun = len(practice.log)
    answer = EmailMessage(policy=SMTP)
    answer["From"], answer["To"], answer["Subject"] = CARLA, ANA, "WITHDRAW"
    answer["Message-ID"], answer["In-Reply-To"] = "<cut-off@client.example>", ack["Message-ID"]
    answer["Date"] = format_datetime(localtime())
    answer.set_content("WITHDRAW")
    practice.send(answer.as_bytes())
    until(lambda: '"event": "withdrawal"' in practice.log[begun:], "the move, and that it is kept")
    practice.kill()
    with practice.dovecot.open(ANA, "Withdrawn") as program:
        program.open(message_id)
    practice.relay_port = 0
    practice.write_config()
    practice.start()
    for row in practice.json("outbox", "list"):
        practice.run("outbox", "retry", str(row["id"]))
    (word,) = until(lambda: practice.answers_to(CARLA, "<cut-off@client.example>"), "the word back", seconds=120)
    assert "was still unread" in " ".join(word.get_body(("plain",)).get_content().split())


def test_the_peer_that_sends_it_twice_brings_one_word(practice: Practice) -> None:
    _, ack = written(practice, "twice", "Oh dear.")
    answer = EmailMessage(policy=SMTP)
    answer["From"], answer["To"], answer["Subject"] = CARLA, ANA, "Re: Your message has arrived"
    answer["Message-ID"], answer["In-Reply-To"] = "<asked-twice@client.example>", ack["Message-ID"]
    answer.set_content("WITHDRAW")
    for _ in range(2):
        practice.send(answer.as_bytes())
    until(lambda: practice.answers_to(CARLA, "<asked-twice@client.example>"), "the word back")
    written(practice, "after", "Another one.")
    assert len(practice.answers_to(CARLA, "<asked-twice@client.example>")) == 1
