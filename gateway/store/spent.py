"""Which single-use tokens were spent, as blind values: a stolen database shows no token that still opens something.

Plain functions over a connection, inside the caller's transaction.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete

from gateway.store.events import upsert
from gateway.store.sealing import Sealer
from gateway.store.tables import spent


def spend(db: Connection, sealer: Sealer, token: str, until: datetime) -> bool:
    """Note that a token is spent; False where it was before. Of two at once the second waits for the first to end."""
    values = {"token": sealer.blind("spent.token", token), "until": until}
    statement = upsert(db)(spent).values(values).on_conflict_do_nothing().returning(spent.c.until)
    return db.execute(statement).first() is not None


def forget(db: Connection, before: datetime) -> None:
    """Forget what was to be remembered no longer than `before`."""
    db.execute(delete(spent).where(spent.c.until < before))
