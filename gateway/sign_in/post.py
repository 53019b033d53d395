"""One form posted over HTTPS, and what came back: all that OAuth 2.0 needs of the web from a machine.

In go an `https://` address and a form, out come status and body, bounded in size and time. Certificates are always
verified. Nothing leads on from there: a redirect would take secrets to where nobody wrote that they may go. Knows
nothing of tokens.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import h11

from gateway.ports import Unavailable

#: Octets of the longest answer: tokens are some thousand each.
LONGEST = 256 * 1024
#: Seconds that one exchange may take in all.
PATIENCE = 20.0
_CLOSING = 1.0
_BLOCK = 16 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes


#: Posts a form, already encoded, to an address. Raises Unavailable.
Post = Callable[[str, str], Awaitable[Answer]]


def poster(trust: Path | None = None, patience: float = PATIENCE) -> Post:
    """A way to post; `trust` is a PEM file with an authority to trust beside the system's."""

    async def post(url: str, form: str) -> Answer:
        parts = urlsplit(url)
        if parts.scheme != "https":
            raise Unavailable("the address to sign in at does not begin with https://; mend it in the settings")
        try:
            async with asyncio.timeout(patience):
                return await _exchange(parts, form.encode(), await asyncio.to_thread(_verifying, trust))
        except TimeoutError:
            raise Unavailable(f"{parts.hostname} took longer than {patience:g} seconds to answer") from None
        except ssl.SSLCertVerificationError as error:
            why = error.verify_message.rstrip(".")
            raise Unavailable(f"{parts.hostname} shows a certificate that can't be trusted ({why})") from None
        except (OSError, UnicodeError, h11.ProtocolError) as error:
            raise Unavailable(f"{parts.hostname} can't be asked now ({type(error).__name__})") from None

    return post


def _verifying(trust: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if trust is not None:
        context.load_verify_locations(cafile=trust)
    return context


async def _exchange(parts: SplitResult, form: bytes, tls: ssl.SSLContext) -> Answer:
    host = parts.hostname or ""
    reader, writer = await asyncio.open_connection(host, parts.port or 443, ssl=tls, server_hostname=host)
    try:
        talk = h11.Connection(h11.CLIENT)
        for event in (_request(parts, len(form)), h11.Data(form), h11.EndOfMessage()):
            writer.write(talk.send(event) or b"")
        return await _answer(talk, reader)
    finally:
        await _close(writer)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        async with asyncio.timeout(_CLOSING):
            await writer.wait_closed()
    except (OSError, TimeoutError):
        writer.transport.abort()


def _request(parts: SplitResult, length: int) -> h11.Request:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    fields = [
        ("Host", parts.netloc.rpartition("@")[2]),
        ("User-Agent", "Handrail"),
        ("Accept", "application/json"),
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Content-Length", str(length)),
        ("Connection", "close"),
    ]
    return h11.Request(method="POST", target=target, headers=fields)


async def _answer(talk: h11.Connection, reader: asyncio.StreamReader) -> Answer:
    status, body = 0, b""
    while True:
        event = talk.next_event()
        if event is h11.NEED_DATA:
            talk.receive_data(await reader.read(_BLOCK))
        elif isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > LONGEST:
                raise h11.RemoteProtocolError("the answer is too long")
        elif isinstance(event, h11.InformationalResponse):
            continue
        else:
            return Answer(status, body)
