"""Where test servers live: a free port on loopback, and a folder that a server's own user can reach.

pytest's temporary folders have mode 0700, so a server that drops to another user finds nothing in them.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

#: Ports for servers, a share for each of eight workers; where in its share a process begins is its own.
_FIRST_PORT, _SHARE = 12_000, 2_500
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 8
_OFFSETS = count(os.getpid() * 37)
#: Octets that a folder in memory must have.
_ROOM = 1024**3


def program(name: str) -> str:
    """Where a server's program lies: Debian puts them into folders that are not on an ordinary user's path."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        raise RuntimeError(f"{name} is missing: run `make packages`")
    return found


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on now, and that nobody takes before the server does.

    It is below those that the system gives to outgoing connections (from 32768 on Linux), and each of pytest's workers
    has a share of its own.
    """
    for offset in _OFFSETS:
        port = _FIRST_PORT + _WORKER * _SHARE + offset % _SHARE
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise RuntimeError("unreachable: the offsets never end")


@contextmanager
def memory_folder(otherwise: Path) -> Iterator[Path]:
    """A new folder in memory, where there is room; for tests that write much and ask nothing of a disk."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or shutil.disk_usage(memory).free < _ROOM:
        yield otherwise
        return
    folder = Path(tempfile.mkdtemp(prefix="handrail-", dir=memory))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def server_folder(name: str) -> Iterator[Path]:
    """A new folder that every user may enter, removed at the end with all that is in it."""
    folder = Path(tempfile.mkdtemp(prefix=f"handrail-{name}-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
