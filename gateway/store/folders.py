"""What was last seen of a mailbox's folders: the copies in them, with their flags.

Plain functions over a connection, inside the caller's transaction. A folder may hold fifty thousand copies of which one
has changed: only differences are written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from gateway.core.events import Ref
from gateway.core.tracking import Copies, Copy, FolderState
from gateway.store import events as told
from gateway.store.events import upsert
from gateway.store.sealing import Sealer
from gateway.store.tables import copies, folders, messages


class _Row(NamedTuple):
    flags: str
    message: int | None


_KNOWN = (
    select(folders.c.id, folders.c.validity, folders.c.next_uid, folders.c.modseq)
    .add_columns(select(func.count()).where(copies.c.folder == folders.c.id).scalar_subquery())
    .where(folders.c.mailbox == bindparam("mailbox"), folders.c.folder == bindparam("folder"))
)


def folder(db: Connection, sealer: Sealer, mailbox: str, name: str) -> FolderState:
    """The last known state; an empty one for a folder that was never looked at."""
    row = db.execute(select(folders).where(folders.c.mailbox == mailbox, folders.c.folder == name)).first()
    if row is None:
        return FolderState(name)
    rows = _rows(db, row.id)
    refs = _refs(db, sealer, rows)
    found = {
        uid: Copy(name, uid, _flags(one.flags), refs[one.message] if one.message else None) for uid, one in rows.items()
    }
    return FolderState(name, row.validity, row.next_uid, row.modseq, found)


def keep(db: Connection, sealer: Sealer, mailbox: str, state: FolderState) -> None:
    """Replace what is known of a folder."""
    number = _head(db, mailbox, state)
    before = _rows(db, number)
    after = _wanted(db, sealer, state, before)
    changed = {uid: row for uid, row in after.items() if uid in before and before[uid] != row}
    new = {uid: row for uid, row in after.items() if uid not in before}
    _write(db, number, before.keys() - after.keys(), changed, new)


def change(db: Connection, sealer: Sealer, mailbox: str, before: FolderState, after: FolderState) -> None:
    """Write what differs from the state that was kept last; the whole state where another one was."""
    known = db.execute(_KNOWN, {"mailbox": mailbox, "folder": before.folder}).first()
    if known is None or tuple(known)[1:] != (before.validity, before.next_uid, before.modseq, len(before.copies)):
        keep(db, sealer, mailbox, after)
        return
    number = _head(db, mailbox, after)
    then = Copies.of(before.folder, before.copies)
    others, gone = Copies.of(after.folder, after.copies).since(then)
    rows = {
        copy.uid: _Row(_text(copy.flags), told.place(db, sealer, copy.ref) if copy.ref else None) for copy in others
    }
    changed = {uid: row for uid, row in rows.items() if uid in then}
    _write(db, number, gone, changed, {uid: row for uid, row in rows.items() if uid not in then})


def _write(
    db: Connection, number: int, gone: Iterable[str], changed: Mapping[str, _Row], new: Mapping[str, _Row]
) -> None:
    this = (copies.c.folder == bindparam("of"), copies.c.uid == bindparam("one"))
    if away := [{"of": number, "one": uid} for uid in gone]:
        db.execute(delete(copies).where(*this), away)
    if changed:
        values: dict[str, Any] = {"flags": bindparam("new_flags"), "message": bindparam("new_message")}
        others = [
            {"of": number, "one": uid, "new_flags": row.flags, "new_message": row.message}
            for uid, row in changed.items()
        ]
        db.execute(update(copies).where(*this).values(values), others)
    if new:
        fresh = [{"folder": number, "uid": uid, "flags": row.flags, "message": row.message} for uid, row in new.items()]
        db.execute(insert(copies), fresh)


def of_message(db: Connection, sealer: Sealer, ref: Ref) -> tuple[Copy, ...]:
    """Every copy known of a message."""
    rows = db.execute(_OF_MESSAGE, told.names(sealer, ref))
    return tuple(Copy(row.folder, row.uid, _flags(row.flags), ref) for row in rows)


_OF_MESSAGE = (
    select(folders.c.folder, copies.c.uid, copies.c.flags)
    .join_from(copies, folders, copies.c.folder == folders.c.id)
    .join(messages, copies.c.message == messages.c.id)
    .where(*told.IS_REF)
    .order_by(folders.c.id, copies.c.uid)
)


def _head(db: Connection, mailbox: str, state: FolderState) -> int:
    """The folder's row, written and so locked until the transaction ends."""
    values = {"validity": state.validity, "next_uid": state.next_uid, "modseq": state.modseq}
    statement = upsert(db)(folders).values(mailbox=mailbox, folder=state.folder, **values)
    statement = statement.on_conflict_do_update(index_elements=["mailbox", "folder"], set_=values)
    return int(db.execute(statement.returning(folders.c.id)).scalar_one())


def _rows(db: Connection, number: int) -> dict[str, _Row]:
    wanted = select(copies.c.uid, copies.c.flags, copies.c.message).where(copies.c.folder == number)
    return {uid: _Row(flags, message) for uid, flags, message in db.execute(wanted)}


def _wanted(db: Connection, sealer: Sealer, state: FolderState, before: dict[str, _Row]) -> dict[str, _Row]:
    """The rows as they are to be; a ref that is known from before is not looked up one by one."""
    numbers = {ref: number for number, ref in _refs(db, sealer, before).items()}
    for copy in state.copies.values():
        if copy.ref is not None and copy.ref not in numbers:
            numbers[copy.ref] = told.place(db, sealer, copy.ref)
    return {uid: _Row(_text(copy.flags), numbers[copy.ref] if copy.ref else None) for uid, copy in state.copies.items()}


def _refs(db: Connection, sealer: Sealer, rows: dict[str, _Row]) -> dict[int, Ref]:
    """Row numbers to refs, a thousand at a time: databases bound the number of parameters."""
    numbers = sorted({row.message for row in rows.values() if row.message is not None})
    found: dict[int, Ref] = {}
    for start in range(0, len(numbers), 1000):
        found |= told.refs(db, sealer, numbers[start : start + 1000])
    return found


def _text(flags: frozenset[str]) -> str:
    return " ".join(sorted(flags))


def _flags(text: str) -> frozenset[str]:
    return frozenset(text.split())
