"""Sign-ins by OAuth 2 that no single value shows to be wrong: nobody to sign in as, nowhere to ask, two ways at once.

Works on the plain values of `gateway.yaml`, as `settings.crosscheck` does, with what providers fill in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from gateway.settings.documents import Document, Key
from gateway.settings.errors import Fault
from gateway.settings.hosts import on_loopback
from gateway.settings.providers import fill_mailbox, fill_smarthost, known

_SECURED = {"imap": "imaps: or imap+starttls:", "smtp": "smtps: or smtp+starttls:"}


def sign_ins(document: Document) -> Iterator[Fault]:
    """Every fault of sign-ins in `gateway.yaml`."""
    mailboxes = _mapping(document.data.get("mailboxes"))
    for name, said in mailboxes.items():
        at, mailbox = ("mailboxes", str(name)), fill_mailbox(_mapping(said))
        if "oauth2" in mailbox:
            yield from _oauth2(document, at, mailbox)
            yield from _place(document, at, "watch", mailbox.get("watch"))
    smarthost = fill_smarthost(_mapping(document.data.get("smarthost")))
    if "oauth2" in smarthost:
        yield from _oauth2(document, ("smarthost",), smarthost)
        yield from _somebody(document, smarthost)
    if smarthost.get("sign_in"):
        yield from _borrowed(document, smarthost, mailboxes)
    if "oauth2" in smarthost or smarthost.get("sign_in") or smarthost.get("user"):
        yield from _place(document, ("smarthost",), "url", smarthost.get("url"))


def _oauth2(document: Document, at: Key, said: Mapping[str, Any]) -> Iterator[Fault]:
    oauth2, here, provider = said["oauth2"], (*at, "oauth2"), known(said)
    if not isinstance(oauth2, Mapping):
        return  # told as a value of the wrong type
    if provider is not None and not provider.oauth2:
        mend = f"take it out, and set `password` to {provider.instead}"
        yield document.fault(here, f"{provider.called} lets no mail program sign in by OAuth 2", mend, at_key=True)
        return
    if said.get("password"):
        yield document.fault(here, "both a password and OAuth 2", "take one of both out", at_key=True)
    if not oauth2.get("token"):
        mend = "add `token`, the address where the provider gives tokens; or name a `provider` that is known"
        yield document.fault((*here, "token"), "missing", mend)
    if not oauth2.get("authorize") and not oauth2.get("device"):
        mend = "add `authorize` (by browser) or `device` (by device code); or name a `provider` that is known"
        yield document.fault((*here, "authorize"), "there is no address to ask the person at", mend)


def _place(document: Document, at: Key, key: str, url: object) -> Iterator[Fault]:
    """A token opens the whole mailbox: it goes out by TLS alone, and only where somebody asks for it."""
    parts = _split(url)
    if parts is None:
        return  # told as a URL that can't be
    here = (*at, key)
    if parts.scheme in ("", "maildir"):
        mend = f"set `{key}` to a mail server, or take the sign-in out"
        yield document.fault(here, "nothing signs in there", mend)
    elif parts.scheme in _SECURED and not on_loopback(parts.hostname or ""):
        yield document.fault(here, "tokens would go over the network in clear text", f"write {_SECURED[parts.scheme]}")


def _somebody(document: Document, smarthost: Mapping[str, Any]) -> Iterator[Fault]:
    parts = _split(smarthost.get("url"))
    if not smarthost.get("user") and (parts is None or not parts.username):
        mend = "add it: the address that sends, for example ana@hopestreet.example; or set `sign_in` to a mailbox"
        yield document.fault(("smarthost", "user"), "missing", mend)


def _borrowed(document: Document, smarthost: Mapping[str, Any], mailboxes: Mapping[Any, Any]) -> Iterator[Fault]:
    at, name = ("smarthost", "sign_in"), smarthost["sign_in"]
    if "oauth2" in smarthost or smarthost.get("password"):
        yield document.fault(at, "two ways to sign in", "take `sign_in` out, or the other")
    if name not in mailboxes:
        there = ", ".join(sorted(map(str, mailboxes)))
        yield document.fault(at, f"no mailbox {name!r}", f"write one of: {there}")
    elif "oauth2" not in _mapping(mailboxes[name]):
        yield document.fault(at, f"mailbox {name} does not sign in by OAuth 2", "give it `oauth2`, or take this out")


def _split(url: object) -> SplitResult | None:
    try:
        return urlsplit(url) if isinstance(url, str) else urlsplit("")
    except ValueError:
        return None


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}
