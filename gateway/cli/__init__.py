"""The command line: a command a file, each a thin face of `gateway.app` and `gateway.admin`."""

from __future__ import annotations

from gateway.cli.root import app


def main() -> None:
    """The console script `handrail`."""
    app(prog_name="handrail")
