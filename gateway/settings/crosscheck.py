"""What no single value shows: names that nothing bears, addresses that two mailboxes claim, files that are not there.

Works on the plain values of the documents, so that one fault elsewhere hides none of these.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gateway.core.addresses import key as same_address
from gateway.core.addresses import matches
from gateway.settings.documents import Document, Key
from gateway.settings.errors import Fault
from gateway.settings.hosts import on_loopback
from gateway.settings.mends import suggest

#: Where gateway.yaml names files that must exist; `*` stands for every mailbox.
_FILES: tuple[Key, ...] = (
    ("smtp", "tls", "certificate"),
    ("smtp", "tls", "key"),
    ("smarthost", "trust"),
    ("mailboxes", "*", "trust"),
)
#: Where it says how a secret is found. The store's key may be missing: the first start makes it.
_SECRETS: tuple[Key, ...] = (
    ("smarthost", "password"),
    ("store", "password"),
    ("store", "key"),
    ("mailboxes", "*", "password"),
    ("mailboxes", "*", "deliver_password"),
)
_MADE_AT_FIRST_START = ("store", "key")
_SOURCES = ("env", "file", "credential")
#: Where a URL may name a user, whose password would go with it; and what to write in place of a scheme without TLS.
_URLS: tuple[Key, ...] = (("smarthost", "url"), ("mailboxes", "*", "deliver"))
_SECURED = {"smtp": "smtp+starttls: or smtps:", "lmtp": "lmtp+unix:"}


def check(gateway: Document, routes: Document | None, policies: Collection[str], folder: Path) -> Iterator[Fault]:
    """Every fault between the files of one config folder."""
    if not isinstance(gateway.data, dict):
        return
    yield from _mailboxes(gateway, policies)
    yield from _files(gateway, folder)
    yield from _secrets(gateway, folder)
    yield from _in_the_clear(gateway)
    if routes is not None and isinstance(routes.data, list):
        yield from _routes(routes, set(_mapping(gateway.data.get("mailboxes"))), policies)


def _mailboxes(document: Document, policies: Collection[str]) -> Iterator[Fault]:
    owners: dict[str, str] = {}
    for name, mailbox in _mapping(document.data.get("mailboxes")).items():
        at: Key = ("mailboxes", str(name))
        policy = _mapping(mailbox).get("policy")
        if isinstance(policy, str) and policy not in policies:
            yield document.fault((*at, "policy"), f"no policy {policy!r}", suggest(policy, policies, "policies"))
        for place, address in _addresses(_mapping(mailbox)):
            yield from _address(document, (*at, *place), address, str(name), owners)


def _addresses(mailbox: Mapping[str, Any]) -> Iterator[tuple[Key, str]]:
    if isinstance(address := mailbox.get("address"), str):
        yield ("address",), address
    aliases = mailbox.get("aliases")
    for number, alias in enumerate(aliases if isinstance(aliases, list) else []):
        if isinstance(alias, str):
            yield ("aliases", number), alias


def _address(document: Document, at: Key, address: str, name: str, owners: dict[str, str]) -> Iterator[Fault]:
    if not _is_address(address):
        yield document.fault(at, f"{address!r} is no address", "write for example ana@hopestreet.example")
        return
    owner = owners.setdefault(same_address(address), name)
    if owner != name:
        yield document.fault(at, f"{address} belongs to mailbox {owner} already", "give each mailbox its own address")


def _is_address(text: str) -> bool:
    local, _, domain = text.rpartition("@")
    return bool(local and domain) and not any(sign in text for sign in " <>,*\r\n")


def _routes(document: Document, mailboxes: Collection[str], policies: Collection[str]) -> Iterator[Fault]:
    if not document.data:
        yield document.fault((), "no route", "add one, or take the file away: then each mailbox gets its own addresses")
    earlier: list[tuple[int, str]] = []
    for number, rule in enumerate(document.data):
        fields = _mapping(rule)
        for name, known in (("mailbox", mailboxes), ("policy", policies)):
            value = fields.get(name)
            if isinstance(value, str) and value and value not in known:
                mend = suggest(value, known, "mailboxes" if name == "mailbox" else "policies")
                yield document.fault((number, name), f"no {name} {value!r}", mend)
        if isinstance(pattern := fields.get("to"), str):
            yield from _pattern(document, number, pattern, earlier)
            earlier.append((number, pattern))


def _pattern(document: Document, number: int, pattern: str, earlier: list[tuple[int, str]]) -> Iterator[Fault]:
    if pattern.count("*") > 1:
        yield document.fault((number, "to"), "more than one *", "write one * only, for example *@hopestreet.example")
    cover = next((line for line, other in earlier if matches(other, pattern)), None)
    if cover is not None:
        line = document.values[(cover,)][0]
        yield document.fault((number, "to"), f"never reached: line {line} takes it first", "move it up")


def _files(document: Document, folder: Path) -> Iterator[Fault]:
    for at, value in _each(document, _FILES):
        if isinstance(value, str) and not (folder / value).is_file():
            yield document.fault(at, "no such file", f"looked for {folder / value}")


def _secrets(document: Document, folder: Path) -> Iterator[Fault]:
    for at, value in _each(document, _SECRETS):
        if not isinstance(value, dict):
            continue
        given = [name for name in _SOURCES if value.get(name)]
        if len(given) != 1:
            what = "names no source" if not given else f"names {len(given)} sources"
            yield document.fault(at, what, "write exactly one of env, file, credential")
        elif given == ["file"] and at != _MADE_AT_FIRST_START and not (folder / str(value["file"])).is_file():
            yield document.fault((*at, "file"), "no such file", f"looked for {folder / str(value['file'])}")


def _in_the_clear(document: Document) -> Iterator[Fault]:
    for at, value in _each(document, _URLS):
        try:
            parts = urlsplit(str(value))
        except ValueError:
            continue  # told as a URL that can't be
        # A password within the URL is told as such.
        exposed = bool(parts.username) and not parts.password and not on_loopback(parts.hostname or "")
        if parts.scheme in _SECURED and exposed:
            mend = f"write {_SECURED[parts.scheme]}, or take the user out"
            yield document.fault(at, "the password would go over the network in clear text", mend)


def _each(document: Document, paths: tuple[Key, ...]) -> Iterator[tuple[Key, Any]]:
    mailboxes = [str(name) for name in _mapping(document.data.get("mailboxes"))]
    for path in paths:
        for name in mailboxes if "*" in path else [""]:
            at = tuple(name if part == "*" else part for part in path)
            value: Any = document.data
            for part in at:
                value = _mapping(value).get(part)
            if value is not None:
                yield at, value


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, dict) else {}
