"""The command line on a practice of one therapist, whose mail lies in Maildirs and whose record is a SQLite file."""

import asyncio
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner

from gateway import logs
from gateway.app.wiring import open_record, settings_from
from gateway.cli.root import app
from gateway.core.effects import Effect
from gateway.core.events import Event
from gateway.demo import write_config
from tests.ports.record_samples import ref

_PLAIN = {"COLUMNS": "200", "TERMINAL_WIDTH": "200", "NO_COLOR": "1", "TERM": "dumb"}


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it printed; boxes and line ends of usage errors are taken out of `err`."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Handrail:
    """Runs commands on a config folder."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "config"

    def __call__(self, *arguments: str, stdin: bytes = b"") -> Ended:
        """Run a command on this config."""
        return self.bare(*arguments, "--config", str(self.config), stdin=stdin)

    def bare(self, *arguments: str, stdin: bytes = b"") -> Ended:
        """Run a command as it stands."""
        done = CliRunner(env=_PLAIN).invoke(app, list(arguments), input=stdin)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        told = " ".join(done.stderr.replace("│", " ").split())
        return Ended(done.exit_code, done.stdout, told)

    def write(self, name: str, text: str) -> Path:
        """Write a file of the config folder."""
        path = self.config / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def change(self, old: str, new: str) -> None:
        """Change gateway.yaml."""
        path = self.config / "gateway.yaml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def record(self, *events: Event, effects: tuple[Effect, ...] = (), name: str = "first") -> None:
        """Put a story on record, as the gateway would."""

        async def append() -> None:
            async with open_record(settings_from(self.config)) as store:
                await store.migrate()
                assert await store.append(ref(name), events, effects)

        asyncio.run(append())


@pytest.fixture
def handrail(tmp_path: Path) -> Iterator[Handrail]:
    """Commands on a sound config; the standard library's loggers, which are global, are put back at the end."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    quiet = {name: logging.getLogger(name).level for name in logs.QUIET}
    write_config(tmp_path)
    yield Handrail(tmp_path)
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in quiet.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()
