"""`handrail init`: a commented starter config that runs as it is, and the schemas by which editors check it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer

from gateway import shipped
from gateway.cli.options import DEFAULT, called
from gateway.cli.output import FOUND, WRONG, fail, say
from gateway.settings.json_schema import KINDS, json_schema

#: What a practice changes; policies, lexicons and crisis lines that it does not copy are the shipped ones.
_STARTER = {"gateway.yaml": "gateway.yaml", "routes.yaml": "routes.yaml"}
#: The same where mail reaches every mailbox without us: there is nothing to route.
_MAILBOX_ONLY = {"gateway.yaml": "mailbox-only/gateway.yaml"}
#: How YAML's language server, and the editors that have it, find the schema of a file: by its first line.
_MODELINE = "# yaml-language-server: $schema={schema}\n"


def init(
    folder: Annotated[Path, typer.Argument(help="Where to write the starter config.")] = DEFAULT,
    mailbox_only: Annotated[
        bool,
        typer.Option("--mailbox-only", help="For mail that reaches its mailboxes without us: no MX record changes."),
    ] = False,
) -> None:
    """Write a commented starter config that runs as it is. Never overwrites a file.

    Examples:

    * `handrail init /etc/handrail`

    * `handrail init --mailbox-only /etc/handrail`
    """
    # Routes that lie there already would hold for the new mailboxes too.
    taken = [name for name in _STARTER if (folder / name).exists()]
    if taken:
        raise fail(FOUND, f"{folder} has {' and '.join(taken)} already; name another folder.")
    files = _MAILBOX_ONLY if mailbox_only else _STARTER
    try:
        _write(folder, files)
    except OSError as error:
        raise fail(WRONG, f"{folder} can't be written ({error.strerror}); name another folder.") from None
    say(f"Wrote {' and '.join(f'{folder}/{name}' for name in files)}. What is left to do:")
    for number, step in enumerate(_steps(folder, mailbox_only=mailbox_only), 1):
        say(f"  {number}. {step}", "   ")


def _steps(folder: Path, *, mailbox_only: bool) -> Iterator[str]:
    program, where = called(), "" if folder == DEFAULT else f" --config {folder}"
    routes = "" if mailbox_only else f", and who gets what into {folder}/routes.yaml"
    yield f"Write your practice, mailboxes and smart host into {folder}/gateway.yaml{routes}."
    yield (
        f"Choose a policy: `{program} policy list{where}`, `{program} policy card NAME{where}`. "
        f"To change one, write what differs into {folder}/policies/my-own.yaml, below a line `extends: NAME`; "
        f"with `{_MODELINE.format(schema='../schemas/policy.json').strip()}` above it, an editor helps."
    )
    yield f"`{program} check{where} --live` says what is still wrong."
    last = (
        "what lies in the mailbox by then is left alone"
        if mailbox_only
        else "then let your domain's MX record lead here"
    )
    yield f"`{program} serve{where}`; {last}."


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for place in ("policies", "schemas"):
        (folder / place).mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        text = json.dumps(json_schema(kind), indent=2, ensure_ascii=False)
        (folder / "schemas" / f"{kind}.json").write_text(f"{text}\n", encoding="utf-8")
    for name, source in files.items():
        text = (shipped.folder("config") / source).read_text(encoding="utf-8")
        modeline = _MODELINE.format(schema=f"schemas/{Path(name).stem}.json")
        (folder / name).write_text(modeline + text, encoding="utf-8")
