"""Kinds of values that settings have: zones, regions, hosts with ports, URLs. Each fault says what to write instead."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, WithJsonSchema

from gateway.core.policy.public import holidays_of
from gateway.settings.hosts import on_loopback


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name!r} is no time zone; write for example Europe/Berlin") from error
    return name


def _region(name: str) -> str:
    holidays_of(name)
    return name


def _country(code: str) -> str:
    if not _COUNTRY.fullmatch(code) or code == "UK":
        raise ValueError(f"{code!r} is no country; write its two letters (ISO 3166-1), for example AU or GB")
    return code


def _listen(value: str) -> str:
    host, colon, port = value.rpartition(":")
    if not colon or not host or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise ValueError(f"{value!r} is no host and port; write for example 127.0.0.1:8025 or [::1]:8025")
    return value


#: Schemes whose URL is a path.
_PATHS = ("maildir", "lmtp+unix")
_COUNTRY = re.compile("[A-Z]{2}")


def _url(*schemes: str) -> AfterValidator:
    def check(value: str) -> str:
        parts = _split(value)
        if parts.scheme not in schemes:
            raise ValueError(f"unknown scheme {parts.scheme!r}; write one of {', '.join(f'{s}:' for s in schemes)}")
        if parts.password:
            raise ValueError("a password in a URL ends up in logs; use password: {env: NAME}")
        if parts.scheme in _PATHS:
            if parts.netloc or not parts.path:
                raise ValueError(f"{value!r} names no path; write for example {parts.scheme}:/srv/ana")
        elif not parts.hostname:
            raise ValueError("the host is missing; write for example lmtp://127.0.0.1:24")
        _port(parts)
        return value

    return AfterValidator(check)


def _calendar(value: str) -> str:
    """A path, or a URL that may be fetched: a calendar tells who is in therapy, so it never comes in clear text."""
    parts = _split(value)
    # A drive or a colon in a file's name looks like a scheme.
    if not re.match("[a-z]+://", value, re.IGNORECASE):
        return value
    if parts.scheme in ("http", "webcal"):
        raise ValueError("a calendar must not come over the network in clear text; write https: in place of the scheme")
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError("it is no calendar; write a file, or an address that begins with https://")
    if parts.password:
        raise ValueError("a password in a URL ends up in logs; use the calendar's private address")
    _port(parts)
    return value


def _https(value: str) -> str:
    """A place that is shown a secret: over the network by TLS alone."""
    parts = _split(value)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError(f"{value!r} is no address; write one that begins with https://")
    if parts.scheme == "http" and not on_loopback(parts.hostname):
        raise ValueError("secrets would go over the network in clear text; write https: in place of http:")
    if parts.password:
        raise ValueError("a password in a URL ends up in logs; take it out")
    _port(parts)
    return value


def _redirect(value: str) -> str:
    """Where the browser comes back to: this machine, where `handrail login` listens (RFC 8252 7.3)."""
    parts = _split(value)
    if parts.scheme != "http" or not on_loopback(parts.hostname or ""):
        raise ValueError(f"{value!r} does not lead back to this machine; write for example http://127.0.0.1:8400")
    _port(parts)
    return value


def _split(value: str) -> SplitResult:
    try:
        return urlsplit(value)
    except ValueError as error:
        raise ValueError("the URL can't be read; write an IPv6 address in brackets, for example [::1]") from error


def _port(parts: SplitResult) -> None:
    try:
        fits = parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        raise ValueError("the port can't be; write a number from 1 to 65535 behind the colon")


def _store_url(value: str) -> str:
    parts = _split(value)
    if parts.scheme not in ("sqlite", "postgresql", "postgres"):
        raise ValueError(f"unknown scheme {parts.scheme!r}; write sqlite:///PATH or postgresql://user@host/name")
    if parts.scheme == "sqlite" and (parts.netloc or parts.path in ("", "/", "/:memory:")):
        raise ValueError(f"{value!r} names no file; write for example sqlite:///var/handrail.db")
    _port(parts)
    return value


def _matching(pattern: str, *examples: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, **({"examples": list(examples)} if examples else {})})


ZoneName = Annotated[str, AfterValidator(_zone)]
Region = Annotated[
    str, AfterValidator(_region), _matching("^([A-Za-z]{2}(-[A-Za-z0-9]{1,3})?)?$", "US", "AU-NSW", "DE-BY")
]
Country = Annotated[str, AfterValidator(_country), _matching("^[A-Z]{2}$", "AU", "GB")]
Listen = Annotated[str, AfterValidator(_listen), _matching("^.+:[0-9]{1,5}$", "127.0.0.1:8025", "[::1]:8025")]
DeliverUrl = Annotated[
    str,
    _url("smtp", "smtp+starttls", "smtps", "lmtp", "lmtp+unix", "maildir"),
    _matching("^(smtp|smtp[+]starttls|smtps|lmtp|lmtp[+]unix|maildir):.+"),
]
SmarthostUrl = Annotated[
    str, _url("smtp", "smtp+starttls", "smtps", "maildir"), _matching("^(smtp|smtp[+]starttls|smtps|maildir):.+")
]
WatchUrl = Annotated[
    str, _url("imap", "imap+starttls", "imaps", "maildir"), _matching("^(imap|imap[+]starttls|imaps|maildir):.+")
]
StoreUrl = Annotated[str, AfterValidator(_store_url), _matching("^(sqlite|postgres(ql)?)://.+")]
CalendarSource = Annotated[str, AfterValidator(_calendar)]
HttpsUrl = Annotated[str, AfterValidator(_https), _matching("^https?://.+")]
RedirectUrl = Annotated[str, AfterValidator(_redirect), _matching("^http://.+", "http://127.0.0.1:8400")]
