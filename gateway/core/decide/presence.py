"""The presence note: a few words that the therapist leaves by mail, until when they hold, and the word back.

Only what the therapist's own mailbox is proven to have written counts: a copy in Sent, or a verified author. And of
that only what was meant for it: what they write to a client must never come into acks to all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from gateway.core import addresses
from gateway.core.decide.decision import Setting
from gateway.core.effects import NoteKept
from gateway.core.events import Ref
from gateway.core.history import Note
from gateway.core.message.facts import Facts
from gateway.core.policy.calendar import instant
from gateway.core.policy.units import duration

#: `until 2027-01-04`, that day included; `for 10d`.
_UNTIL = re.compile(r"\buntil\s+(\d{4}-\d{2}-\d{2})\b", re.IGNORECASE)
_FOR = re.compile(r"\bfor\s+(\d+\s*[hdw])\b", re.IGNORECASE)
#: A subject, or a whole text, that takes the note back.
_END = frozenset({"stop", "stopp", "end"})
#: What an ack can carry without burying what it says itself.
LONGEST = 1200


def is_control(to: Iterable[str], setting: Setting) -> bool:
    """Whether one of these addresses is the one for the therapist's commands."""
    return bool(setting.control) and any(addresses.same(setting.control, one) for one in to)


def is_command(facts: Facts, setting: Setting) -> bool:
    """Whether a message is written to the control address, and to nobody else.

    A client may put that address into Cc, so that an answer to all goes there too, or send a signed letter of the
    therapist's on to it; or into Reply-To, so that an answer goes there alone: it takes a note back at most.
    """
    alone = bool(facts.to) and all(is_control([one], setting) for one in facts.to)
    answers = bool(facts.in_reply_to or facts.references)
    return alone and (not answers or not note_text(facts))


def note_text(facts: Facts) -> str:
    """What a message to the control address says; empty where it takes back what there is."""
    text = facts.new_text.strip()[:LONGEST]
    ends = {facts.subject.strip(" .!").casefold(), text.strip(" .!").casefold()} & _END
    return "" if ends else text


def note_from(facts: Facts, setting: Setting, now: datetime) -> Note:
    """The note that a message to the control address says; an empty text takes back what there is."""
    return Note(note_text(facts), now, expires(facts.subject, setting, now))


def expires(words: str, setting: Setting, now: datetime) -> datetime:
    """Until when a note is carried: what the words say (`until 2027-01-04`, `for 10d`), else what the policy says."""
    try:
        if (found := _UNTIL.search(words)) is not None:
            return instant(date.fromisoformat(found[1]) + timedelta(days=1), time(), setting.zone)
        if (found := _FOR.search(words)) is not None:
            return now + duration(found[1])
    except (ValueError, OverflowError):
        pass  # a date that there is not: the policy's own time holds, and the word back says until when
    return now + setting.policy.presence.lasts


def note_kept(setting: Setting, note: Note, message: str, now: datetime) -> NoteKept:
    """The word back to the therapist about a note that came by the message with this key."""
    return NoteKept(
        ref=Ref(setting.mailbox, ""),
        due=now,
        to=setting.address,
        sender=setting.address,
        language=setting.language,
        policy=setting.policy_name,
        version=setting.version,
        message=message,
        note=note.text,
        expires=note.expires if note.text else None,
    )
