"""Which folders of a mailbox are watched, and as what.

In go the server's list of folders and the settings, out come names with roles. Folders of sent mail are told by their
mark (RFC 6154), by the settings or by a name that mail programs give them: several may lie side by side, one of each
program, and all are watched for answers. What holds every message again (`\\All`) is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.mailbox.names import same
from gateway.mailbox.responses import Listed
from gateway.mailbox.world import Role
from gateway.settings.schema import Mailbox

#: Names that servers and mail programs give to sent mail where no mark tells it (roundcube, Outlook, Apple Mail).
_SENT = frozenset(
    {"sent", "sent items", "sent messages", "sent mail", "gesendet", "gesendete elemente", "gesendete objekte"}
)
_OTHER = {"\\archive", "\\junk", "\\trash"}
_LEFT_OUT = {"\\all", "\\drafts", "\\flagged"}


@dataclass(frozen=True, slots=True)
class Watched:
    """A folder to watch."""

    name: str
    role: Role


def watched(listed: Sequence[Listed], settings: Mailbox) -> tuple[Watched, ...]:
    """The folders to watch, the inbox first. It is watched though no list names it: some servers leave it out."""
    found = [Watched(settings.inbox, Role.INBOX)]
    for folder in listed:
        role = _role(folder, settings)
        if role is not None and not same(folder.name, settings.inbox):
            found.append(Watched(folder.name, role))
    return tuple(found)


def _role(folder: Listed, settings: Mailbox) -> Role | None:
    if _named(folder, settings.inboxes):
        return Role.INBOX
    if "\\sent" in folder.attributes or _named(folder, settings.sent):
        return Role.SENT
    if _named(folder, (*settings.folders, settings.tags.folder)):
        return Role.OTHER
    if folder.attributes & _LEFT_OUT:
        return None
    if folder.attributes & _OTHER:
        return Role.OTHER
    return Role.SENT if _last_part(folder).casefold() in _SENT else None


def missing(found: Sequence[Watched], settings: Mailbox) -> tuple[tuple[str, Role], ...]:
    """Folders that the settings name and that are not there (yet)."""
    named = [(name, Role.INBOX) for name in settings.inboxes] + [(name, Role.SENT) for name in settings.sent]
    return tuple((name, role) for name, role in named if not any(_means(one.name, name) for one in found))


def _named(folder: Listed, names: Sequence[str]) -> bool:
    """By its name, also as `/` would part it, and below INBOX, where older servers keep all folders."""
    return any(_means(folder.name.replace(folder.delimiter or "/", "/"), name) for name in names if name)


def _means(listed: str, named: str) -> bool:
    below = listed[6:] if listed[:6].upper() in ("INBOX/", "INBOX.") else listed
    return same(listed, named) or same(below, named)


def _last_part(folder: Listed) -> str:
    return folder.name.rpartition(folder.delimiter)[2] if folder.delimiter else folder.name
