"""Fetches a calendar's bytes, from a file or an `https://` address, within bounds of size and time.

In go a path or an address as the settings have it, out come bytes. `http://` is for loopback alone, certificates are
always verified, and nothing leads from an address to a file. Such addresses often hold a secret: none stands in an
error's text, and no cause that would show one hangs on it. Knows nothing of calendars.
"""

from __future__ import annotations

import asyncio
import ssl
import stat
import time
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from ipaddress import ip_address
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    Request,
)

from gateway.ports import Unavailable

#: The longest calendar that is read: some 25,000 events.
LONGEST = 5 * 1024 * 1024
#: Seconds of silence, and seconds in all, after which a server is given up.
SILENCE = 10.0
IN_ALL = 30.0
_BLOCK = 64 * 1024

Tls = Callable[[], ssl.SSLContext]


class Unreadable(Unavailable):
    """A calendar that can't be read now. The text says the mend; it names neither address nor event."""


async def fetch(source: str, folder: Path, tls: Tls) -> bytes:
    """The calendar's bytes; a path is relative to `folder`. Raises Unreadable."""
    if "://" in source:
        return await asyncio.to_thread(_download, source, tls)
    return await asyncio.to_thread(_read, folder / source)


def _read(path: Path) -> bytes:
    try:
        # A pipe or a device would hold us up for ever.
        if not stat.S_ISREG(path.stat().st_mode):
            raise Unreadable("the calendar is no plain file; name one that ends with .ics")
        with path.open("rb") as file:
            return _bounded(file.read(LONGEST + 1))
    except OSError as error:
        raise Unreadable(f"the calendar file can't be read ({error.strerror}); check its path and mode") from error


def _download(url: str, tls: Tls) -> bytes:
    try:
        parts = urlsplit(url)
        _insist_on_safety(parts)
        with _opener(parts.scheme, tls()).open(_request(url), timeout=SILENCE) as response:
            return _bounded(_drained(response))
    except HTTPError as error:
        error.close()
        raise Unreadable(f"the calendar's server answered {error.code}; check that its address still holds") from None
    except (URLError, OSError, HTTPException, ValueError) as error:
        cause = error.reason if isinstance(error, URLError) else error
        kind = type(cause).__name__
        raise Unreadable(f"the calendar's server can't be reached ({kind}); check address and network") from None


def _request(url: str) -> Request:
    return Request(url, headers={"User-Agent": "Handrail", "Accept": "text/calendar"})  # noqa: S310 - checked before


def _drained(response: HTTPResponse) -> bytes:
    """What the server sends, no longer than we wait for it."""
    end = time.monotonic() + IN_ALL
    content = b""
    while len(content) <= LONGEST and (block := response.read1(_BLOCK)):
        content += block
        if time.monotonic() > end:
            raise Unreadable("the calendar's server is too slow")
    return content


def _bounded(content: bytes) -> bytes:
    if len(content) > LONGEST:
        raise Unreadable(f"the calendar is longer than {LONGEST // 1024 // 1024} MB; give one without old events")
    return content


def _insist_on_safety(parts: SplitResult, *, http: bool = True) -> None:
    """Raises Unreadable for whatever is neither https nor, where `http` is allowed, on this machine."""
    if parts.scheme == "https" or (parts.scheme == "http" and http and _is_loopback(parts)):
        return
    raise Unreadable("the calendar's address is not safe; write https://, or http:// on this machine alone")


def _is_loopback(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class _Redirects(HTTPRedirectHandler):
    """To safe addresses only: a server out there must not lead us to what listens on this machine."""

    def __init__(self, scheme: str) -> None:
        self._scheme = scheme

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> Request | None:
        _insist_on_safety(urlsplit(newurl), http=self._scheme == "http")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener(scheme: str, tls: ssl.SSLContext) -> OpenerDirector:
    """Only what is needed: the usual one opens files, too."""
    opener = OpenerDirector()
    for handler in (
        HTTPHandler(),
        HTTPSHandler(context=tls),
        HTTPErrorProcessor(),
        HTTPDefaultErrorHandler(),
        _Redirects(scheme),
    ):
        opener.add_handler(handler)
    return opener
