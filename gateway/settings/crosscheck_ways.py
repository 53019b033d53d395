"""The ways that mail takes to each mailbox: by us (`deliver`), or without us and found there (`watch`).

Works on the plain values of the documents, as `settings.crosscheck` does, with what providers fill in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.settings.documents import Document
from gateway.settings.errors import Fault
from gateway.settings.providers import fill_mailbox


def ways(gateway: Document, routes: Document | None) -> Iterator[Fault]:
    """Every fault of a mailbox that mail can't reach, or that it is led to though it does not come by us."""
    mailboxes = {str(name): fill_mailbox(_mapping(said)) for name, said in _all(gateway).items()}
    without_us = {name for name, mailbox in mailboxes.items() if mailbox.get("deliver") is None}
    for name in mailboxes:
        if name in without_us:
            yield from _without_us(gateway, name, mailboxes[name])
    by_us = sorted(mailboxes.keys() - without_us)
    if by_us and _mapping(gateway.data.get("smtp")).get("listen") == []:
        what = f"nothing is listened on, so no mail for {', '.join(by_us)} can come in"
        mend = 'write for example listen: ["127.0.0.1:8025"], or take `deliver` out where mail comes without us'
        yield gateway.fault(("smtp", "listen"), what, mend)
    if routes is not None and isinstance(routes.data, list):
        yield from _led_astray(routes, without_us)


def _without_us(document: Document, name: str, mailbox: Mapping[str, Any]) -> Iterator[Fault]:
    at = ("mailboxes", name)
    if mailbox.get("watch") is None:
        what = "mail is neither handed on to it (`deliver`) nor found in it (`watch`)"
        mend = "set `deliver` if its domain's MX record leads here, else `watch`, for example imaps://user@host"
        yield document.fault(at, what, mend, at_key=True)
    if "deliver_password" in mailbox:
        mend = "take it out, or set `deliver`; the password for `watch` is `password`"
        yield document.fault((*at, "deliver_password"), "there is no `deliver` that it is for", mend, at_key=True)


def _led_astray(routes: Document, without_us: set[str]) -> Iterator[Fault]:
    for number, rule in enumerate(routes.data):
        name = _mapping(rule).get("mailbox")
        if isinstance(name, str) and name in without_us:
            what = f"mailbox {name} has no `deliver`, so mail can't be handed on to it"
            mend = f"take this line out, or set `deliver` for {name} in gateway.yaml"
            yield routes.fault((number, "mailbox"), what, mend)


def _all(document: Document) -> Mapping[Any, Any]:
    return _mapping(document.data.get("mailboxes"))


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, dict) else {}
