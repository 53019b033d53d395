"""What was promised to clients, and what became of it: kept, broken, moot or still open.

In go stories and, for each, the policy that decided it; out come lines and their sums. Names nobody unless asked to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from gateway.core.billing.ledger import PolicyOf
from gateway.core.events import Answered, Ref
from gateway.core.history import Story
from gateway.core.policy.kept import Kept, track


@dataclass(frozen=True, slots=True)
class Line:
    """One promise. `at` is when it was read or answered; `late` how much too late that was, or is by now."""

    ref: str
    mailbox: str
    policy: str
    what: Literal["read", "answer"]
    received: datetime
    #: None where an answer is promised without a time.
    by: datetime | None
    state: Literal["open", "kept", "broken", "moot"]
    at: datetime | None
    late: timedelta | None
    #: Empty unless asked for.
    author: str = ""

    @property
    def standing(self) -> bool:
        """Whether it can still be done, in time or too late."""
        return self.state == "open" or (self.state == "broken" and self.at is None)


@dataclass(frozen=True, slots=True)
class Brief:
    """Answers that were to be brief, and how many of them were longer."""

    answers: int = 0
    longer: int = 0


@dataclass(frozen=True, slots=True)
class Outstanding:
    """Promises that can still be kept, and those whose time has passed without what was promised."""

    open: int = 0
    overdue: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """Promises of a span by the messages that they were made about, oldest first; the sums are of the whole span."""

    lines: tuple[Line, ...]
    kept: int
    broken: int
    open: int
    moot: int
    #: Of those broken, how many nobody has made good yet.
    overdue: int
    #: Kept ones among those that are settled; None where none is.
    share: float | None
    brief: Brief
    #: Mailboxes whose promises nobody can tell of.
    unwatched: tuple[str, ...] = ()


def report(
    stories: Sequence[Story],
    policy_of: PolicyOf,
    now: datetime,
    *,
    since: datetime | None = None,
    standing: bool = False,
    personal: bool = False,
    unwatched: Iterable[str] = (),
) -> Report:
    """What became of the promises made since.

    `stories` has the earlier messages as well: a promise belongs to the oldest unanswered one of its client.
    `standing` leaves out the lines of what is settled; `personal` says authors.
    """
    blind = frozenset(unwatched)
    told = [story for story in stories if story.ref.mailbox not in blind]
    lines = [line for line in _lines(told, now, personal=personal) if since is None or line.received >= since]
    states = Counter(line.state for line in lines)
    settled = states["kept"] + states["broken"]
    return Report(
        lines=tuple(line for line in lines if line.standing or not standing),
        kept=states["kept"],
        broken=states["broken"],
        open=states["open"],
        moot=states["moot"],
        overdue=sum(line.standing and line.state == "broken" for line in lines),
        share=states["kept"] / settled if settled else None,
        brief=_brief(told, policy_of, since),
        unwatched=tuple(sorted(blind)),
    )


def outstanding(stories: Iterable[Story], now: datetime) -> Outstanding:
    """Of messages that nobody answered."""
    states = Counter(kept.state for kept in track(stories, now) if kept.at is None)
    return Outstanding(states["open"], states["broken"])


def _lines(stories: Sequence[Story], now: datetime, *, personal: bool) -> list[Line]:
    policies = {story.ref: received.policy for story in stories if (received := story.received)}
    found = [_line(kept, policies, now, personal=personal) for kept in track(stories, now)]
    return sorted(found, key=lambda line: (line.received, line.mailbox, line.ref, line.what == "answer"))


def _line(kept: Kept, policies: dict[Ref, str], now: datetime, *, personal: bool) -> Line:
    late = (kept.at or now) - kept.by if kept.state == "broken" and kept.by else None
    return Line(
        ref=kept.ref.key[:12],
        mailbox=kept.ref.mailbox,
        policy=policies[kept.ref],
        what=kept.what,
        received=kept.received,
        by=kept.by,
        state=kept.state,
        at=kept.at,
        late=late,
        author=kept.author if personal else "",
    )


def _brief(stories: Iterable[Story], policy_of: PolicyOf, since: datetime | None) -> Brief:
    """Each answer once, with the oldest message that it answers."""
    answers: dict[tuple[str, str], bool] = {}
    for story in stories:
        received = story.received
        if received is None or (since is not None and received.at < since):
            continue
        policy = policy_of(received.policy, received.version)
        limit = policy.answer.words if policy else None
        for event in story.events if limit else ():
            if isinstance(event, Answered) and event.words is not None:
                answers.setdefault((story.ref.mailbox, event.answer), event.words > (limit or 0))
    return Brief(len(answers), sum(answers.values()))
