"""The URL says which engine; a file that can't be made is named with the mend."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.dialects import sqlite

from gateway.ports import Unavailable
from gateway.store.engine import database
from gateway.store.tables import Utc


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "mysql://u@h/d", "no url at all", "postgresql+asyncpg://h"]
)
def test_a_url_that_can_not_be_is_refused_with_an_example(url: str):
    with pytest.raises(ValueError, match=r"sqlite:|postgresql:"):
        database(url)


async def test_the_file_and_its_folder_are_made_for_their_owner_alone(tmp_path: Path):
    opened = database(f"sqlite:///{tmp_path}/deep/var/handrail.db")
    await opened.write(lambda db: db.exec_driver_sql("CREATE TABLE t (a)"))
    assert (tmp_path / "deep/var").stat().st_mode & 0o777 == 0o700
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "deep/var").iterdir()}
    assert modes == {0o600}
    await opened.close()


async def test_a_file_that_can_not_be_made_is_unavailable(tmp_path: Path):
    (tmp_path / "var").write_text("a file where the folder should be")
    opened = database(f"sqlite:///{tmp_path}/var/handrail.db")
    with pytest.raises(Unavailable, match=r"store\.url"):
        await opened.read(lambda db: db.exec_driver_sql("SELECT 1"))
    await opened.close()


async def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path):
    (tmp_path / "handrail.db").write_text("no database at all " * 100)
    opened = database(f"sqlite:///{tmp_path}/handrail.db")
    for run in (opened.read, opened.write):
        with pytest.raises(Unavailable):
            await run(lambda db: db.exec_driver_sql("SELECT * FROM sqlite_master"))
    await opened.close()


async def test_sqlite_writes_through_to_the_disk(tmp_path: Path):
    opened = database(f"sqlite:///{tmp_path}/handrail.db")
    for pragma, value in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
        assert await opened.write(lambda db, p=pragma: db.exec_driver_sql(f"PRAGMA {p}").scalar()) == value
    await opened.close()


async def test_a_write_that_fails_leaves_nothing(tmp_path: Path):
    opened = database(f"sqlite:///{tmp_path}/handrail.db")
    await opened.write(lambda db: db.exec_driver_sql("CREATE TABLE t (a)"))

    def half(db):
        db.exec_driver_sql("INSERT INTO t VALUES (1)")
        raise KeyError("half way")

    with pytest.raises(KeyError):
        await opened.write(half)
    assert await opened.read(lambda db: db.exec_driver_sql("SELECT count(*) FROM t").scalar()) == 0
    await opened.close()


async def test_after_a_fault_the_next_call_is_answered(tmp_path: Path):
    opened, other = (database(f"sqlite:///{tmp_path}/handrail.db") for _ in range(2))
    await opened.write(lambda db: db.exec_driver_sql("CREATE TABLE t (a)"))

    def locked_meanwhile(db):
        db.exec_driver_sql("INSERT INTO t VALUES (1)")
        held.set()
        release.wait(30)

    held, release = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as aside:
        writing = aside.submit(asyncio.run, other.write(locked_meanwhile, patience=None))
        assert await asyncio.to_thread(held.wait, 30)
        with pytest.raises(Unavailable):
            await opened.write(lambda db: db.exec_driver_sql("INSERT INTO t VALUES (2)"))
        assert await opened.read(lambda db: db.exec_driver_sql("SELECT count(*) FROM t").scalar()) == 0
        release.set()
        await asyncio.wrap_future(writing)
    await opened.write(lambda db: db.exec_driver_sql("INSERT INTO t VALUES (3)"))
    assert await opened.read(lambda db: db.exec_driver_sql("SELECT count(*) FROM t").scalar()) == 2
    for one in (opened, other):
        await one.close()


def test_an_instant_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        Utc().process_bind_param(datetime(2026, 3, 2), sqlite.dialect())  # noqa: DTZ001
