"""Invented messages and effects for the record's suites. Instants are hours after one Monday morning."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

from gateway.core.effects import Ack, ActionTold, Alert, Digest, NoteKept, Notice, Nudge, Receipt, Reminder, Withdrawal
from gateway.core.events import Level, Origin, Received, Ref
from gateway.core.news import Action, Beyond, Charging, Link, Noted, Open, Unacked
from gateway.core.reasons import because
from gateway.ports import Question

START = datetime(2026, 3, 2, 8, 0, 0, 123456, tzinfo=UTC)
CLIENT = "jonas.weber@client.example"
#: The ref of what no message caused.
NOTHING = Ref("ana", "")


def hours(count: float) -> datetime:
    """So many hours after the start."""
    return START + timedelta(hours=count)


def plain_hash(text: str) -> str:
    """A hash as `Facts` has it."""
    return sha256(text.encode()).hexdigest()


def ref(name: str = "first", mailbox: str = "ana") -> Ref:
    """The ref of an invented message."""
    return Ref(mailbox, plain_hash(name))


def received(name: str = "first", at: datetime = START, **changes: Any) -> Received:
    """An invented message that arrived."""
    made = Received(
        at=at,
        via="smtp",
        digest=plain_hash(f"bytes of {name}"),
        message_id=f"<{name}@client.example>",
        thread=plain_hash("thread"),
        reverse_path=CLIENT,
        author=CLIENT,
        author_name="Jonas Weber",
        author_verified=True,
        recipient="ana@hopestreet.example",
        subject="About Thursday",
        receipt_to="",
        important=False,
        sent_at=at - timedelta(minutes=1),
        language="en",
        new_words=120,
        quoted_words=3,
        attachment_words=0,
        origin=Origin.PERSON,
        answerable=True,
        level=Level.URGENT,
        category="general",
        policy="mornings",
        read_by=at + timedelta(hours=1),
        answer_by=None,
        reasons=(because("phrase", phrase="can't go on", lexicon="en"), because("person")),
    )
    return replace(made, **changes)


def ack(name: str = "first", due: datetime = START, mailbox: str = "ana", **changes: Any) -> Ack:
    """The ack of an invented message."""
    made = Ack(
        ref=ref(name, mailbox),
        due=due,
        to=CLIENT,
        sender="ana@hopestreet.example",
        in_reply_to=f"<{name}@client.example>",
        references=(f"<{name}@client.example>",),
        subject="About Thursday",
        language="en",
        policy="mornings",
        known=True,
        level=Level.URGENT,
        received=due,
        read_by=due + timedelta(hours=1),
        answer_by=None,
        used=1,
        allowed=5,
        per="week",
        warn=False,
    )
    return replace(made, **changes)


def receipt(name: str = "first", due: datetime = START) -> Receipt:
    """The receipt of an invented message."""
    return Receipt(
        ref=ref(name),
        due=due,
        form="mdn",
        to=CLIENT,
        sender="ana@hopestreet.example",
        in_reply_to=f"<{name}@client.example>",
        references=(f"<{name}@client.example>",),
        subject="About Thursday",
        language="en",
        policy="mornings",
        known=True,
        received=due,
        seen=due,
        answer_by=None,
    )


def alert(name: str = "first", due: datetime = START) -> Alert:
    """The alert about an invented message."""
    return Alert(
        ref=ref(name),
        due=due,
        to="ana@hopestreet.example",
        sender="ana@hopestreet.example",
        language="en",
        policy="mornings",
        level=Level.CRISIS,
        received=due,
        author=CLIENT,
    )


def nudge(name: str = "first", due: datetime = START) -> Nudge:
    """The nudge about an invented message."""
    return Nudge(
        ref=ref(name),
        due=due,
        to="ana@hopestreet.example",
        sender="ana@hopestreet.example",
        language="en",
        policy="mornings",
        version=1,
        received=due,
        answer_by=due + timedelta(hours=2),
        author=CLIENT,
    )


def digest(due: datetime = START, **changes: Any) -> Digest:
    """A daily digest with one invented message."""
    made = Digest(
        ref=NOTHING,
        due=due,
        to="ana@hopestreet.example",
        sender="ana@hopestreet.example",
        language="en",
        policy="mornings",
        version=1,
        messages=(Open(author=CLIENT, received=due, answer_by=None, level=Level.MENTION, read=False),),
        away_until=date(2026, 3, 9),
        holidays=((date(2026, 4, 3), "Good Friday"),),
    )
    return replace(made, **changes)


def full_digest(author: str = CLIENT, due: datetime = START) -> Digest:
    """A digest that tells of everything that there is."""
    link, noted = Link(Action.WAIVE, "0token9"), Noted(author, due)
    listed = Open(
        author=author,
        received=due,
        answer_by=due,
        level=Level.CRISIS,
        read=True,
        unsure=True,
        sign="List-*",
        links=(link,),
    )
    return digest(
        due,
        messages=(listed,),
        withdrawn=(noted,),
        away=(noted,),
        unacked=(Unacked(author=author, received=due, why="muted", links=(link,)),),
        charging=(
            Charging(author=author, over=True, minutes=16, free=timedelta(minutes=15), messages=4, cluster=4),
            Charging(author=author, over=False, minutes=1, free=None, messages=3),
        ),
        beyond=(Beyond(author=author, used=6, allowed=5, unit="messages", per="week"),),
        given_up=1,
        control="ana+handrail@hopestreet.example",
        note_link=Link(Action.NOTE, "0token9"),
        note="I think of you all. Ana",
    )


def action_told(author: str = CLIENT, due: datetime = START) -> ActionTold:
    """What the therapist is told of an action."""
    return ActionTold(
        ref=NOTHING,
        due=due,
        to="ana@hopestreet.example",
        sender="ana@hopestreet.example",
        language="en",
        policy="mornings",
        version=1,
        message=plain_hash("command"),
        fate="done",
        action=Action.MUTE,
        author=author,
        received=due,
        reason="a gift",
        control="ana+handrail@hopestreet.example",
        undo=Link(Action.UNMUTE, "0token9"),
    )


def withdrawal(name: str = "one", to: str = CLIENT, due: datetime = START) -> Withdrawal:
    """A message is to be taken back."""
    return Withdrawal(
        ref=ref(name),
        due=due,
        to=to,
        sender="ana@hopestreet.example",
        in_reply_to="<asking@client.example>",
        references=("<asking@client.example>",),
        request=plain_hash("asking"),
        language="de",
        policy="mornings",
        version=1,
        known=True,
        received=START,
        timezone="Europe/Lisbon",
        country="PT",
        staying="seen",
    )


def notice(to: str = CLIENT, due: datetime = START, version: int = 2) -> Notice:
    """A notice to an invented client that a policy changes."""
    return Notice(
        ref=NOTHING,
        due=due,
        to=to,
        sender="ana@hopestreet.example",
        language="en",
        policy="mornings",
        version=version,
        before=version - 1,
        since=due + timedelta(days=14),
    )


def reminder(due: datetime = START, **changes: Any) -> Reminder:
    """A reminder to write to an invented client."""
    made = Reminder(
        ref=NOTHING,
        due=due,
        to="ana@hopestreet.example",
        sender="ana@hopestreet.example",
        language="en",
        policy="mornings",
        version=1,
        client=CLIENT,
        client_name="Jonas",
        session=due - timedelta(days=2),
    )
    return replace(made, **changes)


def note_kept(due: datetime = START) -> NoteKept:
    """What the therapist is told of a note."""
    return NoteKept(
        ref=NOTHING,
        due=due,
        to="ana@hopestreet.example",
        sender="ana@hopestreet.example",
        language="en",
        policy="mornings",
        version=1,
        message=plain_hash("note"),
        note="I think of you all. Ana",
        expires=due + timedelta(days=14),
    )


def question(name: str = "new", **changes: Any) -> Question:
    """What is asked about a message that arrives now."""
    made = Question(
        ref=ref(name),
        digest=plain_hash(f"bytes of {name}"),
        thread=plain_hash("thread"),
        refers_to=(),
        person=CLIENT,
        since=START - timedelta(days=32),
    )
    return replace(made, **changes)
