"""Delivery into a Maildir: the downstream of who has no mail server, and of the demo.

Content comes in, a file in `new/` comes out, whole or not at all (tmp, fsync, rename, fsync of the folder).
As every delivery agent we turn CRLF into LF, and as the last hop we note the reverse-path (RFC 5321 4.4).
"""

from __future__ import annotations

import asyncio
import errno
import itertools
import os
import secrets
import socket
from pathlib import Path

import structlog

from gateway.core.message.facts import Envelope
from gateway.core.replies import UNKNOWN, Reply, accepted, transient
from gateway.ports import Unavailable
from gateway.transport.closing import Closing

DELIVERED = accepted("Delivered")
FULL = transient(452, "3.1", "The mailbox's disk is full, please try again later")

_FULL = (errno.ENOSPC, errno.EDQUOT)
_numbers = itertools.count()

log = structlog.get_logger(__name__)


class Maildir(Closing):
    """`gateway.ports.Transport` into a folder, which is made where it is missing."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def probe(self) -> str:
        """Whether a message could be delivered, in words; changes nothing. Raises Unavailable."""
        return await asyncio.to_thread(look, self._path)

    async def relay(self, envelope: Envelope, content: bytes) -> Reply:
        """As `gateway.ports.Transport` says. A full disk is `452 4.3.1`, any other fault of it `451 4.3.0`."""
        return await put(self._path, _field("Return-Path", f"<{envelope.reverse_path}>") + content)


async def put(path: Path, content: bytes) -> Reply:
    """Write content into the Maildir, in a thread: fsync may take its time."""
    try:
        await asyncio.to_thread(deliver, path, content)
    except OSError as error:
        log.warning("maildir-failed", error=errno.errorcode.get(error.errno or 0, "unknown"))
        return refusal_for(error)
    return DELIVERED


def refusal_for(error: OSError) -> Reply:
    """Always transient: a disk is mended sooner than a lost message."""
    return FULL if error.errno in _FULL else UNKNOWN


def deliver(path: Path, content: bytes) -> Path:
    """The file in `new/`, on the disk when this returns. Raises OSError; then nothing is left behind."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    for folder in ("tmp", "new", "cur"):
        (path / folder).mkdir(mode=0o700, exist_ok=True)
    draft = path / "tmp" / secrets.token_hex(16)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content.replace(b"\r\n", b"\n"))
            file.flush()
            os.fsync(file.fileno())
            name = _unique_name(os.fstat(file.fileno()))
        final = draft.rename(path / "new" / name)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(path / "new")
    return final


def look(path: Path) -> str:
    """Whether `deliver` could write there, without writing: the folder's state in words. Raises Unavailable."""
    folders = (path, *(path / name for name in ("tmp", "new", "cur")))
    nearest = {_nearest(folder) for folder in folders}
    for folder in sorted(nearest):
        if not folder.is_dir():
            raise Unavailable(f"{folder} is a file, so no folder can be there; take it away or name another place")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise Unavailable(f"{folder} can't be written to; chown it to the gateway's user")
    return "is a Maildir that can be written to" if path.is_dir() else "is no folder yet; the first delivery makes it"


def _nearest(path: Path) -> Path:
    """The path, or as much of it as is there."""
    absolute = path.absolute()
    return next(one for one in (absolute, *absolute.parents) if os.path.lexists(one))


def _unique_name(stat: os.stat_result) -> str:
    """As maildir(5) wants it: seconds, what tells two deliveries apart, host. The time is the file's own."""
    seconds, rest = divmod(stat.st_mtime_ns, 10**9)
    host = socket.gethostname().replace("/", r"\057").replace(":", r"\072") or "localhost"
    return f"{seconds}.M{rest // 1000}P{os.getpid()}Q{next(_numbers)}R{secrets.token_hex(4)}.{host}"


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _field(name: str, value: str) -> bytes:
    return f"{name}: {value}\r\n".encode("utf-8", "surrogateescape")


def noted(reverse_path: str, recipient: str, content: bytes) -> bytes:
    """Content with the envelope on top, for a Maildir in which mail for many people gathers."""
    return (
        _field("Return-Path", f"<{reverse_path}>")
        + _field("Delivered-To", recipient)
        + _field("X-Handrail-Envelope-To", recipient)
        + content
    )
