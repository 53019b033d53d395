"""`handrail schema`: the files of a config folder as JSON Schema, for editors and for programs."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.options import must_know
from gateway.cli.output import print_json
from gateway.settings.json_schema import KINDS, json_schema

Kind = Annotated[str, typer.Argument(help=f"A kind of file: {', '.join(KINDS)}.", metavar="KIND")]


def schema(kind: Kind) -> None:
    """Print the JSON Schema of a kind of file, with which editors complete and check it.

    `handrail init` writes them all beside the config; this prints one for a folder that was made without.

    Example: `handrail schema policy > config/schemas/policy.json`
    """
    must_know("kind of file", kind, KINDS, "KIND")
    print_json(json_schema(kind))
