"""Mail as it was recorded: an mbox file or a Maildir in, messages in the order in which they came out.

Of each message only its place, its time and its mark are held; the content is read again when its turn comes, so that
years of mail fit into memory. Nothing is written, moved or locked. Knows no policy and no clock.

- mbox (RFC 4155): a message begins with a `From ` line; its last field is a time in nobody's zone, taken as UTC.
- Maildir (https://cr.yp.to/proto/maildir.html): a file a message in `cur/` and `new/`; `S` in its name is *seen*.

A message came when the topmost `Received` field says so (that server took it last); else its Date says, else the
`From ` line or the file's time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from gateway.core.message.headers import Headers, parse

#: Years in which mail was written; anything else in a field is a wrong clock.
_FIRST_YEAR, _LAST_YEAR = 1975, 2200
#: A `From ` line as mail programs write it: with a time and a year. Text may begin with the word as well.
_FROM = re.compile(rb"From .*\d{1,2}:\d{2}(:\d{2})?.*\b\d{4}\b")
_ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)
_CLOCK = re.compile(
    r"(?P<month>[A-Z][a-z]{2}) +(?P<day>\d{1,2}) +"
    r"(?P<time>\d{1,2}:\d{2}(:\d{2})?) +((?P<zone>[+-]\d{4}) +)?(?P<year>\d{4})"
)
_BARE_LF = re.compile(rb"(?<!\r)\n")
#: Longest header section that is looked at for a time.
_HEADER = 256 * 1024


class NoMail(Exception):
    """A path holds no mail that can be read. The text says the mend."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One message. `read` is its mark; None where the mailbox marks nothing."""

    at: datetime
    path: Path
    #: Its octets within the file. In an mbox a `From ` line stands before them.
    start: int
    stop: int
    read: bool | None = None

    def content(self) -> bytes:
        """Its octets with CRLF line ends, as SMTP carries them. Raises OSError where it is gone."""
        with self.path.open("rb") as file:
            file.seek(self.start)
            raw = file.read(self.stop - self.start)
        return _BARE_LF.sub(b"\r\n", raw if self.start == 0 else _ESCAPED.sub(rb"\1", raw))


@dataclass(frozen=True, slots=True)
class Mail:
    """Messages in the order in which they came; `undated` could not be placed in it."""

    messages: tuple[Recorded, ...]
    undated: int = 0

    def __add__(self, other: Mail) -> Mail:
        """Both, in one order."""
        return Mail(_in_order((*self.messages, *other.messages)), self.undated + other.undated)

    def before(self, until: datetime | None) -> Mail:
        """What came before an instant; all of it for None."""
        return self if until is None else replace(self, messages=tuple(one for one in self.messages if one.at < until))


def open_mail(path: Path) -> Mail:
    """An mbox file or a Maildir. Raises NoMail."""
    try:
        found = tuple(_maildir(path) if path.is_dir() else _mbox(path))
    except OSError as error:
        raise NoMail(f"{path} can't be read ({error.strerror}); name an mbox file or a Maildir") from error
    dated = [one for one in found if one is not None]
    if any(one.read is not None for one in dated):
        # New mail bears no mark where programs set one.
        dated = [replace(one, read=bool(one.read)) for one in dated]
    return Mail(_in_order(dated), len(found) - len(dated))


def sent_beside(path: Path, names: Sequence[str]) -> tuple[Path, ...]:
    """The folders of sent mail within a Maildir: `.Sent` as Maildir++ names them, or plain `Sent`."""
    folders = (path / f"{dot}{name}" for name in names for dot in (".", ""))
    return tuple(folder for folder in folders if (folder / "cur").is_dir())


def _in_order(messages: Iterable[Recorded]) -> tuple[Recorded, ...]:
    return tuple(sorted(messages, key=lambda one: (one.at, str(one.path), one.start)))


def _maildir(folder: Path) -> Iterator[Recorded | None]:
    parts = [folder / name for name in ("cur", "new") if (folder / name).is_dir()]
    if not parts:
        raise NoMail(f"{folder} is no Maildir: it has neither cur/ nor new/; name an mbox file or a Maildir")
    for path in (path for part in parts for path in sorted(part.iterdir())):
        if path.name.startswith(".") or not path.is_file():
            continue
        about = path.stat()
        with path.open("rb") as file:
            headers, _ = parse(file.read(_HEADER))
        marks = path.name.partition(":2,")[2]
        at = came_at(headers, datetime.fromtimestamp(about.st_mtime, UTC))
        yield Recorded(at, path, 0, about.st_size, "S" in marks) if at else None


def _mbox(path: Path) -> Iterator[Recorded | None]:
    for line, start, stop in _letters(path):
        with path.open("rb") as file:
            file.seek(start)
            headers, _ = parse(file.read(min(stop - start, _HEADER)))
        at = came_at(headers, _clock(line))
        yield Recorded(at, path, start, stop, _marked(headers)) if at else None


def _letters(path: Path) -> Iterator[tuple[bytes, int, int]]:
    """Each message's `From ` line, and where what follows it begins and ends. Raises NoMail."""
    with path.open("rb") as file:
        line = file.readline()
        if not line.startswith(b"From "):
            raise NoMail(f"{path} is no mbox file: it does not begin with `From `; name an mbox file or a Maildir")
        # Where not even the first line has a time, this program writes none, and any `From ` begins a message.
        begins = _FROM if _FROM.match(line) else re.compile(rb"From ")
        head, start, blank, before = line, file.tell(), False, 0
        for line in iter(file.readline, b""):
            here = file.tell()
            if blank and begins.match(line):
                # The empty line before it belongs to the format, not to the message.
                yield head, start, max(start, here - len(line) - before)
                head, start = line, here
            blank, before = line in (b"\n", b"\r\n"), len(line)
        yield head, start, max(start, file.tell() - (before if blank else 0))


def came_at(headers: Headers, noted: datetime | None) -> datetime | None:
    """When the last server took it; else its Date; else what was `noted` beside it."""
    received = next(iter(headers.all("received")), "").rpartition(";")[2]
    for value in (received, headers.plain("date")):
        at = _instant(value) if value else None
        if at is not None:
            return at
    return noted


def _instant(value: str) -> datetime | None:
    """A time of header fields, in UTC; a zone that is not told (-0000) is read as UTC (RFC 5322 3.3)."""
    try:
        found = parsedate_to_datetime(value[:200])
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return found if _FIRST_YEAR <= found.year <= _LAST_YEAR else None


def _clock(line: bytes) -> datetime | None:
    found = _CLOCK.search(line.decode("ascii", "replace"))
    if found is None:
        return None
    return _instant(f"{found['day']} {found['month']} {found['year']} {found['time']} {found['zone'] or '+0000'}")


def _marked(headers: Headers) -> bool | None:
    """`Status: RO` of Unix programs, `X-Mozilla-Status` of Thunderbird (its lowest bit); None for no mark."""
    if "x-mozilla-status" in headers:
        try:
            return bool(int(headers.plain("x-mozilla-status"), 16) & 1)
        except ValueError:
            return None
    marks = [headers.plain(name) for name in ("status", "x-status") if name in headers]
    return "R" in "".join(marks) if marks else None
