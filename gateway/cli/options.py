"""What every command has in common: where the config is, and how it ends where something is wrong."""

from __future__ import annotations

import asyncio
import shlex
import shutil
import sys
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from gateway import app as house
from gateway.cli.output import DOWN, WRONG, fail
from gateway.ports import Unavailable
from gateway.settings.errors import SettingsError
from gateway.settings.mends import suggest
from gateway.settings.schema import Settings

T = TypeVar("T")

Config = Annotated[
    Path, typer.Option("--config", envvar="HANDRAIL_CONFIG", help="The folder with gateway.yaml.", show_default=True)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
DEFAULT = Path("config")


def called() -> str:
    """How a shell in this folder calls this program again: `handrail` where that leads here, else by its path."""
    program = Path(sys.argv[0])
    if program.name == "__main__.py":
        return f"{shlex.quote(sys.executable)} -m gateway"
    known = shutil.which("handrail")
    if program.stem != "handrail" or not program.is_file() or (known and program.samefile(known)):
        return "handrail"
    near = program.is_relative_to(Path.cwd())
    return shlex.quote(str(program.relative_to(Path.cwd()) if near else program))


def settings_from(folder: Path) -> Settings:
    """The settings, or an end with every fault of the files named."""
    try:
        return house.settings_from(folder)
    except SettingsError as error:
        raise fail(WRONG, str(error)) from None


def run(call: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a command that talks to the world; faults end it in words."""
    try:
        return asyncio.run(call())
    except Unavailable as error:
        raise fail(DOWN, f"Not possible now: {error}") from None
    except (house.CredentialError, house.WrongKey) as error:
        raise fail(WRONG, str(error)) from None


def must_know(kind: str, name: str, known: Iterable[str], option: str) -> None:
    """End with what there is where a name of the command line means nothing."""
    names = sorted(known)
    if name not in names:
        raise typer.BadParameter(f"no {kind} {name!r}; {suggest(name, names, 'known')}", param_hint=option)
