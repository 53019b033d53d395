"""Snapshots of a folder's flags to changes (RFC 9051 2.3.2). Pure: the watchers bring snapshots, this compares.

A uid is a string: IMAP's number, or the base name of a Maildir file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.core.events import Ref

SEEN = "\\Seen"
ANSWERED = "\\Answered"
FLAGGED = "\\Flagged"
MDN_SENT = "$MDNSent"


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
    """The difference between two looks at one folder."""

    new: tuple[str, ...]
    flags: tuple[FlagChange, ...]
    gone: tuple[Copy, ...]


def compare(known: Mapping[str, Copy], flags: Mapping[str, frozenset[str]]) -> Changes:
    """Compare what was known with a full look `uid -> flags`; new uids keep the order of the look."""
    new = tuple(uid for uid in flags if uid not in known)
    changed = tuple(
        FlagChange(copy, Copy(copy.folder, uid, flags[uid], copy.ref))
        for uid, copy in known.items()
        if uid in flags and flags[uid] != copy.flags
    )
    gone = tuple(copy for uid, copy in known.items() if uid not in flags)
    return Changes(new, changed, gone)
