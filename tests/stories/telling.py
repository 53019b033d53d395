"""A story as values: who is in it, and what is done and expected at which moment.

In go nothing but literals; `grammar` makes these of a story file, `playing` plays them on a stage. Instants are aware,
in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from gateway.core.policy.calendar import Absence
from gateway.core.policy.client import Client

Kind = Literal["ack", "receipt", "alert", "nudge", "digest", "notice", "reminder", "note-kept", "draft", "withdrawal"]


class StoryError(Exception):
    """A story that can't be read, or that went otherwise: file, line and why."""


@dataclass(frozen=True)
class Letter:
    """What a client writes."""

    who: str
    text: str
    subject: str = "A few words"
    #: What later lines call it.
    name: str = ""
    #: Which thread it goes on in: a new one, the writer's own, the therapist's answer, or the ack's.
    goes_on: Literal["", "own", "answer", "ack"] = ""
    asks_for_receipt: bool = False
    important: bool = False
    by_machine: bool = False


@dataclass(frozen=True)
class Writes:
    letter: Letter


@dataclass(frozen=True)
class Opens:
    """`letter` is a name, or empty for the last one."""

    letter: str = ""
    everything: bool = False


@dataclass(frozen=True)
class MarksUnread:
    letter: str = ""


@dataclass(frozen=True)
class Deletes:
    letter: str = ""


@dataclass(frozen=True)
class Answers:
    text: str
    letter: str = ""


@dataclass(frozen=True)
class WritesTo:
    """The therapist writes of their own accord; a new thread."""

    who: str
    text: str


@dataclass(frozen=True)
class LeavesNote:
    """An empty text takes the note back."""

    text: str
    until: date | None = None


@dataclass(frozen=True)
class ChangesPolicy:
    #: As a policy file would say it, beside what the story began with.
    text: str


@dataclass(frozen=True)
class TimePasses:
    pass


Act = Writes | Opens | MarksUnread | Deletes | Answers | WritesTo | LeavesNote | ChangesPolicy | TimePasses


@dataclass(frozen=True)
class Sends:
    """The gateway sends one mail of a kind that holds these phrases; empty `to`: whom such mail goes to."""

    kind: Kind
    phrases: tuple[str, ...] = ()
    to: str = ""


@dataclass(frozen=True)
class SendsNothing:
    pass


@dataclass(frozen=True)
class Says:
    """Of the last mail of a kind that the story has told."""

    kind: Kind
    how: Literal["says", "does not say", "begins with"]
    phrases: tuple[str, ...]


@dataclass(frozen=True)
class Tagged:
    """Which of the tags the letter bears."""

    tag: Literal["", "urgent", "scheduling"]
    letter: str = ""


@dataclass(frozen=True)
class LiesIn:
    """Where the letter lies in the therapist's mailbox."""

    folder: Literal["INBOX", "Withdrawn"]
    letter: str = ""


@dataclass(frozen=True)
class PromiseIs:
    state: Literal["kept", "broken", "open", "moot", "none"]
    letter: str = ""


@dataclass(frozen=True)
class PromisedBy:
    what: Literal["read", "answer"]
    by: datetime
    letter: str = ""


@dataclass(frozen=True)
class Counts:
    """Minutes in the ledger, as written there; `0.0` for nothing."""

    minutes: str
    letter: str = ""


@dataclass(frozen=True)
class Charges:
    """What the client owes by now, for example `22.50 EUR`; empty for nothing."""

    amount: str


@dataclass(frozen=True)
class LedgerSays:
    phrase: str
    letter: str = ""


Expectation = Sends | SendsNothing | Says | Tagged | LiesIn | PromiseIs | PromisedBy | Counts | Charges | LedgerSays


@dataclass(frozen=True)
class Step:
    """One sentence of a story, at its moment; `line` is where it stands in the file."""

    line: int
    at: datetime
    what: Act | Expectation


@dataclass(frozen=True)
class Cover:
    name: str
    phone: str = "+49 30 5550 177"


@dataclass(frozen=True)
class Story:
    """The whole of a file. Clients' addresses are their names: the stage gives them real ones."""

    name: str
    policy: str
    #: What the story's policy says beside the preset, as its file would.
    changes: str
    zone: ZoneInfo
    region: str
    language: str
    clients: tuple[Client, ...]
    strangers: tuple[str, ...]
    covers: tuple[Cover, ...]
    absences: tuple[Absence, ...]
    steps: tuple[Step, ...] = field(repr=False)

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody who writes or is written to, beside the therapist."""
        return (*(client.address for client in self.clients), *self.strangers, *(cover.name for cover in self.covers))
