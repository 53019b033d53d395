"""Signing in by a browser that comes back to this machine (RFC 8252 7.3), with proof that it was we who sent it out.

In goes a registration, out come first the address to open, then tokens. The listener stands on loopback alone, takes
one answer to the very question that was asked (RFC 7636, `state`), and shows nobody what it was. Knows no terminal.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import h11

from gateway.ports import Unavailable
from gateway.sign_in.grants import Denied, Granted, Registration, code_form, code_from, granted, question
from gateway.sign_in.post import Post

#: Seconds that a browser's request may take.
_PATIENCE = 10.0
_BLOCK = 16 * 1024
_HEAD = "<!doctype html><meta charset=utf-8><title>Handrail</title><body style='font-family:sans-serif;margin:3em'>"
_DONE = f"{_HEAD}<p>Thank you. The gateway goes on by itself; you may close this window."
_DENIED = f"{_HEAD}<p>The sign-in was not granted. The terminal says more; you may close this window."
_STRANGE = f"{_HEAD}<p>This is not the sign-in that the gateway waits for. Open the address that it shows now."
_FIELDS = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Connection", "close"),
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
]


class Browser:
    """One sign-in under way. Made by `open_browser`."""

    def __init__(self, registration: Registration, redirect: str, user: str, post: Post) -> None:
        """`redirect` is where the listener really stands."""
        self._registration = registration
        self._redirect = redirect
        self._post = post
        self._question = question(registration, redirect, user)
        self._code: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    @property
    def url(self) -> str:
        """What to open."""
        return self._question.url

    @property
    def port(self) -> int:
        """Where the answer is awaited, for who must lead it here from another machine."""
        return urlsplit(self._redirect).port or 80

    async def wait(self) -> Granted:
        """The tokens, once the person has decided. Raises Denied, Unregistered and Unavailable."""
        code = await self._code
        form = code_form(self._registration, code, self._redirect, self._question.verifier)
        return granted(await self._post(self._registration.token, form))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request of a browser."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._serve(reader, writer)
        except (OSError, TimeoutError, h11.ProtocolError):
            return  # whoever it was did not speak like a browser, or went
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = h11.Connection(h11.SERVER)
        while (event := talk.next_event()) is h11.NEED_DATA:
            talk.receive_data(await reader.read(_BLOCK))
        if not isinstance(event, h11.Request):
            return
        status, page = self._hear(event)
        body = page.encode()
        fields = [*_FIELDS, ("Content-Length", str(len(body)))]
        for said in (h11.Response(status_code=status, headers=fields), h11.Data(body), h11.EndOfMessage()):
            writer.write(talk.send(said) or b"")
        await writer.drain()

    def _hear(self, request: h11.Request) -> tuple[int, str]:
        asked = urlsplit(request.target.decode("ascii", "replace"))
        path = urlsplit(self._redirect).path or "/"
        if request.method != b"GET" or asked.path != path:
            return 404, _STRANGE  # browsers ask for icons
        try:
            code = code_from(asked.query, self._question.state)
        except Denied as fault:
            return 200, self._settle(fault)
        except Unavailable:
            return 400, _STRANGE
        return 200, self._settle(code)

    def _settle(self, found: str | Denied) -> str:
        if not self._code.done() and isinstance(found, str):
            self._code.set_result(found)
        elif not self._code.done() and isinstance(found, Denied):
            self._code.set_exception(found)
        return _DENIED if isinstance(found, Denied) else _DONE


@asynccontextmanager
async def open_browser(registration: Registration, user: str, post: Post) -> AsyncIterator[Browser]:
    """Listen for the way back, on the redirect's port or a free one. Raises Unavailable where that is taken."""
    parts = urlsplit(registration.redirect)
    try:
        listening = socket.create_server(("127.0.0.1", parts.port or 0))
    except OSError as error:
        mend = "end what listens there, or write another port into `oauth2.redirect`"
        raise Unavailable(f"port {parts.port} is taken ({error.strerror}); {mend}") from error
    redirect = f"http://{parts.hostname}:{listening.getsockname()[1]}{parts.path}"
    browser = Browser(registration, redirect, user, post)
    async with await asyncio.start_server(browser.serve, sock=listening):
        yield browser
