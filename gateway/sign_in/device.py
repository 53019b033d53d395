"""Signing in by a code that a person types in on any machine they like (RFC 8628): the gateway needs no browser.

In goes a registration, out come first the code to show, then tokens. Knows no terminal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway.ports import Clock, Unavailable
from gateway.sign_in.grants import (
    Denied,
    Granted,
    Pending,
    Registration,
    Unregistered,
    checked,
    device_code_form,
    device_form,
    granted,
)
from gateway.sign_in.post import Post

#: RFC 8628 3.2 and 3.5: how often to ask where nobody says, and how much slower after a complaint.
_INTERVAL = timedelta(seconds=5)
_SLOWER = timedelta(seconds=5)
#: How long a code holds where nobody says, and the longest that we wait.
_LONG = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What a person is shown, and till when it holds."""

    #: What to type in, and where.
    code: str
    url: str
    #: The same address with the code in it; empty where the provider gives none.
    whole_url: str
    until: datetime
    interval: timedelta
    secret: str = field(repr=False)


async def ask_for_code(registration: Registration, post: Post, now: datetime) -> DeviceCode:
    """A code to show. Raises Denied, Unregistered and Unavailable."""
    said = checked(await post(registration.device, device_form(registration)))
    # Google's older servers say verification_url.
    url = str(said.get("verification_uri") or said.get("verification_url") or "")
    if not url or not said.get("user_code") or not said.get("device_code"):
        raise Unavailable("the provider gave no code; sign in by browser")
    return DeviceCode(
        code=str(said["user_code"]),
        url=url,
        whole_url=str(said.get("verification_uri_complete") or ""),
        until=now + min(_span(said.get("expires_in"), _LONG), _LONG),
        interval=_span(said.get("interval"), _INTERVAL),
        secret=str(said["device_code"]),
    )


async def wait_for_person(
    registration: Registration, code: DeviceCode, post: Post, clock: Clock, tell: Callable[[timedelta], None]
) -> Granted:
    """Ask until the person has decided; `tell` hears before each question how long the code still holds.

    Raises Denied where they said no or took too long, and Unregistered.
    """
    interval, never = code.interval, asyncio.Event()
    form = device_code_form(registration, code.secret)
    while (left := code.until - clock.now()) > timedelta():
        tell(left)
        await clock.wait(never, clock.now() + interval)
        try:
            return granted(await post(registration.token, form))
        except Pending as pending:
            interval += _SLOWER if pending.slower else timedelta()
        except (Denied, Unregistered):
            raise
        except Unavailable:
            interval *= 2  # RFC 8628 3.5
    raise Denied("expired_token")


def _span(seconds: object, otherwise: timedelta) -> timedelta:
    try:
        return timedelta(seconds=float(seconds)) if seconds else otherwise  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return otherwise
