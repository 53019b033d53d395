"""One look at a mailbox from outside the watch, for a check before the gateway runs; it changes nothing there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from gateway.mailbox.imap import Access, connect
from gateway.ports import Bearer, Unavailable
from gateway.settings.schema import Mailbox


async def sign_in(settings: Mailbox, password: Callable[[], str], bearer: Bearer | None = None) -> str:
    """Sign in as the watch would and look at the inbox; what was found, in words. Raises Unavailable."""
    assert settings.watch is not None
    if settings.watch.startswith("maildir:"):
        return await asyncio.to_thread(_maildir, Path(settings.watch.removeprefix("maildir:")))
    user = settings.user or settings.address
    access = Access.from_url(settings.watch, user, password, settings.trust, bearer)
    async with connect(access) as connection:
        selected = await connection.select(settings.inbox)
    tag = settings.tags.urgent
    if tag and not selected.keeps(tag):
        return f"signs in; the server keeps no keyword {tag}, so urgent messages are flagged instead"
    return "signs in" + (f"; tags show as {tag}" if tag else "")


def _maildir(root: Path) -> str:
    if not root.is_dir():
        return "is no folder yet; the first delivery makes it"
    try:
        count = sum(1 for part in ("new", "cur") for _ in (root / part).iterdir())
    except OSError as error:
        raise Unavailable(f"the Maildir can't be read ({error.strerror})") from error
    return f"is a Maildir with {count} messages"
