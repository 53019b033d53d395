"""`handrail init`: a commented starter config that runs as it is."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from gateway import shipped
from gateway.cli.output import FOUND, fail

#: What a practice changes; policies and lexicons that it does not copy are taken from the shipped ones.
_STARTER = ("gateway.yaml", "routes.yaml")


def init(
    folder: Annotated[Path, typer.Argument(help="Where to write the starter config.")] = Path("config"),
) -> None:
    """Write a commented starter config. Never overwrites a file."""
    taken = [name for name in _STARTER if (folder / name).exists()]
    if taken:
        raise fail(FOUND, f"{folder} has {' and '.join(taken)} already; name another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    for name in _STARTER:
        shutil.copyfile(shipped.folder("config") / name, folder / name)
    (folder / "policies").mkdir(exist_ok=True)
    typer.echo(f"Wrote {folder}/gateway.yaml and {folder}/routes.yaml. What is left to do:")
    typer.echo(f"  1. Write your practice, mailbox and smart host into {folder}/gateway.yaml.")
    typer.echo("  2. Choose a policy: `handrail policy list`, `handrail policy card NAME`.")
    typer.echo(f"     To change one, copy it with `handrail policy show NAME > {folder}/policies/NAME.yaml`.")
    typer.echo(f"  3. `handrail check --config {folder} --live` says what is still wrong.")
    typer.echo(f"  4. `handrail serve --config {folder}`; then let your domain's MX record lead here.")
