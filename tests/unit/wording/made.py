"""What the tests of words are made with: a practice, effects, and policies that between them say all that there is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from gateway import shipped
from gateway.core.effects import Ack, Alert, Receipt
from gateway.core.events import Level, Ref
from gateway.core.policy.schema import Policy
from gateway.ports import Words
from gateway.settings.schema import Cover, Mailbox, Practice
from gateway.wording import Sample, Templates
from gateway.wording.premises import Premises
from gateway.wording.samples import premises_for_samples, samples

LANGUAGES = ("de", "en", "es", "fr", "it", "nl", "pt")
PHONE, LINE = "+61 2 5550 1234", "Lifeline 13 11 14"
PRACTICE = Practice(
    name="Hope Street Practice", timezone="Australia/Sydney", language="en", phone=PHONE, crisis_line=LINE
)
WATCHED = Mailbox(address="ana@hopestreet.example", deliver="maildir:ana", watch="maildir:ana", policy="full")
UNWATCHED = WATCHED.model_copy(update={"watch": None})
COVERS = {"ben": Cover(name="Ben Hale", address="ben@harbour.example", phone="+61 2 5550 9876")}


@dataclass(frozen=True)
class Known:
    """A country's crisis lines."""

    line: str


LINES = {"DE": Known("TelefonSeelsorge 116 123"), "AU": Known("Lifeline 13 11 14")}


def policy(**knobs: Any) -> Policy:
    """A policy as a file would say it."""
    return Policy.model_validate(knobs)


#: Between them they have every knob that a text speaks of, and none.
POLICIES = {
    "plain": Policy(),
    "full": policy(
        hours={"reading": "07:00-09:00", "days": "mon-fri", "before_session": True},
        answer={"promise": "next-working-day", "words": 60, "rest": "session", "nudge": "2h"},
        acknowledge={"when": "always", "subject": True},
        receipt={"send": "always"},
        urgency={"words": ["LIGHTHOUSE"], "by_email": False, "cover": "ben"},
        allowance={"messages": 5, "minutes": 20, "answers": 1, "remind": "2d"},
        billing={"rate": "45.00 EUR", "free": "15m", "cluster": {"messages": 4, "within": "24h"}},
        digest={"at": "07:30", "before_session": "2h"},
    ),
    "session": policy(
        answer={"promise": "before-session", "rest": "session"},
        allowance={"messages": 1, "per": "session"},
        billing={"rate": "45.00 EUR", "round": "down", "counts": "read"},
    ),
    "appointments": policy(answer={"when": "always", "only": ["scheduling"]}),
    "asked": policy(answer={"when": "on-request", "request": ["PELICAN"]}),
    "urgent": policy(answer={"when": "if-urgent", "rest": "session"}, urgency={"words": ["LIGHTHOUSE"]}),
    "never": policy(answer={"when": "never", "rest": "session"}, receipt={"send": "always"}),
    "maybe": policy(answer={"rest": "session"}, allowance={"minutes": 1, "per": "month"}),
}

#: Monday, 21:10 in Sydney.
RECEIVED = datetime(2026, 11, 23, 10, 10, tzinfo=UTC)
TOMORROW_AT_NINE = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
#: Thursday, 15:00 in Sydney.
SESSION = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)
SUNDAY_WEEK = date(2026, 12, 6)

ACK = Ack(
    ref=Ref("ana", "0f" * 32),
    due=RECEIVED,
    to="river@client.example",
    sender="ana@hopestreet.example",
    in_reply_to="<one@client.example>",
    references=(),
    subject="the dream about the canary",
    language="en",
    policy="plain",
    known=True,
    level=Level.ROUTINE,
    received=RECEIVED,
    read_by=TOMORROW_AT_NINE,
    answer_by=None,
    used=1,
    allowed=None,
    per="week",
    warn=False,
)
RECEIPT = Receipt(
    ref=ACK.ref,
    due=RECEIVED,
    form="plain",
    to=ACK.to,
    sender=ACK.sender,
    in_reply_to=ACK.in_reply_to,
    references=(),
    subject=ACK.subject,
    language="en",
    policy="plain",
    known=True,
    received=RECEIVED,
    seen=RECEIVED + timedelta(hours=11),
    answer_by=None,
)
ALERT = Alert(
    ref=ACK.ref,
    due=RECEIVED,
    to="ana@hopestreet.example",
    sender="ana@hopestreet.example",
    language="en",
    policy="plain",
    level=Level.CRISIS,
    received=RECEIVED,
    author="river@client.example",
)


def templates(practice: Practice = PRACTICE, *own: Path, policies: Mapping[str, Policy] = POLICIES) -> Templates:
    """The shipped templates, with a folder of one's own before them where one is given."""
    folders = [*own, shipped.folder("templates")]
    return Templates(folders, practice, {"ana": WATCHED}, policies, covers=COVERS, crisis_lines=LINES)


@cache
def shared() -> Templates:
    """The same for all tests, whose templates are read once."""
    return templates()


@cache
def tried(language: str) -> tuple[tuple[Sample, Words], ...]:
    """Every sort of message under every one of the policies."""
    plain = Premises(PRACTICE, {"ana": WATCHED}, POLICIES, lambda name, _: POLICIES.get(name), COVERS, LINES)
    found = [
        sample
        for name in POLICIES
        for sample in samples(name, language, "ana", premises_for_samples(plain), every=True)
        if sample.message != "draft"
    ]
    return tuple((sample, shared().render(sample.effect)) for sample in found)


def flat(words: Words) -> str:
    """The text on one line."""
    return " ".join(words.text.split())


def ack(**changed: Any) -> str:
    """The text of an ack, on one line."""
    return flat(shared().render(replace(ACK, **changed)))


def receipt(**changed: Any) -> str:
    """The text of a receipt, on one line."""
    return flat(shared().render(replace(RECEIPT, **changed)))
