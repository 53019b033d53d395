"""The roster: one sealed row a client, found by the blind value of the address.

Plain functions over a connection, inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, select

from gateway.core import addresses
from gateway.core.policy.client import Client
from gateway.store import codec
from gateway.store.events import upsert
from gateway.store.sealing import Sealer
from gateway.store.tables import clients


def one(db: Connection, sealer: Sealer, mailbox: str, address: str) -> Client | None:
    """The client with this address."""
    blind = _blind(sealer, address)
    sealed = db.execute(_ONE, {"mailbox": mailbox, "address": blind}).scalar()
    return _open(sealer, mailbox, blind, sealed) if sealed is not None else None


#: Made once, as every message asks it: to make a statement costs more than to run it.
_ONE = select(clients.c.sealed).where(
    clients.c.mailbox == bindparam("mailbox"), clients.c.address == bindparam("address")
)


def every(db: Connection, sealer: Sealer, mailbox: str) -> tuple[Client, ...]:
    """All clients of a mailbox, by address."""
    rows = db.execute(select(clients.c.address, clients.c.sealed).where(clients.c.mailbox == mailbox))
    found = [_open(sealer, mailbox, row.address, row.sealed) for row in rows]
    return tuple(sorted(found, key=lambda client: addresses.key(client.address)))


def save(db: Connection, sealer: Sealer, mailbox: str, several: Sequence[Client]) -> None:
    """Add clients or replace what was noted; of two with one address the last one holds."""
    rows: dict[bytes, bytes] = {}
    for client in several:
        blind = _blind(sealer, client.address)
        rows[blind] = sealer.seal(codec.client_text(client), "clients", "sealed", f"{mailbox}:{blind.hex()}")
    statement = upsert(db)(clients)
    replaced = {"sealed": statement.excluded.sealed}
    statement = statement.on_conflict_do_update(index_elements=["mailbox", "address"], set_=replaced)
    values = [{"mailbox": mailbox, "address": blind, "sealed": sealed} for blind, sealed in rows.items()]
    if values:
        db.execute(statement, values)


def forget(db: Connection, sealer: Sealer, mailbox: str, address: str) -> bool:
    """Take a client off; False where there was none."""
    mine = (clients.c.mailbox == mailbox, clients.c.address == _blind(sealer, address))
    return bool(db.execute(delete(clients).where(*mine)).rowcount)


def _blind(sealer: Sealer, address: str) -> bytes:
    return sealer.blind("clients.address", addresses.key(address))


def _open(sealer: Sealer, mailbox: str, blind: bytes, sealed: bytes) -> Client:
    return codec.client(sealer.open(sealed, "clients", "sealed", f"{mailbox}:{blind.hex()}"))
