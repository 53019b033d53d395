"""How commands print: words for people, JSON for programs, and why something failed.

What others wrote is printed without control characters: an address must not move a terminal's cursor.
"""

from __future__ import annotations

import json
import re
import sys
import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, TextIO

import typer
from pydantic import BaseModel
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

#: Exit codes: 1 a finding or a refusal, 2 the command line or the config is wrong, 3 something does not answer.
FOUND, WRONG, DOWN = 1, 2, 3
#: Columns of a line where no terminal bounds it.
_ENDLESS = 10_000
#: Columns between two of a table's, and before a sentence that stands below its row.
_GAP = 2
_QUOTED = re.compile(r"`[^`]*`")
#: Stands for a blank at which no line may be broken; `clean` lets no such character through.
_GLUE = "\0"


def fail(code: int, text: str) -> typer.Exit:
    """Print why on standard error; raise what comes back."""
    typer.echo(fold(clean(text), _width(sys.stderr), "  "), err=True)
    return typer.Exit(code)


def say(text: str = "", hang: str = "") -> None:
    """Print for people; on a terminal, the lines that continue a line begin as it does, and with `hang`."""
    typer.echo(fold(clean(text), _width(sys.stdout), hang))


def fold(text: str, width: int, hang: str = "") -> str:
    """Lines of at most `width` columns, broken between words only.

    What stands in backquotes is never broken, even where it is longer: it is there to be copied.
    """
    return "\n".join(_fold_line(line, width, hang) for line in text.split("\n"))


def _fold_line(line: str, width: int, hang: str) -> str:
    if cell_len(line) <= width:
        return line
    margin = line[: len(line) - len(line.lstrip(" "))] + hang
    glued = _QUOTED.sub(lambda quoted: quoted[0].replace(" ", _GLUE), line)
    folded = textwrap.fill(glued, width, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False)
    return folded.replace(_GLUE, " ")


def _width(stream: TextIO) -> int:
    """Columns of the terminal behind it; without one, a line is as long as it is."""
    return Console(file=stream).width if stream.isatty() else _ENDLESS


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


def print_account(rows: Sequence[Sequence[str]], names: Sequence[str], numbers: frozenset[str] = frozenset()) -> None:
    """A table whose last column is a sentence: it stands below its row where a terminal has no room beside it."""
    width = _width(sys.stdout)
    cells = [[clean(cell) for cell in row] for row in rows]
    if sum(_widest(names, cells)) + _GAP * len(names) <= width:
        print_table(rows, names, numbers)
    else:
        typer.echo("\n".join(stacked(cells, names, numbers, width)))


def stacked(rows: Sequence[Sequence[str]], names: Sequence[str], numbers: frozenset[str], width: int) -> list[str]:
    """A table's lines, each row's last cell folded below it; what has numbers stands at the right."""
    widest, lines = _widest(names, rows), []
    for row in (names, *rows):
        columns = zip(row[:-1], names, widest, strict=False)
        padded = [cell.rjust(wide) if name in numbers else cell.ljust(wide) for cell, name, wide in columns]
        lines.append((" " * _GAP).join(padded).rstrip())
        if row is not names:
            lines += fold(" " * _GAP + row[-1], width).split("\n")
    return lines


def _widest(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(cell_len, column)) for column in zip(names, *rows, strict=True)]


def plain(value: object) -> Any:
    """Frozen values as JSON has them: instants in ISO 8601, enums by their value."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
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
