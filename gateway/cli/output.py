"""How commands print: words for people, JSON for programs, and why something failed."""

from __future__ import annotations

import json
import sys
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import typer

#: Exit codes: 1 a finding or a refusal, 2 the command line or the config is wrong, 3 something does not answer.
FOUND, WRONG, DOWN = 1, 2, 3


def fail(code: int, text: str) -> typer.Exit:
    """Print why on standard error; raise what comes back."""
    typer.echo(text, err=True)
    return typer.Exit(code)


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
    return str(value) if isinstance(value, (Decimal, Path)) else value


def print_json(value: object) -> None:
    """To standard output, in UTF-8, indented for people too."""
    json.dump(plain(value), sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")
