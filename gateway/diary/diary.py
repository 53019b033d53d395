"""`ports.Diary`: what the calendars outside said last, so that asking takes no time.

In go the addresses of calendars by mailbox, out come absences and sessions. They are read anew every quarter of an
hour; whatever fails leaves what was read before, and the admin is told. No event's words and no address is ever logged.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import structlog

from gateway.core import addresses
from gateway.core.policy.calendar import Absence, Session
from gateway.core.policy.client import Client
from gateway.diary.reading import Occurrence, occurrences
from gateway.diary.source import Tls, Unreadable, fetch
from gateway.ports import Alerts, Clock

log = structlog.get_logger(__name__)

#: How often calendars are read, and how soon again after a fault; that doubles up to the former.
EVERY = timedelta(minutes=15)
AGAIN = timedelta(minutes=1)
#: The span that is read: a session of before decides when an allowance began, one ahead what is promised.
BACK = timedelta(days=60)
AHEAD = timedelta(days=400)

Which = Literal["absences", "sessions"]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a mailbox's calendars are: iCalendar files or `https://` addresses; empty for none."""

    absences: str = field(default="", repr=False)
    sessions: str = field(default="", repr=False)

    def of(self, which: Which) -> str:
        """One of them."""
        return self.absences if which == "absences" else self.sessions


@dataclass(frozen=True, slots=True)
class Fault:
    """A calendar that could not be read, and the mend in words that name nobody."""

    mailbox: str
    which: Which
    why: str


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was read of one calendar; `stamp` tells whether it would be the same again."""

    stamp: bytes
    absences: tuple[Absence, ...] = ()
    by_summary: Mapping[str, tuple[Session, ...]] = field(default_factory=dict)
    by_address: Mapping[str, tuple[Session, ...]] = field(default_factory=dict)


_NOTHING = _Kept(b"")


def _nobody() -> None:
    """Nobody asked to be told."""


class Diary:
    """The diary of a practice."""

    def __init__(
        self,
        mailboxes: Mapping[str, Sources],
        *,
        folder: Path,
        zone: ZoneInfo,
        clock: Clock,
        alerts: Alerts,
        changed: Callable[[], None] = _nobody,
        tls: Tls = ssl.create_default_context,
    ) -> None:
        """Reads nothing. Paths are relative to `folder`, floating times are meant in `zone`.

        `changed` is called whenever a calendar says something new.
        """
        self._mailboxes = dict(mailboxes)
        self._folder = folder
        self._zone = zone
        self._clock = clock
        self._alerts = alerts
        self._changed = changed
        self._tls = tls
        self._kept: dict[tuple[str, Which], _Kept] = {}
        self._replaced = asyncio.Event()

    def replace(self, mailboxes: Mapping[str, Sources], zone: ZoneInfo) -> None:
        """From here on these are the calendars; `run` reads them at once."""
        for (mailbox, which), _ in list(self._kept.items()):
            before, now = self._mailboxes.get(mailbox, Sources()), mailboxes.get(mailbox, Sources())
            if before.of(which) != now.of(which):
                del self._kept[mailbox, which]
        self._mailboxes, self._zone = dict(mailboxes), zone
        self._replaced.set()

    def absences(self, mailbox: str) -> tuple[Absence, ...]:
        """See `ports.Diary`."""
        return self._kept.get((mailbox, "absences"), _NOTHING).absences

    def sessions(self, mailbox: str, client: Client) -> tuple[Session, ...]:
        """See `ports.Diary`."""
        kept = self._kept.get((mailbox, "sessions"), _NOTHING)
        named = kept.by_summary.get(_folded(client.calendar_name), ()) if client.calendar_name.strip() else ()
        asked = kept.by_address.get(addresses.key(client.address), ())
        return _in_order((*named, *asked)) if named and asked else named or asked

    async def run(self) -> None:
        """Read the calendars at once and every quarter of an hour, until cancelled."""
        failures = 0
        while True:
            self._replaced.clear()
            faults = await self.load()
            failures = failures + 1 if faults else 0
            doubled: timedelta = AGAIN * 2 ** min(failures - 1, 8) if failures else EVERY
            await self._clock.wait(self._replaced, self._clock.now() + min(doubled, EVERY))

    async def load(self) -> tuple[Fault, ...]:
        """Read every calendar once; what could not be read stays as it was, is told to the admin, and comes back."""
        faults: list[Fault] = []
        for mailbox, sources in list(self._mailboxes.items()):
            failed = [
                fault for which in ("absences", "sessions") if (fault := await self._look(mailbox, sources, which))
            ]
            if failed:
                self._alerts.tell("calendar-unreadable", mailbox=mailbox)
            elif sources != Sources():
                self._alerts.clear("calendar-unreadable", mailbox=mailbox)
            faults += failed
        return tuple(faults)

    async def _look(self, mailbox: str, sources: Sources, which: Which) -> Fault | None:
        if not sources.of(which):
            return None
        try:
            await self._read(mailbox, sources.of(which), which)
        except Unreadable as fault:
            log.warning("calendar-unreadable", mailbox=mailbox, which=which, why=str(fault))
            return Fault(mailbox, which, str(fault))
        except Exception as error:  # noqa: BLE001 - one calendar that we can't read must not end the service
            # Without traceback: an error's text may hold an event's words.
            log.error("calendar-failed", mailbox=mailbox, which=which, error=type(error).__name__)  # noqa: TRY400
            return Fault(mailbox, which, f"unexpected {type(error).__name__}")
        return None

    async def _read(self, mailbox: str, source: str, which: Which) -> None:
        now, zone = self._clock.now(), self._zone
        content = await fetch(source, self._folder, self._tls)
        stamp = _stamp(content, now, zone)
        before = self._kept.get((mailbox, which), _NOTHING)
        if stamp == before.stamp:
            return
        reading = await occurrences(content, now - BACK, now + AHEAD, zone)
        if self._mailboxes.get(mailbox, Sources()).of(which) != source:
            return  # replaced meanwhile
        kept = _kept(stamp, which, reading.occurrences)
        self._kept[mailbox, which] = kept
        log.info(
            "calendar-read", mailbox=mailbox, which=which, events=len(reading.occurrences), skipped=reading.skipped
        )
        if _says(kept) != _says(before):
            self._changed()


def _stamp(content: bytes, now: datetime, zone: ZoneInfo) -> bytes:
    """The same for the same bytes on the same day: the span moves on with the days."""
    return sha256(f"{now.astimezone(zone).date()} {zone.key} ".encode() + content).digest()


def _says(kept: _Kept) -> tuple[object, ...]:
    return kept.absences, kept.by_summary, kept.by_address


def _joined(spans: Iterable[tuple[date, date]]) -> list[tuple[date, date]]:
    """Spans of days in order, those that overlap or follow each other as one: a week away may be an event a day, and
    clients are told of its last day.
    """
    joined: list[tuple[date, date]] = []
    for first, last in spans:
        if joined and first <= joined[-1][1] + timedelta(days=1):
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined


def _kept(stamp: bytes, which: Which, found: Iterable[Occurrence]) -> _Kept:
    if which == "absences":
        spans = _joined(sorted((one.first, one.last) for one in found))
        return _Kept(stamp, absences=tuple(Absence.model_validate({"from": a, "until": b}) for a, b in spans))
    by_summary: dict[str, list[Session]] = {}
    by_address: dict[str, list[Session]] = {}
    for one in found:
        if one.start is None or one.end is None:
            continue  # a whole day is no appointment
        session = Session(one.start, one.end)
        by_summary.setdefault(_folded(one.summary), []).append(session)
        for address in one.attendees:
            by_address.setdefault(addresses.key(address), []).append(session)
    return _Kept(stamp, by_summary=_ordered(by_summary), by_address=_ordered(by_address))


def _ordered(sessions: Mapping[str, Iterable[Session]]) -> dict[str, tuple[Session, ...]]:
    return {name: _in_order(found) for name, found in sessions.items()}


def _in_order(sessions: Iterable[Session]) -> tuple[Session, ...]:
    """Each once."""
    return tuple(sorted(set(sessions), key=lambda session: (session.start, session.end)))


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()
