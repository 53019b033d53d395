"""Invented messages and effects for the record's suites. Instants are hours after one Monday morning."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from gateway.core.effects import Ack, Alert, Receipt
from gateway.core.events import Level, Origin, Received, Ref
from gateway.core.reasons import because
from gateway.ports import Question

START = datetime(2026, 3, 2, 8, 0, 0, 123456, tzinfo=UTC)
CLIENT = "jonas.weber@client.example"


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
