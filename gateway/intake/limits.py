"""How many connections there are, from where, and how many octets of mail are in hand. Counts only; refuses nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from gateway.settings.schema import Smtp


@dataclass(slots=True)
class Limits:
    """The counts that all connections of one intake share."""

    smtp: Smtp
    connections: int = 0
    by_address: Counter[str] = field(default_factory=Counter)
    octets: int = 0

    def enter(self) -> bool:
        """Count a connection in, unless there are too many."""
        if self.connections >= self.smtp.max_connections:
            return False
        self.connections += 1
        return True

    def enter_from(self, address: str) -> bool:
        """Count a connection in by its address, unless there are too many from there."""
        if self.by_address[address] >= self.smtp.max_connections_per_address:
            return False
        self.by_address[address] += 1
        return True

    def leave(self, address: str | None) -> None:
        """Count a connection out; None for one that was not counted by address."""
        self.connections -= 1
        if address is not None:
            self.by_address[address] -= 1
            # A Counter keeps zeros for ever.
            self.by_address += Counter()

    def hold(self) -> Hold:
        """Room for one message, empty yet."""
        return Hold(self)


@dataclass(slots=True)
class Hold:
    """The octets that one message takes up until `release()`."""

    limits: Limits
    octets: int = 0

    def take(self, octets: int) -> bool:
        """Take up more, unless all messages together would be too much."""
        if self.limits.octets + octets > self.limits.smtp.max_in_flight:
            return False
        self.limits.octets += octets
        self.octets += octets
        return True

    def release(self) -> None:
        """Give it all back."""
        self.limits.octets -= self.octets
        self.octets = 0
