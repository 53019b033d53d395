"""One thing that a policy says and cannot keep, with what mends it; and the table row that finds the plain ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from gateway.core.policy.about import About
from gateway.core.policy.schema import Policy

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Inconsistency:
    """One contradiction. An error breaks a promise; a warning is a knob without effect, or a promise at risk."""

    #: The knob, as the policy file has it: `answer.promise`. Those of a mailbox begin with `absences`.
    key: str
    what: str
    mend: str
    severity: Severity
    #: The name of the policy, where it was given.
    policy: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: it is broken where `broken` holds. Words in braces are looked up in the policy `p`."""

    key: str
    severity: Severity
    broken: Callable[[Policy, About], object]
    what: str
    mend: str

    def found(self, policy: Policy, about: About) -> Inconsistency | None:
        """The contradiction, None where there is none."""
        if not self.broken(policy, about):
            return None
        return Inconsistency(self.key, self.what.format(p=policy), self.mend.format(p=policy), self.severity)
