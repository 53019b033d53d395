"""What the therapist sent lately, for messages that are found only after their answer was.

After an outage the folders are caught up in no order: an answer may be told before the message that it answers. It is
kept here, without its words, until the message is taken up. A restart forgets it; then `\\Answered` tells, where a mail
program sets it.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.core import addresses
from gateway.core.message.facts import Facts

#: More than anybody sends in a day; what is older was told long after its message.
_MOST = 200


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter of the therapist's, and when it was put among sent mail."""

    facts: Facts
    at: datetime


class SentLately:
    """Keeps the last letters of each mailbox."""

    def __init__(self) -> None:
        self._letters: defaultdict[str, deque[Letter]] = defaultdict(lambda: deque(maxlen=_MOST))

    def note(self, mailbox: str, letter: Facts, at: datetime) -> None:
        """This was sent; the same letter told again is the same."""
        if all(known.facts.key != letter.key for known in self._letters[mailbox]):
            wordless = replace(letter, text="", new_text="", quoted_text="", subject="")
            self._letters[mailbox].append(Letter(wordless, at))

    def answering(self, mailbox: str, message: Facts, came: datetime) -> Iterator[Letter]:
        """What was sent to the writer of a message after it came, the oldest first."""
        people = (message.author.address, message.envelope.reverse_path)
        for letter in tuple(self._letters[mailbox]):
            if letter.at >= came and any(addresses.same(to, one) for to in letter.facts.to for one in people):
                yield letter
