"""The versions of every policy, appended and never changed. Plain functions over a connection."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from gateway.core.policy.versions import Version
from gateway.store import codec
from gateway.store.events import upsert
from gateway.store.tables import versions


def every(db: Connection) -> tuple[Version, ...]:
    """All of them, by name and number. Raises ValueError for one that this gateway can't read."""
    rows = db.execute(select(versions).order_by(versions.c.name, versions.c.number))
    return tuple(Version(row.name, row.number, codec.policy(row.policy), row.since, row.recorded) for row in rows)


def add(db: Connection, new: Sequence[Version]) -> None:
    """Keep those whose numbers are new: another node may have been first."""
    rows = [
        {
            "name": one.name,
            "number": one.number,
            "policy": codec.policy_text(one.policy),
            "since": one.since,
            "recorded": one.recorded,
        }
        for one in new
    ]
    if rows:
        db.execute(upsert(db)(versions).values(rows).on_conflict_do_nothing())
