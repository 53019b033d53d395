"""Where bytes leave us: a URL of the settings becomes a transport to a downstream, or to the smart host.

The only place that knows which scheme means which class. Nothing is opened here.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from gateway.ports import Bearer
from gateway.settings.hosts import on_loopback
from gateway.transport.maildir import Maildir
from gateway.transport.pool import Downstream
from gateway.transport.smarthost import MaildirSmarthost, Smarthost
from gateway.transport.smtp import Target, Timeouts

__all__ = ["Downstream", "Maildir", "MaildirSmarthost", "Smarthost", "Timeouts", "smarthost_for", "transport_for"]

_SECURITY = {"smtp+starttls": "starttls", "smtps": "tls"}
_RELAY_PORTS = {"smtp": 25, "smtp+starttls": 25, "smtps": 465, "lmtp": 24}
_SUBMISSION_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


def transport_for(
    url: str,
    *,
    helo: str,
    password: str = "",
    trust: Path | None = None,
    timeouts: Timeouts = Timeouts(),  # noqa: B008 - frozen
) -> Downstream | Maildir:
    """The transport behind a mailbox's `deliver` URL; `helo` is the name we greet with.

    Use it with `async with`. Raises ValueError where a password would go out in the clear.
    """
    parts = urlsplit(url)
    if parts.scheme == "maildir":
        return Maildir(Path(unquote(parts.path)))
    if parts.scheme == "lmtp+unix":
        return Downstream(Target(helo, socket=unquote(parts.path), lmtp=True), timeouts=timeouts)
    return Downstream(_target(parts, helo, password, _RELAY_PORTS), trust, timeouts)


def smarthost_for(
    url: str,
    *,
    helo: str,
    user: str = "",
    password: str = "",
    per_minute: int = 30,
    trust: Path | None = None,
    bearer: Bearer | None = None,
) -> Smarthost | MaildirSmarthost:
    """The submission behind the `smarthost` URL, to be used with `async with`. Raises ValueError as above.

    `user` signs in where the URL names nobody, with the password or the bearer's tokens.
    """
    parts = urlsplit(url)
    if parts.scheme == "maildir":
        return MaildirSmarthost(Path(unquote(parts.path)))
    return Smarthost(_target(parts, helo, password, _SUBMISSION_PORTS, user), per_minute, trust, bearer=bearer)


def _target(parts: SplitResult, helo: str, password: str, ports: dict[str, int], user: str = "") -> Target:
    if parts.scheme not in ports:
        raise ValueError(f"unknown scheme {parts.scheme!r}; write one of {', '.join(f'{name}:' for name in ports)}")
    host, security = parts.hostname or "", _SECURITY.get(parts.scheme, "")
    user = unquote(parts.username or "") or user
    if user and not security and not on_loopback(host):
        raise ValueError(f"the password for {host} would go out in the clear; write smtp+starttls:// or smtps://")
    return Target(
        helo,
        host,
        parts.port or ports[parts.scheme],
        lmtp=parts.scheme == "lmtp",
        security=security,
        user=user,
        password=password,
    )
