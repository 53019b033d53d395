"""A store on each engine, for the suites that hold both to the same behaviour; and one on a folder of files alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, make_url, text

from gateway.store import Sealer, Store, open_store
from tests.servers.postgres import PASSWORD, Postgres

KEY = bytes(range(32))
HOST = "hopestreet.example"


@dataclass(frozen=True, slots=True)
class Place:
    """A database that a test may open as often as it likes."""

    url: str
    password: str

    def open(self, *keys: bytes) -> AbstractAsyncContextManager[Store]:
        """Open it, as one node would."""
        return open_store(self.url, sealer=Sealer(keys or [KEY]), host=HOST, password=self.password)

    def execute(self, statement: str, values: Mapping[str, object] | None = None) -> list[tuple[object, ...]]:
        """Run a statement behind the store's back."""
        engine = create_engine(self._driver_url())
        try:
            with engine.begin() as connection:
                result = connection.execute(text(statement), values or {})
                return [tuple(row) for row in result] if result.returns_rows else []
        finally:
            engine.dispose()

    def everything(self) -> bytes:
        """All that a thief of the database would hold."""
        if self.url.startswith("sqlite"):
            path = Path(str(make_url(self.url).database))
            return b"".join(part.read_bytes() for part in sorted(path.parent.glob(f"{path.name}*")))
        with psycopg.connect(self.url, password=self.password) as connection:
            names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            rows = [row for (name,) in names for row in connection.execute(f'SELECT * FROM "{name}"').fetchall()]  # type: ignore[arg-type]
        cells = [cell for row in rows for cell in row]
        return b"\n".join(cell if isinstance(cell, bytes) else str(cell).encode() for cell in cells)

    def _driver_url(self) -> str:
        url = make_url(self.url)
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg", password=self.password)
        return url.render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty database of each engine."""
    if request.param == "sqlite":
        return Place(f"sqlite:///{tmp_path}/var/handrail.db", "")
    postgres: Postgres = request.getfixturevalue("postgres")
    return Place(postgres.fresh_database(), PASSWORD)


@pytest.fixture
async def store(place: Place) -> AsyncIterator[Store]:
    """An open store with its tables."""
    async with place.open() as opened:
        await opened.migrate()
        yield opened
