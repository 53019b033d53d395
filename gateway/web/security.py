"""Header fields that every page carries, whatever made it: nothing is loaded from elsewhere, framed, sniffed or kept.

The pages need neither scripts nor forms, so the policy allows one style sheet of our own and nothing else.
"""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FIELDS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "interest-cohort=()",
    "Cache-Control": "no-store",
}


class SecurityHeaders:
    """ASGI middleware that adds `FIELDS` to every response. Stands outermost, so that errors carry them too."""

    def __init__(self, app: ASGIApp) -> None:
        """Wraps an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and the response with its fields."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_fields(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in FIELDS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_fields)
