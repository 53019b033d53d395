"""Where events, effects, clients and folder states are kept, on SQLite or PostgreSQL."""

from gateway.store.engine import Taken
from gateway.store.migrate import WrongKey
from gateway.store.sealing import Sealer, SealError
from gateway.store.store import Store, open_store

__all__ = ["SealError", "Sealer", "Store", "Taken", "WrongKey", "open_store"]
