"""Snapshots of a folder's flags to changes (RFC 9051 2.3.2). Pure: the watchers bring snapshots, this compares.

A uid is a string: IMAP's number, or the base name of a Maildir file.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gateway.core.events import Ref

SEEN = "\\Seen"
ANSWERED = "\\Answered"
FLAGGED = "\\Flagged"
MDN_SENT = "$MDNSent"

#: Uids of IMAP have 32 bits (RFC 9051 2.3.1.1).
_MAX_NUMBER = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Copy:
    """A message as it lies in a folder. `ref` is None for a message that we know nothing of."""

    folder: str
    uid: str
    flags: frozenset[str]
    ref: Ref | None = None

    def has(self, flag: str) -> bool:
        """Flags and keywords compare without case (RFC 9051 2.3.2)."""
        return flag.casefold() in {one.casefold() for one in self.flags}


class Copies(Mapping[str, Copy]):
    """Copies by uid, small enough for a folder of fifty thousand: ours as values, the rest as bare uids.

    Of the rest nothing is told, so their flags are not remembered and read as none.
    """

    __slots__ = ("_folder", "_names", "_numbers", "ours")

    def __init__(self, folder: str, ours: Mapping[str, Copy], rest: Iterable[str] = ()) -> None:
        """`ours` are those with a ref; a uid of `rest` that is among them counts as ours."""
        self._folder = folder
        self.ours = dict(ours)
        numbers, names = array("I"), []
        for uid in rest:
            if uid in self.ours:
                continue
            if _is_number(uid):
                numbers.append(int(uid))
            else:
                names.append(uid)
        self._numbers = array("I", sorted(set(numbers)))
        self._names = frozenset(names)

    @classmethod
    def of(cls, folder: str, copies: Mapping[str, Copy]) -> Copies:
        """Any copies, held small."""
        if isinstance(copies, cls):
            return copies
        ours = {uid: copy for uid, copy in copies.items() if copy.ref is not None}
        return cls(folder, ours, copies.keys())

    @property
    def rest(self) -> Iterator[str]:
        """The uids of those that are not ours."""
        yield from map(str, self._numbers)
        yield from self._names

    def __getitem__(self, uid: str) -> Copy:
        if uid in self.ours:
            return self.ours[uid]
        if self._has_rest(uid):
            return Copy(self._folder, uid, frozenset())
        raise KeyError(uid)

    def __contains__(self, uid: object) -> bool:
        return uid in self.ours or (isinstance(uid, str) and self._has_rest(uid))

    def _has_rest(self, uid: str) -> bool:
        if not _is_number(uid):
            return uid in self._names
        number = int(uid)
        place = bisect_left(self._numbers, number)
        return place < len(self._numbers) and self._numbers[place] == number

    def __iter__(self) -> Iterator[str]:
        yield from self.ours
        yield from self.rest

    def __len__(self) -> int:
        return len(self.ours) + len(self._numbers) + len(self._names)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Copies):
            mine, theirs = (self.ours, self._numbers, self._names), (other.ours, other._numbers, other._names)
            return mine == theirs
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]  # it holds a dictionary

    def since(self, before: Copies) -> tuple[tuple[Copy, ...], tuple[str, ...]]:
        """What is new or other than before, and the uids of what is gone."""
        other = [copy for uid, copy in self.ours.items() if before.ours.get(uid) != copy]
        gone = [uid for uid in before.ours if uid not in self]
        if self._numbers is not before._numbers or self._names != before._names:
            now, then = set(self.rest), set(before.rest)
            other += [self[uid] for uid in now - then]
            gone += [uid for uid in then - now if uid not in self.ours]
        return tuple(other), tuple(gone)

    def without(self, gone: Collection[str]) -> Copies:
        """The copies that are left."""
        if not gone:
            return self
        ours = {uid: copy for uid, copy in self.ours.items() if uid not in gone}
        if not any(self._has_rest(uid) for uid in gone):
            return self._with(ours)
        return Copies(self._folder, ours, (uid for uid in self.rest if uid not in gone))

    def joined(self, more: Mapping[str, Copy]) -> Copies:
        """With more copies; one of ours comes before what was known of the same uid."""
        fresh = {uid: copy for uid, copy in more.items() if copy.ref is not None or uid not in self}
        if not fresh:
            return self
        ours = self.ours | {uid: copy for uid, copy in fresh.items() if copy.ref is not None}
        if all(copy.ref is not None and not self._has_rest(uid) for uid, copy in fresh.items()):
            return self._with(ours)
        return Copies(self._folder, ours, (*self.rest, *fresh))

    def _with(self, ours: dict[str, Copy]) -> Copies:
        """Others of ours beside the same rest, which is shared, as it never changes."""
        made = Copies(self._folder, {})
        made.ours, made._numbers, made._names = ours, self._numbers, self._names
        return made


def _is_number(uid: str) -> bool:
    """Whether a bare number can stand for it and give it back."""
    return uid.isascii() and uid.isdigit() and not uid.startswith("0") and int(uid) <= _MAX_NUMBER


@dataclass(frozen=True, slots=True)
class FolderState:
    """What we last knew of a folder; kept in the store so that a restart catches up.

    `validity` is UIDVALIDITY ("" where there is none yet), `next_uid` UIDNEXT (0 for Maildir), `modseq` HIGHESTMODSEQ
    (0 without CONDSTORE). A state without validity means that the folder was never looked at: what lies in it now is
    baseline and is neither acked nor counted.
    """

    folder: str
    validity: str = ""
    next_uid: int = 0
    modseq: int = 0
    copies: Mapping[str, Copy] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FlagChange:
    """One copy whose flags differ from what we knew."""

    before: Copy
    now: Copy


@dataclass(frozen=True, slots=True)
class Changes:
    """The difference between two looks at one folder. Flags are told of ours alone."""

    new: tuple[str, ...]
    flags: tuple[FlagChange, ...]
    gone: frozenset[str]


def compare(known: Copies, flags: Mapping[str, frozenset[str]], uids: Collection[str] | None = None) -> Changes:
    """Compare what was known with a look; new uids keep the look's order.

    `flags` has those of ours that were asked about, and those of new ones; `uids` is every message in the folder, None
    where the look did not go through all of them: then nothing is gone.
    """
    new = tuple(uid for uid in (flags if uids is None else uids) if uid not in known)
    changed = tuple(
        FlagChange(copy, Copy(copy.folder, uid, flags[uid], copy.ref))
        for uid, copy in known.ours.items()
        if uid in flags and flags[uid] != copy.flags and (uids is None or uid in uids)
    )
    gone = frozenset() if uids is None else frozenset(uid for uid in known if uid not in uids)
    return Changes(new, changed, gone)
