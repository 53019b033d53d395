"""How commands print: words for people, JSON for programs, and why something failed.

What others wrote is printed without control characters: an address must not move a terminal's cursor.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

#: Exit codes: 1 a finding or a refusal, 2 the command line or the config is wrong, 3 something does not answer.
FOUND, WRONG, DOWN = 1, 2, 3
#: Columns of a line where no terminal bounds it.
_ENDLESS = 10_000


def fail(code: int, text: str) -> typer.Exit:
    """Print why on standard error; raise what comes back."""
    typer.echo(clean(text), err=True)
    return typer.Exit(code)


def say(text: str = "") -> None:
    """Print for people."""
    typer.echo(clean(text))


def clean(text: str) -> str:
    """Text whose control characters, surrogates and reordering marks are shown as such."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(sign)[0] == "C" and sign != "\n" else sign for sign in text
    )


def print_table(rows: Sequence[Sequence[str]], names: Sequence[str], numbers: frozenset[str] = frozenset()) -> None:
    """A table; what does not fit into a terminal is broken, never cut, and elsewhere a row is a line."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in names:
        table.add_column(name, justify="right" if name in numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(clean(cell) for cell in row))
    console = Console(markup=False, highlight=False, emoji=False)
    if console.is_terminal:
        console.print(table)
        return
    console.width = _ENDLESS
    with console.capture() as printed:
        console.print(table)
    typer.echo("\n".join(line.rstrip() for line in printed.get().splitlines()))


def plain(value: object) -> Any:
    """Frozen values as JSON has them: instants in ISO 8601, enums by their value."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(plain(one) for one in value)
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        # Half characters, as a header field's stray bytes leave them, are no UTF-8.
        return value.encode("utf-8", "replace").decode()
    return str(value) if isinstance(value, (Decimal, Path)) else value


def print_json(value: object) -> None:
    """To standard output, in UTF-8, indented for people too."""
    json.dump(plain(value), sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")
