"""What is in force: settings, the versions of policies, and calendars, asked together for one decision.

The settings are one value that a reload replaces as a whole, so that no decision sees half of two. A policy is the
version that holds at an instant: a change that clients were told of waits for its day, whatever the file says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from gateway.core import addresses
from gateway.core.decide.decision import Setting, TagNames
from gateway.core.decide.tokens import Signer
from gateway.core.message.found import without_detail
from gateway.core.policy.calendar import Absence, Calendar, Session
from gateway.core.policy.client import Client
from gateway.core.policy.public import holidays_of
from gateway.core.policy.schema import Policy
from gateway.core.policy.versions import Version, in_force
from gateway.core.replies import Reply, permanent
from gateway.core.routing import Route, route_for, serves_domain
from gateway.core.urgency.assess import Matcher
from gateway.ports import Diary
from gateway.settings.schema import Mailbox, Settings


class NoDiary:
    """No calendar outside: `ports.Diary` where none is named."""

    def absences(self, mailbox: str) -> tuple[Absence, ...]:  # noqa: ARG002 - the port asks for it
        """None."""
        return ()

    def sessions(self, mailbox: str, client: Client) -> tuple[Session, ...]:  # noqa: ARG002 - the port asks for it
        """None."""
        return ()


@dataclass(frozen=True, slots=True)
class _Snapshot:
    settings: Settings
    routes: tuple[Route, ...]
    own: frozenset[str]
    #: Those of them whose mail does not come by us.
    elsewhere: frozenset[str]
    matcher: Matcher
    covers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Kept:
    """The versions of every policy, by name."""

    versions: Mapping[str, tuple[Version, ...]] = field(default_factory=dict)


class InForce:
    """Answers with what holds now. `replace` and `take_up` swap it in one step; running decisions keep theirs."""

    def __init__(
        self,
        settings: Settings,
        routes: tuple[Route, ...],
        diary: Diary | None = None,
        signer: Signer | None = None,
    ) -> None:
        """Without versions, each policy is as its file says. Without a signer, digests have no links."""
        self._now = _snapshot(settings, routes)
        self._kept = _Kept()
        self._diary: Diary = diary or NoDiary()
        self._signer = signer

    def replace(self, settings: Settings, routes: tuple[Route, ...]) -> None:
        """From here on these settings hold; a policy that has versions goes on by them."""
        self._now = _snapshot(settings, routes)

    def take_up(self, versions: Sequence[Version]) -> None:
        """From here on these are the versions of all policies."""
        names = {version.name for version in versions}
        self._kept = _Kept({name: tuple(one for one in versions if one.name == name) for name in names})

    @property
    def settings(self) -> Settings:
        """The whole value. Its policies are those of the files, which may not be in force yet."""
        return self._now.settings

    @property
    def own(self) -> frozenset[str]:
        """The practice's own addresses, folded."""
        return self._now.own

    def versions(self, name: str) -> tuple[Version, ...]:
        """All versions of a policy, none where none were kept."""
        return self._kept.versions.get(name, ())

    def policy(self, name: str, now: datetime) -> tuple[Policy, int]:
        """The policy that holds at an instant, and the number of its version (0 for the file's own).

        Raises KeyError for a name that neither settings nor versions know.
        """
        version = in_force(self.versions(name), now)
        return (version.policy, version.number) if version else (self.settings.policies[name], 0)

    def policy_of(self, name: str, number: int) -> Policy | None:
        """One version of a policy, the file's own for 0; None for one that is not known, perhaps not yet."""
        if number:
            return next((one.policy for one in self.versions(name) if one.number == number), None)
        return self.settings.policies.get(name)

    def coming(self, name: str, now: datetime) -> Version | None:
        """The version that is announced and yet to come."""
        latest = max(self.versions(name), key=lambda one: one.number, default=None)
        return latest if latest is not None and latest.since > now else None

    def policies(self, now: datetime) -> Mapping[str, Policy]:
        """Every policy of the settings as it holds at an instant."""
        return {name: self.policy(name, now)[0] for name in self.settings.policies}

    def longest_kept(self) -> Mapping[str, Policy]:
        """Of each policy the version that keeps its record the longest: nothing goes sooner than a card said."""
        found = {name: [policy] for name, policy in self.settings.policies.items()}
        for name, versions in self._kept.versions.items():
            found.setdefault(name, []).extend(version.policy for version in versions)
        return {name: max(some, key=lambda one: one.record.kept_for) for name, some in found.items()}

    def route(self, reverse_path: str, recipient: str) -> Route | Reply:  # noqa: ARG002 - routes may come to ask it
        """The route for a recipient, or the refusal: 550 5.1.1 in a domain of ours, else 550 5.7.1.

        An address of a mailbox that mail reaches without us gets 550 5.7.1 as well.
        """
        found = route_for(recipient, self._now.routes)
        if found is not None:
            return found
        if addresses.key(recipient) in self._now.elsewhere:
            # It exists, and its mail comes another way: whoever is told that there is none may never write again.
            return permanent(550, "7.1", "Mail for this address is not taken here")
        if serves_domain(recipient, self._now.routes):
            return permanent(550, "1.1", "No such mailbox here")
        return permanent(550, "7.1", "Relaying denied")

    def default_route(self, mailbox: str) -> Route:
        """The route for mail to the mailbox's own address, wherever it comes from."""
        return self.found_route(mailbox, self._now.settings.gateway.mailboxes[mailbox].address)

    def found_route(self, mailbox: str, recipient: str) -> Route:
        """The route for a message that lies in this mailbox: by its recipient, among those that lead here."""
        leading = tuple(route for route in self._now.routes if route.mailbox == mailbox)
        known = self._now.settings.gateway.mailboxes[mailbox]
        return route_for(recipient, leading) or Route(recipient, mailbox, known.policy)

    def found(self, recipient: str) -> Route | None:
        """Where mail for a recipient is found that reaches its mailbox without us; no pattern leads it there."""
        mailboxes = self._now.settings.gateway.mailboxes
        for name, known in mailboxes.items():
            if known.deliver is None and self.is_for(name, recipient):
                return Route("", name, known.policy)
        return None

    def is_for(self, mailbox: str, address: str) -> bool:
        """Whether the mailbox takes mail to an address: it is its own, be it with a `+detail`, or a route leads it."""
        known = self._now.settings.gateway.mailboxes[mailbox]
        own = (known.address, *known.aliases, known.control)
        if any(addresses.same(given, one) for one in own for given in (address, without_detail(address))):
            return True
        found = route_for(address, self._now.routes)
        return found is not None and found.mailbox == mailbox

    def policy_for(self, mailbox: str, policy: str, client: Client | None) -> str:
        """The name of the policy for a person's mail: the client's own where it exists, else the route's."""
        known = self.settings.policies
        name = client.policy if client and client.policy in known else policy
        return name if name in known or name in self._kept.versions else self.settings.gateway.mailboxes[mailbox].policy

    def setting(
        self, mailbox: str, policy: str, client: Client | None, now: datetime, version: int | None = None
    ) -> Setting:
        """What decides for a mailbox under a policy at an instant; a client's own policy goes first, where it exists.

        `version` asks for one version of just this policy: what became of a message goes on as it began.
        """
        snapshot = self._now
        known, practice = snapshot.settings.gateway.mailboxes[mailbox], snapshot.settings.gateway.practice
        name = policy if version else self.policy_for(mailbox, policy, client)
        rules, number = self.policy(name, now)
        if version and (old := self.policy_of(name, version)) is not None:
            rules, number = old, version
        return Setting(
            mailbox=mailbox,
            address=known.address,
            own=snapshot.own,
            policy_name=name,
            policy=rules,
            version=number,
            calendar=self._calendar(mailbox, known, client),
            language=practice.language,
            alert_to=known.alert or known.address,
            authserv=known.trusted_authserv,
            tags=TagNames(**known.tags.model_dump()),
            matcher=snapshot.matcher,
            client=client,
            covers=snapshot.covers,
            control=known.control,
            signer=self._signer,
            watched=known.watch is not None,
            coming=self.coming(name, now),
        )

    def _calendar(self, mailbox: str, known: Mailbox, client: Client | None) -> Calendar:
        practice = self._now.settings.gateway.practice
        absences = sorted((*known.absences, *self._diary.absences(mailbox)), key=lambda one: one.first)
        return Calendar(
            zone=ZoneInfo(practice.timezone),
            holiday=holidays_of(practice.region, practice.language),
            absences=tuple(absences),
            sessions=self._diary.sessions(mailbox, client) if client else (),
        )


def _snapshot(settings: Settings, routes: tuple[Route, ...]) -> _Snapshot:
    mailboxes = settings.gateway.mailboxes.values()
    own = frozenset(one for mailbox in mailboxes for one in _addresses(mailbox))
    elsewhere = frozenset(one for mailbox in mailboxes if mailbox.deliver is None for one in _addresses(mailbox))
    covers = {name: cover.address for name, cover in settings.gateway.covers.items()}
    return _Snapshot(settings, routes, own, elsewhere, Matcher(settings.lexicons), covers)


def _addresses(mailbox: Mailbox) -> Iterator[str]:
    for one in (mailbox.address, *mailbox.aliases, mailbox.control):
        if one:
            yield addresses.key(one)
