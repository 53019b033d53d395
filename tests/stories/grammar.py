"""Story files to stories. A story is plain text that a therapist can read; a line that is not understood is an error.

    # mornings-billed: answers each morning.                 a comment
    policy mornings-billed                                   the preset; `with:` and lines further in change it
    zone Europe/Berlin   region DE-BE   language de          each on a line of its own; left out: Berlin, in English
    client Carla, sessions thu 15:00-15:50                   see `_CLAUSES` for what else can be said of a client
    stranger Tom                                             on no roster
    cover Ben, phone +49 30 5550 177
    away 2015-12-24 until 2016-01-03, Ben covers

    Mon 2015-11-23 21:10  client writes "Since Tuesday I sleep better.", asks for a receipt
                          gateway acks "tomorrow"
    Tue 07:20             therapist opens

A line that begins with a time begins a moment (the weekday is checked against the date; without a date it is the next
such time); an indented line goes on in it. Quotes may go over several lines. All sentences are in `sentences.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from gateway.core.policy.calendar import Absence
from gateway.core.policy.client import Client
from tests.stories import telling
from tests.stories.sentences import DAYS, SENTENCES, with_block
from tests.stories.telling import Cover, Step, Story, StoryError

_MOMENT = re.compile(
    rf"(?:(?P<day>{'|'.join(DAYS)}) +)?(?:(?P<date>\d{{4}}-\d\d-\d\d) +)?(?P<time>\d\d:\d\d)(?P<again> again)?\s+"
)


def read(path: Path) -> Story:
    """The story in a file. Raises StoryError."""
    return parse(path.read_text(encoding="utf-8"), path.stem)


def parse(text: str, name: str) -> Story:
    """The story in a text; `name` stands before line numbers in errors."""
    teller = _Teller(name)
    for number, lines in _sentences(text.splitlines()):
        try:
            teller.take(number, lines)
        except (StoryError, ValueError) as error:
            why = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
            raise StoryError(f"{name}.story:{number}: {why}\n    {lines[0].strip()}") from error
    return teller.story()


def _sentences(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Lines that belong together, with the number of the first: a quote, or a block behind a colon, goes on."""
    at = 0
    while at < len(lines):
        first, begun = lines[at], at
        at += 1
        if not first.strip() or first.lstrip().startswith("#"):
            continue
        together = [first]
        while "".join(together).count('"') % 2 and at < len(lines) and not first.rstrip().endswith(":"):
            together.append(lines[at])
            at += 1
        if first.rstrip().endswith(":"):
            edge = _column(first)
            while at < len(lines) and (not lines[at].strip() or _indent(lines[at]) > edge):
                together.append(lines[at])
                at += 1
        yield begun + 1, together


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _column(line: str) -> int:
    """Where the sentence begins: behind the time, where the line begins with one."""
    moment = _MOMENT.match(line)
    return moment.end() if moment else _indent(line)


@dataclass
class _Teller:
    name: str
    policy: str = ""
    changes: str = ""
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Berlin"))
    region: str = "DE-BE"
    language: str = "en"
    clients: list[Client] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    covers: list[Cover] = field(default_factory=list)
    absences: list[Absence] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    now: datetime | None = None

    def take(self, number: int, lines: list[str]) -> None:
        line = lines[0]
        moment = _MOMENT.match(line)
        if moment is not None:
            self.now = self._instant(moment)
            self._step(number, [line[moment.end() :], *lines[1:]])
        elif self.now is not None and line[:1].isspace():
            self._step(number, lines)
        elif self.now is None:
            self._introduce(lines)
        else:
            raise StoryError("a moment begins with its time, and what goes on in it is indented")

    def story(self) -> Story:
        if not self.policy or not self.steps:
            raise StoryError(f"{self.name}.story: a story needs a policy, and something that happens")
        return Story(
            self.name,
            self.policy,
            self.changes,
            self.zone,
            self.region,
            self.language,
            tuple(self.clients),
            tuple(self.strangers),
            tuple(self.covers),
            tuple(self.absences),
            tuple(self.steps),
        )

    # Who is in it.

    def _introduce(self, lines: list[str]) -> None:
        word, _, rest = lines[0].strip().partition(" ")
        introduce = {
            "policy": self._policy,
            "zone": lambda rest, _: setattr(self, "zone", ZoneInfo(rest)),
            "region": lambda rest, _: setattr(self, "region", rest),
            "language": lambda rest, _: setattr(self, "language", rest),
            "client": lambda rest, _: self.clients.append(_client(rest)),
            "stranger": lambda rest, _: self.strangers.append(rest),
            "cover": lambda rest, _: self.covers.append(_cover(rest)),
            "away": lambda rest, _: self.absences.append(_absence(rest)),
        }.get(word)
        if introduce is None:
            raise StoryError(f"nobody knows what {word!r} introduces")
        introduce(rest.strip(), lines[1:])

    def _policy(self, rest: str, block: list[str]) -> None:
        self.policy, _, more = rest.partition(" ")
        if more not in ("", "with:"):
            raise StoryError("write `policy NAME`, or `policy NAME with:` and the lines of its file, further in")
        self.changes = _block(block)

    # What happens.

    def _instant(self, found: re.Match[str]) -> datetime:
        at, day = time.fromisoformat(found["time"]), found["day"]
        if found["date"]:
            on = date.fromisoformat(found["date"])
            if day and DAYS[on.weekday()] != day:
                raise StoryError(f"{on} is a {DAYS[on.weekday()]}, not a {day}")
        elif self.now is None:
            raise StoryError("the first moment needs its date, for example Mon 2015-11-23 21:10")
        else:
            on = self.now.astimezone(self.zone).date()
            while (day and DAYS[on.weekday()] != day) or self._local(on, at, found) < self.now:
                on += timedelta(days=1)
        instant = self._local(on, at, found)
        if self.now is not None and instant < self.now:
            raise StoryError("time does not go back")
        return instant

    def _local(self, on: date, at: time, found: re.Match[str]) -> datetime:
        """`again` is the second 02:30 of the night on which clocks are put back."""
        return datetime.combine(on, at.replace(fold=1 if found["again"] else 0), self.zone).astimezone(UTC)

    def _step(self, number: int, lines: list[str]) -> None:
        assert self.now is not None
        first = lines[0].strip()
        if first.endswith(":"):
            what = with_block(first, _block(lines[1:]))
        else:
            text = "\n".join(lines).strip()
            quotes = [_flowing(quote) for quote in re.findall(r'"([^"]*)"', text)]
            what = self._understand(re.sub(r'"[^"]*"', '"', text), quotes)
        if isinstance(what, telling.PromisedBy):
            what = replace(what, by=self._next(what.by))
        self.steps.append(Step(number, self.now, what))

    def _next(self, wanted: datetime) -> datetime:
        """A time without a date, in the year 1, is the next such one; its weekday is its day of the month."""
        if wanted.year > 1:
            return wanted.replace(tzinfo=self.zone).astimezone(UTC)
        assert self.now is not None
        on = self.now.astimezone(self.zone).date()
        while on.isoweekday() != wanted.day or datetime.combine(on, wanted.time(), self.zone) < self.now:
            on += timedelta(days=1)
        return datetime.combine(on, wanted.time(), self.zone).astimezone(UTC)

    def _understand(self, skeleton: str, quotes: list[str]) -> Any:
        if re.match("client\\b", skeleton):
            if len(self.clients) != 1:
                raise StoryError("`client` is who, of several? Write the name")
            skeleton = f"{self.clients[0].address}{skeleton.removeprefix('client')}"
        for pattern, make in SENTENCES:
            if (found := re.fullmatch(pattern, " ".join(skeleton.split()))) is not None:
                self._know(found.groupdict().get("who") or "")
                return make(found, quotes)
        raise StoryError("this line is not understood; the sentences that are stand in tests/stories/sentences.py")

    def _know(self, who: str) -> None:
        people = [*(client.address for client in self.clients), *self.strangers, *(cover.name for cover in self.covers)]
        if who and who not in people:
            raise StoryError(f"nobody has introduced {who}: write `client {who}` or `stranger {who}` above")


def _block(lines: list[str]) -> str:
    filled = [line for line in lines if line.strip()]
    edge = min((_indent(line) for line in filled), default=0)
    return "\n".join(line[edge:] for line in filled)


def _flowing(quote: str) -> str:
    """A quote over several lines as it was meant: an empty line parts paragraphs, any other line end is a blank."""
    paragraphs = re.split(r"\n\s*\n", quote)
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


# Introductions.

_CLAUSES: tuple[tuple[str, Callable[[re.Match[str]], dict[str, Any]]], ...] = (
    (r"sessions (.+)", lambda found: {"sessions": found[1].split(" and ")}),
    (r"agreed word (\w+)", lambda found: {"urgent_word": found[1]}),
    (r"trusted", lambda _: {"trusted": True}),
    (r"quiet", lambda _: {"quiet": True}),
    (r"never charged", lambda _: {"exempt": True}),
    (r"writes (\w\w)", lambda found: {"language": found[1]}),
    (r"lives in (\w\w)", lambda found: {"country": found[1]}),
    (r"zone ([\w/]+)", lambda found: {"timezone": found[1]}),
    (r"policy ([\w-]+)", lambda found: {"policy": found[1]}),
    (r"allowed (\d+) messages", lambda found: {"messages": int(found[1])}),
)


def _client(text: str) -> Client:
    name, *clauses = text.split(", ")
    known: dict[str, Any] = {}
    for clause in clauses:
        found = next(((one, make) for pattern, make in _CLAUSES if (one := re.fullmatch(pattern, clause))), None)
        if found is None:
            raise StoryError(f"{clause!r} is nothing that can be said of a client")
        known |= found[1](found[0])
    return Client.model_validate({"address": name, "name": name, **known})


def _cover(text: str) -> Cover:
    name, _, phone = text.partition(", phone ")
    return Cover(name, phone) if phone else Cover(name)


def _absence(text: str) -> Absence:
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d) until (\d{4}-\d\d-\d\d)(?:, (\w+) covers)?", text)
    if found is None:
        raise StoryError("write `away 2015-12-24 until 2016-01-03`, and `, Ben covers` where somebody does")
    return Absence.model_validate({"from": found[1], "until": found[2], "cover": found[3] or ""})
