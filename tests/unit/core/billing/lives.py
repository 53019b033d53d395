"""Invented messages and what became of them, for tests that read stories."""

from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.core.events import Answered, Event, Level, Origin, Received, Ref, Relayed, Seen
from gateway.core.history import Story

MONDAY = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


def received(at: datetime = MONDAY, **changes: Any) -> Received:
    """A client's message of 312 new words."""
    usual: dict[str, Any] = {
        "at": at,
        "via": "smtp",
        "digest": "d",
        "message_id": "<1@client.example>",
        "thread": "t",
        "reverse_path": "cleo@client.example",
        "author": "cleo@client.example",
        "author_name": "Cleo",
        "author_verified": True,
        "recipient": "ana@hopestreet.example",
        "subject": "Tuesday",
        "receipt_to": "",
        "important": False,
        "sent_at": at,
        "language": "en",
        "new_words": 312,
        "quoted_words": 0,
        "attachment_words": 0,
        "origin": Origin.PERSON,
        "answerable": True,
        "level": Level.ROUTINE,
        "category": "",
        "policy": "mornings-billed",
        "read_by": None,
        "answer_by": None,
        "reasons": (),
    }
    return Received(**(usual | changes))


def story(*after: Event, key: str = "k1", mailbox: str = "ana", at: datetime = MONDAY, **changes: Any) -> Story:
    """A message that was received, relayed, and then what `after` says."""
    return Story(Ref(mailbox, key), (received(at, **changes), Relayed(at=at, reply="250 2.0.0 OK"), *after))


def seen(hours: float = 1) -> Seen:
    return Seen(at=MONDAY + timedelta(hours=hours))


def answered(words: int | None = 120, answer: str = "a1", hours: float = 2) -> Answered:
    """An answer found in Sent; without words, a bare `\\Answered`."""
    witness = "flag" if words is None else "sent"
    answer = "" if words is None else answer
    return Answered(at=MONDAY + timedelta(hours=hours), witness=witness, words=words, answer=answer)
