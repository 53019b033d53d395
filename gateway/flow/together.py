"""Which messages of a mailbox became `\\Seen` within a second of each other: marked so at once, or opened one by one.

In go batches of messages as a watch tells them, with their instants; out comes how many belong together. It knows no
policy and no time of its own, and forgets a batch a second after it was told: mail programs and servers mark a folder
in several steps, and what they mark while we tell of one step comes with the next.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.core.events import Ref

#: Nobody opens one message after another so fast.
WITHIN = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Batch:
    refs: frozenset[Ref]
    until: datetime


class Together:
    """Counts for all mailboxes. Without `remembering`, each batch stands for itself."""

    def __init__(self, *, remembering: bool = True) -> None:
        self._remembering = remembering
        self._batches: dict[str, list[_Batch]] = {}

    def lately(self, mailbox: str, now: datetime) -> frozenset[Ref]:
        """The messages of this mailbox that became `\\Seen` so shortly before that what comes now belongs to them."""
        held = [batch for batch in self._batches.get(mailbox, []) if now - batch.until <= WITHIN]
        self._batches[mailbox] = held
        return frozenset().union(*(batch.refs for batch in held))

    def note(self, mailbox: str, refs: Iterable[Ref], until: datetime) -> None:
        """These became `\\Seen`, and were told of until then."""
        batch = _Batch(frozenset(refs), until)
        if batch.refs and self._remembering:
            self._batches.setdefault(mailbox, []).append(batch)
