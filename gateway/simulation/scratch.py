"""A record that nobody keeps: the store's own tables in a file that SQLite takes off the folder as soon as it is made.

In goes nothing, out comes a `Store` like any other. One connection and one transaction that never ends: nobody else
reads it, so there is nothing to wait for, neither a thread nor the disk. What is in it is sealed with a key that is
drawn for it and forgotten with it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from sqlalchemy import Connection, StaticPool, create_engine

from gateway.store import Sealer, Store
from gateway.store.engine import Database, Work
from gateway.store.sealing import KEY_OCTETS

T = TypeVar("T")
#: Kibibytes kept in memory before anything goes to the disk.
_CACHE = 128 * 1024


@asynccontextmanager
async def scratch_store(host: str) -> AsyncIterator[Store]:
    """An empty record in its newest form; `host` is the domain of the Message-IDs drawn for effects."""
    opened = Scratch()
    try:
        store = Store(opened, Sealer([os.urandom(KEY_OCTETS)]), host)
        await store.migrate()
        yield store
    finally:
        await opened.close()


class Scratch(Database):
    """Runs each function at once, on the one connection."""

    def __init__(self) -> None:
        """Opens nothing."""
        super().__init__()
        # An empty name is a file of SQLite's own, in memory as long as it is small (https://sqlite.org/inmemorydb.html).
        self._engine = create_engine(
            "sqlite://", poolclass=StaticPool, creator=lambda: sqlite3.connect("", isolation_level=None)
        )
        self._connection: Connection | None = None

    async def read(self, work: Work[T], patience: float | None = None) -> T:  # noqa: ARG002 - nothing is waited for
        """Run a function that changes nothing."""
        return work(self._open())

    async def write(
        self,
        work: Work[T],
        patience: float | None = None,  # noqa: ARG002 - nothing is waited for
        after: Callable[[T], None] | None = None,
    ) -> T:
        """Run a function; `after` is called with what comes of it."""
        result = work(self._open())
        if after:
            after(result)
        return result

    def _open(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
            for pragma in ("journal_mode=MEMORY", "synchronous=OFF", "foreign_keys=ON", f"cache_size=-{_CACHE}"):
                self._connection.exec_driver_sql(f"PRAGMA {pragma}")
            self._connection.exec_driver_sql("BEGIN")
        return self._connection

    async def _read(self, work: Work[T]) -> T:
        return work(self._open())

    async def _write(self, work: Work[T]) -> T:
        return work(self._open())

    async def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._engine.dispose()
