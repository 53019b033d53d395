"""TLS for hundreds of connections that idle: certificates are always verified, and what can be shared is shared.

A context holds every authority that the system trusts, most of a megabyte; a connection of asyncio's keeps a buffer
of a quarter of one. Both would be the most that a watched mailbox costs.
"""

from __future__ import annotations

import ssl
from asyncio import sslproto
from functools import lru_cache
from pathlib import Path
from threading import Lock

#: Octets that a connection takes off the wire at once. A long message takes a few reads more, which costs little.
_AT_ONCE = 8 * 1024
#: Hundreds of connections ask at once when the house starts: one makes the context, the others wait for it.
_TURN = Lock()


def context_for(trust: Path | None) -> ssl.SSLContext:
    """A context that trusts the system's authorities, and those of a PEM file; read anew when a file has changed.

    Touches the disk: call it in a thread. Raises OSError and ssl.SSLError for a file that can't be read.
    """
    sslproto.SSLProtocol.max_size = _AT_ONCE
    known = ssl.get_default_verify_paths().cafile
    with _TURN:
        return _context(trust, *(_written(Path(one)) if one else 0 for one in (trust, known)))


@lru_cache(maxsize=32)
def _context(trust: Path | None, *_: int) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if trust is not None:
        context.load_verify_locations(trust)
    return context


def _written(path: Path) -> int:
    return path.stat().st_mtime_ns
