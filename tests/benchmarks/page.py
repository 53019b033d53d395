"""Tables of what was measured: printed for people, and kept in docs/measurements.md between a section's marks."""

from __future__ import annotations

import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "measurements.md"


def spread(seconds: Sequence[float]) -> tuple[str, str, str, str]:
    """p50, p90, p99 (nearest rank) and the most, in whole milliseconds."""
    ordered = sorted(seconds)
    ranks = [max(0, -(-len(ordered) * percent // 100) - 1) for percent in (50, 90, 99)]
    middle, ninth, last = (f"{ordered[rank] * 1000:.0f}" for rank in ranks)
    return middle, ninth, last, f"{ordered[-1] * 1000:.0f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, its columns aligned so that it reads well in a terminal too."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = [head, ["-" * width for width in widths], *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )


def write(section: str, text: str) -> None:
    """Renew one section of the page, with the day and the machine."""
    begin, end = f"<!-- {section} -->", f"<!-- end of {section} -->"
    before, mark, rest = PAGE.read_text(encoding="utf-8").partition(begin)
    assert mark, f"{PAGE} has no section {section}"
    after = rest.partition(end)[2]
    PAGE.write_text(f"{before}{begin}\n{text}\n\n{_stamp()}\n{end}{after}", encoding="utf-8")


def _stamp() -> str:
    day = datetime.now(UTC).date().isoformat()  # noqa: TID251 - the day that a measurement was made on
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    cores = Path("/proc/cpuinfo").read_text(encoding="utf-8").count("processor\t")
    chip = found[1] if found else platform.machine()
    return f"*Measured on {day}: Python {platform.python_version()}, {cores} cores ({chip}).*"
