"""`handrail demo`: the whole house on loopback, with invented people."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gateway import demo as story
from gateway.cli.ledger import tell
from gateway.cli.loop import leaves, run_loop
from gateway.cli.options import called
from gateway.cli.output import DOWN, fail


def demo(
    once: Annotated[bool, typer.Option("--once", help="End when the story is told.")] = False,
    folder: Annotated[
        Path | None, typer.Option(help="Where to put mailbox, mail and record; it must be empty.")
    ] = None,
) -> None:
    """Send six invented mails through a gateway on loopback and watch what becomes of each. No server, no root."""
    place = _place(folder)
    stay = not once and sys.stdin.isatty() and sys.stdout.isatty()
    try:
        console = Console(highlight=False)
        run_loop(lambda: story.run(place, console, tell, program=called(), stay=stay))
    except ExceptionGroup as group:
        late = [error for error in leaves(group) if isinstance(error, TimeoutError)]
        if not late:
            raise
        raise fail(DOWN, f"The demo stopped: {late[0]}") from None


def _place(folder: Path | None) -> Path:
    if folder is None:
        return Path(tempfile.mkdtemp(prefix="handrail-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise typer.BadParameter(f"{folder} is not empty; name a new folder", param_hint="--folder")
    return folder.resolve()
