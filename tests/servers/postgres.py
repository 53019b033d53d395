"""A real PostgreSQL from Debian's packages: own data folder, own port on loopback, ended with the test run.

    from tests.servers.postgres import postgres

gives one server a test process; each test makes its own database in it by `fresh_database()`.
"""

from __future__ import annotations

import os
import pwd
import secrets
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.servers.places import free_port, server_folder

PASSWORD = "opened for tests only"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    # What is written needs to outlive a crash of the server, and no power cut.
    "fsync": "off",
    "full_page_writes": "off",
}


@dataclass(frozen=True, slots=True)
class Postgres:
    """A server that runs. Passwords are asked for."""

    port: int
    folder: Path

    def url(self, database: str) -> str:
        """The URL as settings have it, without the password."""
        return f"postgresql://handrail@127.0.0.1:{self.port}/{database}"

    def fresh_database(self) -> str:
        """The URL of a new, empty database."""
        name = f"test_{secrets.token_hex(8)}"
        with self.connect() as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """A connection of the test's own."""
        return psycopg.connect(self.url(database), password=PASSWORD, autocommit=True)

    def start(self) -> None:
        """Start it and wait until it answers."""
        settings = " ".join(f"-c {name}='{value}'" for name, value in _SETTINGS.items())
        self._control("start", "-l", str(self.folder / "log"), "-o", f"-p {self.port} {settings}")

    def stop(self) -> None:
        """Stop it at once, as a crash would."""
        self._control("stop", "-m", "immediate")

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """The server takes connections and answers none."""
        head = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        everyone = [head, *_children(head)]
        for pid in everyone:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in everyone:
                os.kill(pid, signal.SIGCONT)

    def _control(self, action: str, *options: str) -> None:
        _run("pg_ctl", action, "-w", "-s", "-D", str(self.folder / "data"), *options)


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A new server for as long as the context lasts."""
    with server_folder("postgres") as folder:
        secret = folder / "password"
        secret.write_text(PASSWORD)
        if os.geteuid() == 0:
            os.chown(folder, _owner().pw_uid, _owner().pw_gid)
        _run(
            "initdb", "-D", str(folder / "data"), "-U", "handrail", "-A", "scram-sha-256", f"--pwfile={secret}",
            "--no-sync", "--encoding=UTF8", "--locale=C",
        )  # fmt: skip
        server = Postgres(free_port(), folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The server that all tests of this process share."""
    with running_postgres() as server:
        yield server


def _run(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs, which refuse to be root."""
    user = "postgres" if os.geteuid() == 0 else None
    done = subprocess.run(
        [str(_programs() / program), *arguments],
        user=user,
        group=user,
        extra_groups=[] if user else None,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        # Not a pipe: the server inherits it and would hold it open.
        stderr=None,
        check=False,
    )
    assert done.returncode == 0, f"{program} failed; its words are above"


def _programs() -> Path:
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    assert versions, "PostgreSQL is missing; `make packages` installs it"
    return versions[-1].parent


def _owner() -> pwd.struct_passwd:
    return pwd.getpwnam("postgres")


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
