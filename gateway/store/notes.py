"""The presence note of each mailbox, in one sealed row: it is for clients alone, and may say where the therapist is.

Plain functions over a connection, inside the caller's transaction.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from gateway.core.history import Note
from gateway.store.events import upsert
from gateway.store.sealing import Sealer
from gateway.store.tables import notes


def note(db: Connection, sealer: Sealer, mailbox: str) -> Note | None:
    """The last one that was kept, expired or not."""
    row = db.execute(select(notes).where(notes.c.mailbox == mailbox)).first()
    return Note(text(sealer, mailbox, row.sealed), row.written, row.expires) if row is not None else None


def text(sealer: Sealer, mailbox: str, sealed: bytes) -> str:
    """What a sealed note says."""
    return sealer.open(sealed, "notes", "sealed", mailbox)


def keep(db: Connection, sealer: Sealer, mailbox: str, kept: Note | None) -> None:
    """Keep a note in place of the last one, or take that back."""
    if kept is None:
        db.execute(delete(notes).where(notes.c.mailbox == mailbox))
        return
    sealed = sealer.seal(kept.text, "notes", "sealed", mailbox)
    values = {"sealed": sealed, "written": kept.written, "expires": kept.expires}
    statement = upsert(db)(notes).values(mailbox=mailbox, **values)
    db.execute(statement.on_conflict_do_update(index_elements=["mailbox"], set_=values))
