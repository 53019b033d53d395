"""`handrail init`: a commented starter config that runs as it is."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from gateway import shipped
from gateway.cli.options import DEFAULT, called
from gateway.cli.output import FOUND, WRONG, fail, say

#: What a practice changes; policies and lexicons that it does not copy are taken from the shipped ones.
_STARTER = ("gateway.yaml", "routes.yaml")


def init(folder: Annotated[Path, typer.Argument(help="Where to write the starter config.")] = DEFAULT) -> None:
    """Write a commented starter config that runs as it is. Never overwrites a file.

    Example: `handrail init /etc/handrail`
    """
    taken = [name for name in _STARTER if (folder / name).exists()]
    if taken:
        raise fail(FOUND, f"{folder} has {' and '.join(taken)} already; name another folder.")
    try:
        (folder / "policies").mkdir(parents=True, exist_ok=True)
        for name in _STARTER:
            shutil.copyfile(shipped.folder("config") / name, folder / name)
    except OSError as error:
        raise fail(WRONG, f"{folder} can't be written ({error.strerror}); name another folder.") from None
    program, where = called(), "" if folder == DEFAULT else f" --config {folder}"
    steps = (
        f"Write your practice, mailboxes and smart host into {folder}/gateway.yaml, "
        f"and who gets what into {folder}/routes.yaml.",
        f"Choose a policy: `{program} policy list{where}`, `{program} policy card NAME{where}`. "
        f"To change one: `{program} policy show NAME{where} > {folder}/policies/my-own.yaml`.",
        f"`{program} check{where} --live` says what is still wrong.",
        f"`{program} serve{where}`; then let your domain's MX record lead here.",
    )
    say(f"Wrote {folder}/gateway.yaml and {folder}/routes.yaml. What is left to do:")
    for number, step in enumerate(steps, 1):
        say(f"  {number}. {step}", "   ")
