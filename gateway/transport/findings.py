"""What a look at a mail server found, in words, for a check before mail depends on it.

In goes what the server offers, or what went wrong; out comes a phrase that names the server and never a person.
A server's own text stays out of it: a refused sign-in may quote the user.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import aiosmtplib

from gateway.ports import Unavailable
from gateway.transport.smtp import Broken, Target, Timeouts

#: Extensions that change how we hand mail over.
_USED = ("PIPELINING", "8BITMIME", "SMTPUTF8")
#: Seconds that a look waits for any one answer: less than a relay does, since a person waits for it.
LOOK = 20.0


def found(target: Target, offers: Mapping[str, str]) -> str:
    """`answers as LMTP, no TLS, PIPELINING`: what we talked to, and what it offered by keyword (RFC 5321 4.1.1.1)."""
    parts = [
        f"answers as {'LMTP' if target.lmtp else 'SMTP'}",
        "TLS verified" if target.security else "no TLS",
        "signed in" if target.user else "",
        *(name for name in _USED if name in offers),
        _size(offers.get("SIZE", "")),
    ]
    return ", ".join(part for part in parts if part)


def trouble(target: Target, error: BaseException) -> Unavailable:
    """What is in the way, by the innermost fault that says something."""
    chain = list(_causes(error))
    words = next((words for one in reversed(chain) if (words := _in_words(target, one))), type(error).__name__)
    return Unavailable(words)


def no_trust(trust: Path | None) -> Unavailable:
    """The authority of the settings can't be read."""
    return Unavailable(f"{trust} holds no certificate that could be trusted; write a PEM file with one")


def hasty(timeouts: Timeouts) -> Timeouts:
    """Time-outs for a look."""
    return replace(timeouts, connect=min(timeouts.connect, LOOK), command=min(timeouts.command, LOOK))


def _size(limit: str) -> str:
    """RFC 1870 4: without a number, or with 0, there is no fixed limit."""
    return f"up to {int(limit) / 1e6:g} MB a message" if limit.isdigit() and int(limit) else ""


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _in_words(target: Target, error: BaseException) -> str:
    where = target.socket or f"{target.host}:{target.port}"
    match error:
        case Broken() if not error.reason.startswith("no connection"):
            return f"{where}: {error.reason}"
        case aiosmtplib.SMTPResponseException():
            return f"{where} {_refused(error)} with {error.code}"
        case aiosmtplib.SMTPServerDisconnected():
            return f"{where} hung up"
        case aiosmtplib.SMTPTimeoutError() | TimeoutError():
            return f"{where} does not answer in time"
        case aiosmtplib.SMTPException() if not isinstance(error, aiosmtplib.SMTPConnectError):
            return f"{where}: {error.message.rstrip('.')}"
        case UnicodeError():
            return f"{target.host} is no name of a host"
        case OSError():
            return _no_connection(where, target, error)
    return ""


def is_switched_off(error: aiosmtplib.SMTPAuthenticationError) -> bool:
    """Whether Microsoft's switch for SMTP AUTH is off, of a whole organisation or of one mailbox: then no token helps,
    while IMAP may well work (learn.microsoft.com, 2026).
    """
    return error.code == 535 and "5.7.139" in error.message


def _refused(error: aiosmtplib.SMTPResponseException) -> str:
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        if is_switched_off(error):
            return "has SMTP sign-in switched off for this mailbox (5.7.139; its administrator can allow it): refuses"
        return "refuses the sign-in"
    return "refuses our greeting" if isinstance(error, aiosmtplib.SMTPHeloError) else "refuses the connection"


def _no_connection(where: str, target: Target, error: OSError) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            why = error.verify_message.rstrip(".")
            return f"{where} shows a certificate that can't be trusted ({why}); name its authority in `trust`"
        case ssl.SSLError(reason="WRONG_VERSION_NUMBER"):
            return f"{where} does not begin with TLS; write smtp+starttls:// in place of smtps://"
        case ssl.SSLError():
            return f"{where} and the gateway agree on no TLS ({error.reason or 'no reason given'})"
        case socket.gaierror():
            return f"the name {target.host} has no address"
        case ConnectionRefusedError():
            return f"nothing listens on {where}"
        case FileNotFoundError():
            return f"there is no socket {where}"
        case PermissionError():
            return f"this user may not open {where}"
    return f"no connection to {where}" + (f" ({error.strerror})" if error.strerror else "")
