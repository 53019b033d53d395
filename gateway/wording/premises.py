"""What words hang on beside the effect: the practice, its mailboxes and policies, who covers, and the crisis lines.

One frozen value, made from the settings; it refuses to know templates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from gateway.core.effects import Mail
from gateway.core.policy.about import About, Covering
from gateway.core.policy.schema import Policy
from gateway.settings.schema import Cover, Mailbox, Practice


class Line(Protocol):
    """A country's crisis lines."""

    @property
    def line(self) -> str:
        """As every ack says it."""
        ...


@dataclass(frozen=True, slots=True)
class Premises:
    """The settings, as far as a text may depend on them."""

    practice: Practice
    mailboxes: Mapping[str, Mailbox]
    #: By name, as the files say them now.
    policies: Mapping[str, Policy]
    #: A policy as one of its versions says it, by name and number; None where there is none.
    policy_of: Callable[[str, int], Policy | None]
    covers: Mapping[str, Cover] = field(default_factory=dict)
    #: By country (ISO 3166-1, two letters).
    crisis_lines: Mapping[str, Line] = field(default_factory=dict)

    @property
    def country(self) -> str:
        """The practice's; empty where nobody said it."""
        return self.practice.region.partition("-")[0].upper()

    def crisis_line(self, country: str = "") -> str:
        """The known lines of the country that somebody lives in; else the practice's own, or those of its country."""
        abroad = country.upper() not in ("", self.country)
        known = self._known(country) if abroad else ""
        return known or self.practice.crisis_line or self._known(self.country)

    def policy(self, effect: Mail) -> Policy | None:
        """The policy that decided."""
        return self.policy_of(effect.policy, effect.version)

    def about(self, mailbox: str, country: str = "") -> About:
        """One mailbox, as a policy card tells of it to somebody who lives in a country; empty: the practice's."""
        found, practice = self.mailboxes.get(mailbox), self.practice
        return About(
            phone=practice.phone,
            crisis_line=self.crisis_line(country),
            zone=practice.timezone,
            region=practice.region,
            language=practice.language,
            watched=found is not None and found.watch is not None,
            covers={name: self._covering(cover) for name, cover in self.covers.items()},
            absences=found.absences if found else (),
        )

    def _covering(self, cover: Cover) -> Covering:
        own = self.mailboxes.get(cover.mailbox)
        return Covering(cover.name, cover.phone, own.absences if own else ())

    def _known(self, country: str) -> str:
        found = self.crisis_lines.get(country.upper())
        return found.line if found else ""
