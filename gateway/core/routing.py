"""Recipient and reverse-path to a route, known at RCPT; first match wins."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.addresses import matches


@dataclass(frozen=True, slots=True)
class Route:
    """Where mail for a recipient goes: the mailbox (its name in the settings) and the policy that decides."""

    pattern: str
    mailbox: str
    policy: str


def route_for(recipient: str, routes: tuple[Route, ...]) -> Route | None:
    """The first route whose pattern covers the recipient; None means that we do not relay for it."""
    return next((route for route in routes if matches(route.pattern, recipient)), None)


def serves_domain(recipient: str, routes: tuple[Route, ...]) -> bool:
    """Whether any route names the recipient's domain: tells 550 5.1.1 (no such mailbox) from 5.7.1 (no relaying)."""
    domain = recipient.rpartition("@")[2].casefold()
    return any(route.pattern.rpartition("@")[2].casefold() == domain for route in routes)
