"""Runs plain functions over a SQLAlchemy connection, each in one transaction, on SQLite or on PostgreSQL.

In goes a function of a `Connection`, out comes what it returns. On SQLite one thread writes and a few read (several
writers busy-wait for each other, up to a hundred times longer); on PostgreSQL the function runs on an asynchronous
connection. Work once begun ends even where its caller is cancelled: a statement cut short would hold
its locks. Refuses to know what is read or written.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, make_url
from sqlalchemy.ext.asyncio import create_async_engine

from gateway.ports import Unavailable

#: Seconds after which an answer of the database is not waited for any longer. Mail flows without it.
PATIENCE = 5.0
#: Seconds to wait for a connection or a lock. libpq takes no less than two.
_CONNECT = 2
#: Milliseconds to wait for another process, such as a command, that writes on the same file.
_BUSY = 4000
_READERS = 3

T = TypeVar("T")
Work = Callable[[Connection], T]


class Taken(Exception):
    """Another process serves on this database, which is for one. The text says the mend."""


class Database(ABC):
    """Either engine. Both raise `Unavailable` for a fault that may pass."""

    def __init__(self) -> None:
        """Opens nothing."""
        self._running: set[asyncio.Task[object]] = set()

    async def read(self, work: Work[T], patience: float | None = PATIENCE) -> T:
        """Run a function that changes nothing."""
        return await self._sheltered(self._read(work), patience)

    async def write(
        self, work: Work[T], patience: float | None = PATIENCE, after: Callable[[T], None] | None = None
    ) -> T:
        """Run a function in a transaction; `after` is called on the event loop once that is committed."""

        async def run() -> T:
            result = await self._write(work)
            if after:
                after(result)
            return result

        return await self._sheltered(run(), patience)

    def serve_alone(self) -> bool:
        """Make sure that no other process serves on this database; False where several may. Raises Taken."""
        return False

    async def close(self) -> None:
        """Let what runs end, then hang up."""
        if self._running:
            await asyncio.wait(self._running, timeout=PATIENCE)
        await self._close()

    async def _sheltered(self, work: Coroutine[Any, Any, T], patience: float | None) -> T:
        # Held in a set, as the loop keeps only weak references; a TaskGroup around the store's life would wrap
        # whatever the caller raises in an exception group.
        task = asyncio.get_running_loop().create_task(_faults_named(work))
        self._running.add(task)
        task.add_done_callback(self._ended)
        done, _ = await asyncio.wait({task}, timeout=patience)
        if not done:
            task.cancel()
            raise Unavailable(f"the database took longer than {patience:g} seconds; look at its load")
        return task.result()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        # Looked at, so that a fault nobody waits for any more is no surprise at exit.
        if not task.cancelled():
            task.exception()

    @abstractmethod
    async def _read(self, work: Work[T]) -> T: ...

    @abstractmethod
    async def _write(self, work: Work[T]) -> T: ...

    @abstractmethod
    async def _close(self) -> None: ...


class Sqlite(Database):
    """One file, one writer (https://www.sqlite.org/wal.html)."""

    def __init__(self, url: URL) -> None:
        """`url` names a file; a database in memory would be another one for each thread. Raises ValueError."""
        super().__init__()
        if url.database in (None, "", ":memory:"):
            raise ValueError("store.url names no file; write for example sqlite:///var/handrail.db")
        self._path = Path(str(url.database))
        self._writer = _sqlite(url, _to_write, "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")
        self._reader = _sqlite(url, _to_read, "query_only=ON")
        self._lock: IO[bytes] | None = None
        self._writing = ThreadPoolExecutor(1, "store-write")
        self._reading = ThreadPoolExecutor(_READERS, "store-read")
        #: Each thread's connection, and all of them, to be closed in the end.
        self._own = threading.local()
        self._open: set[Connection] = set()

    async def _read(self, work: Work[T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._reading, self._run, self._reader, work)

    async def _write(self, work: Work[T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writing, self._run, self._writer, work)

    def serve_alone(self) -> bool:
        """Hold a lock beside the file for as long as this process lives; the system drops it with the process."""
        if self._lock is None:
            lock = self._path.with_name(f"{self._path.name}.serving").open("wb")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                lock.close()
                raise Taken(
                    f"another gateway serves on {self._path}; stop it first, or give this one its own"
                ) from error
            self._lock = lock
        return True

    async def _close(self) -> None:
        for threads in (self._writing, self._reading):
            threads.shutdown(wait=True)
        for connection in self._open:
            connection.close()
        for engine in (self._writer, self._reader):
            engine.dispose()
        if self._lock is not None:
            self._lock.close()

    def _run(self, engine: Engine, work: Work[T]) -> T:
        connection = self._connection(engine)
        try:
            with connection.begin():
                return work(connection)
        except exc.DBAPIError:
            self._hang_up(connection)
            raise

    def _connection(self, engine: Engine) -> Connection:
        """This thread's own, kept: to fetch one from a pool takes longer than most of what is asked."""
        connection: Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            if not self._path.exists():
                self._make()
            connection = self._own.connection = engine.connect()
            self._open.add(connection)
        return connection

    def _hang_up(self, connection: Connection) -> None:
        """After a fault nobody knows what state it is in."""
        self._own.connection = None
        self._open.discard(connection)
        connection.close()

    def _make(self) -> None:
        """An empty file that only its owner may read; SQLite gives its side files the same mode."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise Unavailable(f"{self._path} can't be made ({error.strerror}); see store.url") from error


class Postgres(Database):
    """A server that several nodes share."""

    def __init__(self, url: URL) -> None:
        """`url` has the driver and the password in it."""
        super().__init__()
        self._engine = create_async_engine(
            url,
            hide_parameters=True,
            pool_size=8,
            max_overflow=0,
            pool_timeout=_CONNECT,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": _CONNECT,
                "tcp_user_timeout": 1000 * _CONNECT,
                "application_name": "handrail",
                "options": f"-c lock_timeout={_CONNECT}s",
            },
        )

    async def _read(self, work: Work[T]) -> T:
        return await self._write(work)

    async def _write(self, work: Work[T]) -> T:
        async with self._engine.begin() as connection:
            return await connection.run_sync(work)

    async def _close(self) -> None:
        await self._engine.dispose()


def database(url: str, password: str = "") -> Database:
    """The engine for `sqlite:///PATH` or `postgresql://user@host/name`. Raises ValueError with the mend."""
    try:
        parsed = make_url(url)
    except exc.ArgumentError as error:
        raise ValueError("store.url can't be read; write sqlite:///PATH or postgresql://user@host/name") from error
    if parsed.drivername == "sqlite":
        return Sqlite(parsed)
    if parsed.drivername in ("postgresql", "postgres"):
        return Postgres(parsed.set(drivername="postgresql+psycopg", password=password or parsed.password))
    raise ValueError(f"store.url has the scheme {parsed.drivername!r}; write sqlite: or postgresql:")


def _sqlite(url: URL, begin: Callable[[Connection], None], *pragmas: str) -> Engine:
    # Without isolation_level=None the driver begins no transaction for a SELECT, and check-then-insert is not atomic.
    engine = create_engine(
        url, hide_parameters=True, connect_args={"isolation_level": None, "check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        for pragma in (f"busy_timeout={_BUSY}", *pragmas):
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "begin", begin)
    return engine


def _to_write(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _to_read(connection: Connection) -> None:
    # It waits for nothing and so never fails: the way round through SQLAlchemy would cost as much as what is read.
    connection.connection.dbapi_connection.execute("BEGIN")  # type: ignore[union-attr] # it is SQLite's own


async def _faults_named(work: Coroutine[Any, Any, T]) -> T:
    """Turn what may pass into `Unavailable`; a programming error stays what it is."""
    try:
        return await work
    except exc.TimeoutError as error:
        raise Unavailable("all connections to the database are busy") from error
    except (exc.ProgrammingError, exc.OperationalError) as error:
        if "no such table" in str(error.orig) or type(error.orig).__name__ == "UndefinedTable":
            raise Unavailable("the database has no tables yet; `handrail serve` makes them") from error
        if isinstance(error, exc.ProgrammingError):
            raise
        raise _unavailable(error) from error
    except exc.DBAPIError as error:
        if isinstance(error, (exc.IntegrityError, exc.DataError, exc.NotSupportedError)):
            raise
        raise _unavailable(error) from error


def _unavailable(error: exc.DBAPIError) -> Unavailable:
    # The driver's words may name hosts and users: its kind of error is enough to look it up.
    return Unavailable(f"the database does not answer ({type(error.orig).__name__}); look at it and at store.url")
