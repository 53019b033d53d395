"""What a practice is, as far as a policy's promises hang on it: the card says it, and the check of a policy asks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.core.policy.calendar import Absence


@dataclass(frozen=True, slots=True)
class Covering:
    """Somebody who covers, as clients are told of them; `absences` are their own, where they are known."""

    name: str
    phone: str = ""
    absences: tuple[Absence, ...] = ()


@dataclass(frozen=True, slots=True)
class About:
    """One mailbox of a practice. What is empty is not known, and no text may say it."""

    phone: str = ""
    #: As every ack says it.
    crisis_line: str = ""
    #: The zone in which times of day are meant, for example `Europe/Berlin`.
    zone: str = ""
    #: Whose public holidays are kept (ISO 3166-2), for example `DE-BY`.
    region: str = ""
    language: str = "en"
    #: Whether the mailbox is watched, so that it is known what was read and answered.
    watched: bool = True
    #: Where alerts go is an address that somebody reads (the mailbox itself counts).
    alerted: bool = True
    #: By the names that absences and policies use.
    covers: Mapping[str, Covering] = field(default_factory=dict)
    absences: tuple[Absence, ...] = ()
    #: Languages that there are templates in, and that clients of the roster or the practice need.
    spoken: frozenset[str] = frozenset()
    needed: frozenset[str] = frozenset()
