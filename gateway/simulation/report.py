"""Findings as one page of HTML that needs nothing else: no script, no style sheet, no picture from anywhere.

In go findings in words and numbers, out comes the page. The geometry of its charts is in the template; every chart
stands beside the numbers that it shows, so that nobody must see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import jinja2

from gateway import shipped
from gateway.simulation.findings import KINDS, Findings
from gateway.simulation.telling import Circumstances, sections, taken_for_granted

#: Beside the pages of the gateway, which a practice may replace as well.
_FOLDER, _TEMPLATE = "web", "simulation.html"
_LEVELS = ("crisis", "urgent", "mention", "routine")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a bar: `look` is a class of the style sheet within the page."""

    label: str
    count: int
    look: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of parts that add up."""

    label: str
    parts: tuple[Part, ...]

    @property
    def total(self) -> int:
        """All of it."""
        return sum(part.count for part in self.parts)


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars that are drawn to one scale."""

    title: str
    bars: tuple[Bar, ...]

    @property
    def most(self) -> int:
        """The longest bar, at least one."""
        return max([1, *(bar.total for bar in self.bars)])


def page(
    found: Sequence[Findings],
    about: Circumstances,
    *,
    practice: str,
    mailbox: str,
    zone: ZoneInfo,
    names: bool = False,
    own: Path | None = None,
) -> str:
    """The page, in UTF-8; `own` is the practice's folder of templates. Raises jinja2.TemplateError."""
    folders = [folder / _FOLDER for folder in (own, shipped.folder("templates")) if folder]
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return templates.get_template(_TEMPLATE).render(
        practice=practice,
        mailbox=mailbox,
        zone=zone.key,
        names=names,
        span=_span(found, zone),
        found=found,
        sections=sections(found),
        granted=taken_for_granted(about, found),
        charts=charts(found),
        months=tuple(_months(one) for one in found),
        local=lambda at: _local(at, zone),
    )


def charts(found: Sequence[Findings]) -> tuple[Chart, ...]:
    """What is drawn of all policies together, a bar a policy."""
    return (
        Chart("Acks and silences", tuple(Bar(one.policy, _acks(one)) for one in found)),
        Chart("Promises of an answer", tuple(Bar(one.policy, _promises(one)) for one in found)),
        Chart("Words of urgency found", tuple(Bar(one.policy, _urgency(one)) for one in found)),
    )


def _acks(one: Findings) -> tuple[Part, ...]:
    parts = tuple(Part(kind, one.acks[kind], kind) for kind in reversed(KINDS))
    return (*parts, Part("not acked", one.messages - one.acked, "none"))


def _promises(one: Findings) -> tuple[Part, ...]:
    states = one.promises
    return (
        Part("kept", states.kept, "kept"),
        Part("broken", states.broken, "broken"),
        Part("open", states.open, "open"),
        Part("part of an earlier one", states.moot, "moot"),
        Part("none made", states.none, "none"),
    )


def _urgency(one: Findings) -> tuple[Part, ...]:
    return tuple(Part(level, sum(one.urgency[level].values()), level) for level in _LEVELS)


def _months(one: Findings) -> Chart:
    bars = tuple(
        Bar(month.month, (Part("acked", month.acked, "ordinary"), Part("not", month.messages - month.acked, "none")))
        for month in one.months
    )
    return Chart(one.policy, bars)


def _span(found: Sequence[Findings], zone: ZoneInfo) -> str:
    first = min((one.first for one in found if one.first), default=None)
    last = max((one.last for one in found if one.last), default=None)
    if first is None or last is None:
        return ""
    return f"{first.astimezone(zone):%Y-%m-%d} to {last.astimezone(zone):%Y-%m-%d}"


def _local(at: datetime | None, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if at else ""
