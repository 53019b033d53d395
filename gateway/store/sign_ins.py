"""What OAuth 2 sign-ins gave us, one sealed row each: who holds a refresh token reads the whole mailbox.

Plain functions over a connection, inside the caller's transaction.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from gateway.store.events import upsert
from gateway.store.sealing import Sealer
from gateway.store.tables import sign_ins


def sign_in(db: Connection, sealer: Sealer, name: str) -> str | None:
    """What was kept under a name."""
    sealed = db.execute(select(sign_ins.c.sealed).where(sign_ins.c.name == name)).scalar()
    return sealer.open(sealed, "sign_ins", "sealed", name) if sealed is not None else None


def keep(db: Connection, sealer: Sealer, name: str, tokens: str | None) -> None:
    """Keep it in place of what was there, or forget that."""
    if tokens is None:
        db.execute(delete(sign_ins).where(sign_ins.c.name == name))
        return
    sealed = sealer.seal(tokens, "sign_ins", "sealed", name)
    statement = upsert(db)(sign_ins).values(name=name, sealed=sealed)
    db.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"sealed": sealed}))
