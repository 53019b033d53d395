"""What no single value shows: names that nothing bears, addresses that two mailboxes claim, files that are not there.

Works on the plain values of the documents, so that one fault elsewhere hides none of these.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gateway.core.addresses import key as same_address
from gateway.core.addresses import matches
from gateway.settings.crosscheck_folders import folders
from gateway.settings.crosscheck_sign_in import sign_ins
from gateway.settings.crosscheck_ways import ways
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
    ("mailboxes", "*", "absences_calendar"),
    ("mailboxes", "*", "sessions_calendar"),
)
#: Where it says how a secret is found. The store's key may be missing: the first start makes it.
_SECRETS: tuple[Key, ...] = (
    ("smarthost", "password"),
    ("store", "password"),
    ("store", "key"),
    ("mailboxes", "*", "password"),
    ("mailboxes", "*", "deliver_password"),
    ("smarthost", "oauth2", "client_secret"),
    ("mailboxes", "*", "oauth2", "client_secret"),
)
_MADE_AT_FIRST_START = ("store", "key")
_SOURCES = ("env", "file", "credential")
_PLURALS = {"mailbox": "mailboxes", "policy": "policies", "cover": "covers"}
#: Where a URL may name a user, whose password would go with it; and what to write in place of a scheme without TLS.
_URLS: tuple[Key, ...] = (("smarthost", "url"), ("mailboxes", "*", "deliver"))
_SECURED = {"smtp": "smtp+starttls: or smtps:", "lmtp": "lmtp+unix:"}


def check(
    gateway: Document, routes: Document | None, policies: Mapping[str, Document], folder: Path
) -> Iterator[Fault]:
    """Every fault between the files of one config folder; policies are whole, with all that they extend."""
    if not isinstance(gateway.data, dict):
        return
    yield from _mailboxes(gateway, policies)
    yield from _control(gateway, routes)
    yield from _covers(gateway, policies.values())
    yield from _absences(gateway)
    yield from _files(gateway, folder)
    yield from _secrets(gateway, folder)
    yield from _in_the_clear(gateway)
    yield from sign_ins(gateway)
    yield from ways(gateway, routes)
    yield from folders(gateway)
    if routes is not None and isinstance(routes.data, list):
        yield from _routes(routes, set(_mapping(gateway.data.get("mailboxes"))), policies)


def _mailboxes(document: Document, policies: Collection[str]) -> Iterator[Fault]:
    owners: dict[str, str] = {}
    for name, mailbox in _mapping(document.data.get("mailboxes")).items():
        at: Key = ("mailboxes", str(name))
        yield from _named(document, (*at, "policy"), _mapping(mailbox).get("policy"), "policy", policies)
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


def _control(document: Document, routes: Document | None) -> Iterator[Fault]:
    """A control address is the therapist's own door: nobody else's address, and mail to it must come here, where any
    for its mailbox does."""
    mailboxes = _mapping(document.data.get("mailboxes"))
    owners = {
        same_address(address): str(name)
        for name, mailbox in mailboxes.items()
        for _, address in _addresses(_mapping(mailbox))
    }
    for name, mailbox in mailboxes.items():
        at, address = ("mailboxes", str(name), "control"), _mapping(mailbox).get("control")
        if not isinstance(address, str) or not address:
            continue
        local, _, domain = str(_mapping(mailbox).get("address", "")).rpartition("@")
        mend = f"write one of its own, for example {local or 'ana'}+handrail@{domain or 'hopestreet.example'}"
        owner = owners.get(same_address(address))
        if not _is_address(address):
            yield document.fault(at, f"{address!r} is no address", mend)
        elif owner is not None:
            what = "clients write to it" if owner == str(name) else f"it belongs to mailbox {owner} already"
            yield document.fault(at, what, mend)
        elif _mapping(mailbox).get("deliver") is not None:
            yield from _not_led_here(document, at, address, str(name), routes)
        owners.setdefault(same_address(address), str(name))


def _not_led_here(document: Document, at: Key, address: str, name: str, routes: Document | None) -> Iterator[Fault]:
    """Without a file of routes, each mailbox takes its control address as it takes its own."""
    if routes is None or not isinstance(routes.data, list):
        return
    rules = [_mapping(rule) for rule in routes.data]
    taken = next((rule for rule in rules if matches(str(rule.get("to", "")), address)), None)
    mend = f'add {{to: "{address}", mailbox: {name}}} to routes.yaml, above any line that takes it'
    if taken is None:
        yield document.fault(at, f"no route leads mail for {address} here", mend)
    elif taken.get("mailbox") != name:
        yield document.fault(at, f"mail for {address} goes to mailbox {taken.get('mailbox')}", mend)


def _covers(document: Document, policies: Iterable[Document]) -> Iterator[Fault]:
    """Names that nothing bears, of covers and of their mailboxes; addresses that are none."""
    covers, mailboxes = (_mapping(document.data.get(kind)) for kind in ("covers", "mailboxes"))
    for name, cover in covers.items():
        address, mailbox = _mapping(cover).get("address"), _mapping(cover).get("mailbox")
        if isinstance(address, str) and not _is_address(address):
            mend = "write for example ben@quietroom.example"
            yield document.fault(("covers", str(name), "address"), f"{address!r} is no address", mend)
        yield from _named(document, ("covers", str(name), "mailbox"), mailbox, "mailbox", mailboxes)
    for name, mailbox in mailboxes.items():
        absences = _mapping(mailbox).get("absences")
        for number, absence in enumerate(absences if isinstance(absences, list) else []):
            at = ("mailboxes", str(name), "absences", number, "cover")
            yield from _named(document, at, _mapping(absence).get("cover"), "cover", covers)
    for policy in policies:
        named = _mapping(_mapping(policy.data).get("urgency")).get("cover")
        yield from _named(policy, ("urgency", "cover"), named, "cover", covers)


def _named(document: Document, at: Key, name: object, kind: str, known: Collection[str]) -> Iterator[Fault]:
    if isinstance(name, str) and name and name not in known:
        plural = _PLURALS[kind]
        mend = suggest(name, known, plural) or f"gateway.yaml names no {plural}; add it there, or take it out here"
        yield document.fault(at, f"no {kind} {name!r}", mend)


def _absences(document: Document) -> Iterator[Fault]:
    """Days that two absences of one mailbox claim: who covers, and until when, would be anybody's guess."""
    for name, mailbox in _mapping(document.data.get("mailboxes")).items():
        absences = _mapping(mailbox).get("absences")
        earlier: list[tuple[int, date, date]] = []
        for number, absence in enumerate(absences if isinstance(absences, list) else []):
            first, last = (_day(_mapping(absence).get(end)) for end in ("from", "until"))
            if first is None or last is None:
                continue
            both = next((one for one, start, end in earlier if start <= last and first <= end), None)
            if both is not None:
                at = ("mailboxes", str(name), "absences", number)
                yield document.fault(at, f"overlaps absences[{both}]", "make one shorter, or one of both")
            earlier.append((number, first, last))


def _day(value: object) -> date | None:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None  # told as a date that can't be


def _is_address(text: str) -> bool:
    local, _, domain = text.rpartition("@")
    return bool(local and domain) and not any(sign in text for sign in " <>,*\r\n")


def _routes(document: Document, mailboxes: Collection[str], policies: Collection[str]) -> Iterator[Fault]:
    if not document.data:
        yield document.fault((), "no route", "add one, or take the file away: then each mailbox gets its own addresses")
    earlier: list[tuple[int, str]] = []
    for number, rule in enumerate(document.data):
        fields = _mapping(rule)
        yield from _named(document, (number, "mailbox"), fields.get("mailbox"), "mailbox", mailboxes)
        yield from _named(document, (number, "policy"), fields.get("policy"), "policy", policies)
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
        if isinstance(value, str) and value and "://" not in value and not (folder / value).is_file():
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
