"""A policy's file has changed: which version follows, from when on, and who is to hear of it.

Nobody's rules change behind their back: while a client of the roster is under a policy, what a client would notice of
its change is announced, and holds only after the notice that the old version promises.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from gateway.core.decide.decision import Setting
from gateway.core.effects import Cancel, Effect, Notice, notice_key
from gateway.core.events import Ref
from gateway.core.policy.about import About
from gateway.core.policy.client import Client, as_agreed
from gateway.core.policy.difference import difference
from gateway.core.policy.schema import Policy, as_file
from gateway.core.policy.versions import Version, in_force


@dataclass(frozen=True, slots=True)
class Audience:
    """The clients of one mailbox who are under a policy. `setting` is the mailbox's under it, `about` what their card
    says of it.
    """

    setting: Setting
    clients: tuple[Client, ...]
    about: About = field(default_factory=About)


@dataclass(frozen=True, slots=True)
class Plan:
    """What follows from a changed file: a new version, and the mail that announces it."""

    version: Version
    effects: tuple[Effect, ...]

    @property
    def told(self) -> int:
        """How many people are told."""
        return sum(isinstance(effect, Notice) for effect in self.effects)


def plan(
    name: str, policy: Policy, versions: Sequence[Version], audiences: Sequence[Audience], now: datetime
) -> Plan | None:
    """What is to be done about the file of one policy as it is now; None where it is what was last recorded."""
    latest = max(versions, key=lambda one: one.number, default=None)
    if latest is None:
        return Plan(Version(name, 1, policy, since=now, recorded=now), ())
    if same(latest.policy, policy):
        return None
    holds = in_force(versions, now) or latest
    told = _last_told(versions, holds, now)
    hearers = [one for audience in audiences if (one := _hearers(told, policy, audience)).clients]
    since = now
    if not same(holds.policy, policy):
        if hearers:
            since += max(holds.policy.change.notice, holds.policy.change.announce_after)
        elif any(_hearers(holds, policy, audience).clients for audience in audiences):
            # They were told of it already, and from when on it holds.
            since = max(now, told.since)
    version = Version(name, latest.number + 1, policy, since=since, recorded=now)
    cancelled = () if latest is told else _cancelled(latest, audiences)
    return Plan(version, (*cancelled, *_notices(version, told, hearers, now)))


def _hearers(told: Version, policy: Policy, audience: Audience) -> Audience:
    """Those of the clients whose card would read differently, with what was agreed with each."""
    noticing = (
        client
        for client in audience.clients
        if difference(
            as_agreed(told.policy, client.messages, client.exempt),
            as_agreed(policy, client.messages, client.exempt),
            audience.about,
        )
    )
    return replace(audience, clients=tuple(noticing))


def same(one: Policy, other: Policy) -> bool:
    """Whether two policies say the same, whatever files they were made from."""
    return as_file(one) | {"extends": ""} == as_file(other) | {"extends": ""}


def _last_told(versions: Sequence[Version], holds: Version, now: datetime) -> Version:
    """What clients were last told: an announced version that is yet to come, else the one that holds."""
    announced = [one for one in versions if one.number > holds.number and _announced(one, holds, now)]
    return max(announced, key=lambda one: one.number, default=holds)


def _announced(version: Version, holds: Version, now: datetime) -> bool:
    return version.since > version.recorded and now >= version.recorded + holds.policy.change.announce_after


def _cancelled(version: Version, audiences: Sequence[Audience]) -> tuple[Effect, ...]:
    """Notices that did not go out yet; a cancel of one that did does nothing."""
    return tuple(
        Cancel(
            ref=Ref(audience.setting.mailbox, ""),
            target=notice_key(audience.setting.mailbox, version.name, version.number, client.address),
        )
        for audience in audiences
        for client in audience.clients
    )


def _notices(version: Version, before: Version, audiences: Sequence[Audience], now: datetime) -> tuple[Effect, ...]:
    due = now + before.policy.change.announce_after
    return tuple(
        notice(audience.setting, client, client.language or audience.setting.language, version, before.number, due)
        for audience in audiences
        for client in audience.clients
        if not client.quiet
    )


def notice_of(setting: Setting, to: str, language: str, coming: Version, now: datetime) -> Notice:
    """The notice of a change that is announced already, for somebody who is new."""
    client = setting.client or Client(address=to)
    return notice(setting, client.model_copy(update={"address": to}), language, coming, setting.version, now)


def notice(setting: Setting, client: Client, language: str, version: Version, before: int, due: datetime) -> Notice:
    """One notice to one client."""
    return Notice(
        ref=Ref(setting.mailbox, ""),
        due=due,
        to=client.address,
        sender=setting.address,
        language=language,
        policy=version.name,
        version=version.number,
        before=before,
        since=version.since,
        timezone=client.timezone,
        country=client.country,
        messages=client.messages,
        exempt=client.exempt,
    )
