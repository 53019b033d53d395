"""What already happened, folded from events: the story of one message, and what the decisions must know of a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.core.events import (
    Acknowledged,
    Alerted,
    Answered,
    Event,
    Level,
    Recategorised,
    ReceiptSent,
    Received,
    Ref,
    Relayed,
    Seen,
    Tagged,
    Unseen,
    Waived,
    Withdrawn,
)


@dataclass(frozen=True, slots=True)
class Story:
    """One message's life so far. Instants are None for what has not happened."""

    ref: Ref
    events: tuple[Event, ...]

    @property
    def received(self) -> Received | None:
        """How the message began; None only for a message recorded in part."""
        return next((event for event in self.events if isinstance(event, Received)), None)

    @property
    def relayed_at(self) -> datetime | None:
        """When the downstream took it."""
        return next((event.at for event in self.events if isinstance(event, Relayed)), None)

    @property
    def acknowledged_at(self) -> datetime | None:
        """When our ack left."""
        return next((event.at for event in self.events if isinstance(event, Acknowledged)), None)

    @property
    def seen(self) -> Seen | None:
        """What set `\\Seen` as it stands: None while it is unread or was marked unread again."""
        return next(iter(self._run()), None)

    @property
    def read(self) -> Seen | None:
        """As `seen`, but for a message that was opened: None where it was marked as read together with many others."""
        run = self._run()
        return None if any(event.bulk for event in run) else next(iter(run), None)

    def _run(self) -> list[Seen]:
        """Each Seen since it was last marked unread. That it was marked together may be found out after the first."""
        run: list[Seen] = []
        for event in self.events:
            if isinstance(event, Seen):
                run.append(event)
            elif isinstance(event, Unseen):
                run = []
        return run

    @property
    def answered(self) -> Answered | None:
        """The first answer; one found in Sent, which has words, comes before a bare flag."""
        answers = [event for event in self.events if isinstance(event, Answered)]
        return next((answer for answer in answers if answer.witness == "sent"), answers[0] if answers else None)

    @property
    def receipt(self) -> ReceiptSent | None:
        """The receipt that left, whoever sent it."""
        return next((event for event in self.events if isinstance(event, ReceiptSent)), None)

    @property
    def alerted_at(self) -> datetime | None:
        """When the therapist was alerted."""
        return next((event.at for event in self.events if isinstance(event, Alerted)), None)

    @property
    def withdrawn(self) -> Withdrawn | None:
        """When its writer took it back, or it was moved along as the mail that asked for that; that stays so."""
        return next((event for event in self.events if isinstance(event, Withdrawn)), None)

    @property
    def tagged(self) -> Tagged | None:
        """How the tag shows in the mailbox."""
        return next((event for event in self.events if isinstance(event, Tagged)), None)

    @property
    def waived(self) -> Waived | None:
        """That nothing is charged for it, by the therapist's own word."""
        return next((event for event in self.events if isinstance(event, Waived)), None)

    @property
    def category(self) -> str:
        """What it is about: as the therapist said last, else as it was found; empty for nothing that is known."""
        said = [event.category for event in self.events if isinstance(event, Recategorised)]
        return said[-1] if said else self.received.category if self.received else ""


#: The category that cost goes by where words of a crisis were found: nobody in need may have to think of money.
CRISIS = "crisis"


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier message of the same person: what an allowance counts, and what may cost."""

    at: datetime
    #: New and attached words.
    words: int
    #: Some categories cost nothing; empty for none.
    category: str = ""
    #: The therapist charges nothing for it.
    waived: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """The therapist's presence note. `text` is their own; instants in UTC."""

    text: str
    written: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class History:
    """What the decision about an arriving message must know. All counts exclude the message itself.

    `known` is False while the record can't be read: then mail flows and nothing is sent.
    """

    known: bool
    #: The message's own story, where it was recorded before (a retry, a second copy).
    story: Story | None = None
    #: The message's digest was relayed before: these very bytes are in the mailbox.
    relayed_before: bool = False
    #: Acks caused in its thread since the therapist last answered in it.
    acks_in_thread: int = 0
    #: It refers to one of our automatic messages, and how many acks that already brought about.
    refers_to_ours: bool = False
    acks_after_ours: int = 0
    #: The last ack to this person, and the urgency it answered.
    last_ack_at: datetime | None = None
    last_ack_level: Level = Level.ROUTINE
    acks_to_person_day: int = 0
    acks_in_all_hour: int = 0
    #: This person's messages since the instant that was asked for, oldest first; a machine's are not theirs.
    earlier: tuple[Earlier, ...] = ()
    #: No message of this person was ever received in this mailbox.
    first: bool = False
    #: The earliest time, still ahead, by which an unanswered message of this person was promised an answer.
    promised: datetime | None = None
    #: The mailbox's presence note, where there is one that holds.
    note: Note | None = None
    #: The therapist has answered it already: it is found only now.
    answered: bool = False
    #: The message that an ack was about which this one answers, where it may be taken back by that.
    about: Story | None = None


#: While the record can't be read.
UNKNOWN = History(known=False)
