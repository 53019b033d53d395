"""The settings in force: one value that a reload replaces as a whole, so that no decision sees half of two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from gateway.core import addresses
from gateway.core.decide.decision import Setting
from gateway.core.policy.calendar import Calendar
from gateway.core.policy.client import Client
from gateway.core.policy.schema import Policy
from gateway.core.replies import Reply, permanent
from gateway.core.routing import Route, route_for, serves_domain
from gateway.core.urgency.assess import Matcher
from gateway.settings.schema import Settings


@dataclass(frozen=True, slots=True)
class _Snapshot:
    settings: Settings
    routes: tuple[Route, ...]
    own: frozenset[str]
    matcher: Matcher


class InForce:
    """Answers with the settings that hold now. `replace` swaps them in one step; running decisions keep theirs."""

    def __init__(self, settings: Settings, routes: tuple[Route, ...]) -> None:
        self._now = _snapshot(settings, routes)

    def replace(self, settings: Settings, routes: tuple[Route, ...]) -> None:
        """From here on these hold."""
        self._now = _snapshot(settings, routes)

    @property
    def settings(self) -> Settings:
        """The whole value."""
        return self._now.settings

    @property
    def policies(self) -> Mapping[str, Policy]:
        """Every policy by its name."""
        return self._now.settings.policies

    @property
    def own(self) -> frozenset[str]:
        """The practice's own addresses, folded."""
        return self._now.own

    def route(self, reverse_path: str, recipient: str) -> Route | Reply:  # noqa: ARG002 - routes may come to ask it
        """The route for a recipient, or the refusal: 550 5.1.1 in a domain of ours, else 550 5.7.1."""
        found = route_for(recipient, self._now.routes)
        if found is not None:
            return found
        if serves_domain(recipient, self._now.routes):
            return permanent(550, "1.1", "No such mailbox here")
        return permanent(550, "7.1", "Relaying denied")

    def default_route(self, mailbox: str) -> Route:
        """The route for mail that is found in the mailbox itself."""
        known = self._now.settings.gateway.mailboxes[mailbox]
        return route_for(known.address, self._now.routes) or Route(known.address, mailbox, known.policy)

    def setting(self, mailbox: str, policy: str, client: Client | None = None) -> Setting:
        """What decides for a mailbox under a policy; a client's own policy goes first, where it exists."""
        settings = self._now.settings
        known, practice = settings.gateway.mailboxes[mailbox], settings.gateway.practice
        name = client.policy if client and client.policy in settings.policies else policy
        name = name if name in settings.policies else known.policy
        return Setting(
            mailbox=mailbox,
            address=known.address,
            own=self._now.own,
            policy_name=name,
            policy=settings.policies[name],
            calendar=Calendar(ZoneInfo(practice.timezone)),
            language=practice.language,
            alert_to=known.alert or known.address,
            authserv=known.trusted_authserv,
            urgent_tag=known.tags.urgent,
            scheduling_tag=known.tags.scheduling,
            matcher=self._now.matcher,
            client=client,
        )


def _snapshot(settings: Settings, routes: tuple[Route, ...]) -> _Snapshot:
    mailboxes = settings.gateway.mailboxes.values()
    own = {addresses.key(one) for mailbox in mailboxes for one in (mailbox.address, *mailbox.aliases)}
    return _Snapshot(settings, routes, frozenset(own), Matcher(settings.lexicons))
