"""Brings the database to the newest form (Alembic), and checks that the key is the one it was sealed with.

Several nodes may start at once: on PostgreSQL an advisory lock, on SQLite the one writer lets one of them do it.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, insert, select, text

from gateway.store.sealing import Sealer, SealError
from gateway.store.tables import seal

_MIGRATIONS = Path(__file__).parent / "migrations"
#: Any number that nothing else in the same database locks.
_LOCK = 0x48414E44
_WORD = "handrail"
_ROW = 1


class WrongKey(Exception):
    """The key is not the one that this database was sealed with. The text says the mend."""


def migrate(db: Connection, sealer: Sealer) -> None:
    """Upgrade to head, in the caller's transaction. Raises WrongKey."""
    if db.dialect.name == "postgresql":
        # Making an index or waiting for another node takes as long as it takes.
        db.execute(text("SET LOCAL lock_timeout = 0"))
        db.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    command.upgrade(config(db), "head")
    _check_key(db, sealer)


def config(db: Connection) -> Config:
    """Alembic's configuration without a file, so that it works inside a wheel."""
    made = Config()
    made.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    made.attributes["connection"] = db
    return made


def _check_key(db: Connection, sealer: Sealer) -> None:
    """Blind look-ups made with another key would find nothing and say nothing: refuse to start instead."""
    row = db.execute(select(seal.c.sealed, seal.c.blind).where(seal.c.id == _ROW)).first()
    if row is None:
        sealed = sealer.seal(_WORD, "seal", "sealed", str(_ROW))
        db.execute(insert(seal).values(id=_ROW, sealed=sealed, blind=sealer.blind("seal", _WORD)))
        return
    mend = "put the first key back as the last line of the file that store.key names"
    try:
        sealer.open(row.sealed, "seal", "sealed", str(_ROW))
    except SealError as error:
        raise WrongKey(f"the database was sealed with another key; {mend}") from error
    if row.blind != sealer.blind("seal", _WORD):
        raise WrongKey(f"the last key of the ring is not the one that this database's look-ups were made with; {mend}")
