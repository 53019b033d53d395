"""`handrail init`: a commented starter config that runs as it is, and the schemas by which editors check it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from gateway import shipped
from gateway.cli.options import DEFAULT, called
from gateway.cli.output import FOUND, WRONG, fail, say
from gateway.settings.json_schema import KINDS, json_schema

#: What a practice changes; policies, lexicons and crisis lines that it does not copy are the shipped ones.
_STARTER = ("gateway.yaml", "routes.yaml")
#: How YAML's language server, and the editors that have it, find the schema of a file: by its first line.
_MODELINE = "# yaml-language-server: $schema={schema}\n"


def init(folder: Annotated[Path, typer.Argument(help="Where to write the starter config.")] = DEFAULT) -> None:
    """Write a commented starter config that runs as it is. Never overwrites a file.

    Example: `handrail init /etc/handrail`
    """
    taken = [name for name in _STARTER if (folder / name).exists()]
    if taken:
        raise fail(FOUND, f"{folder} has {' and '.join(taken)} already; name another folder.")
    try:
        _write(folder)
    except OSError as error:
        raise fail(WRONG, f"{folder} can't be written ({error.strerror}); name another folder.") from None
    program, where = called(), "" if folder == DEFAULT else f" --config {folder}"
    steps = (
        f"Write your practice, mailboxes and smart host into {folder}/gateway.yaml, "
        f"and who gets what into {folder}/routes.yaml.",
        f"Choose a policy: `{program} policy list{where}`, `{program} policy card NAME{where}`. "
        f"To change one, write what differs into {folder}/policies/my-own.yaml, below a line `extends: NAME`; "
        f"with `{_MODELINE.format(schema='../schemas/policy.json').strip()}` above it, an editor helps.",
        f"`{program} check{where} --live` says what is still wrong.",
        f"`{program} serve{where}`; then let your domain's MX record lead here.",
    )
    say(f"Wrote {folder}/gateway.yaml and {folder}/routes.yaml. What is left to do:")
    for number, step in enumerate(steps, 1):
        say(f"  {number}. {step}", "   ")


def _write(folder: Path) -> None:
    for place in ("policies", "schemas"):
        (folder / place).mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        text = json.dumps(json_schema(kind), indent=2, ensure_ascii=False)
        (folder / "schemas" / f"{kind}.json").write_text(f"{text}\n", encoding="utf-8")
    for name in _STARTER:
        text = (shipped.folder("config") / name).read_text(encoding="utf-8")
        modeline = _MODELINE.format(schema=f"schemas/{Path(name).stem}.json")
        (folder / name).write_text(modeline + text, encoding="utf-8")
