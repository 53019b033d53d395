"""Asks the DNS, with time-outs. In goes a name, out come its mail exchanges.

A name that does not exist and a name without such a record are both an empty answer: that is knowledge.
A resolver that does not answer, or answers that it failed, is `Unavailable`: that is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import dns.asyncresolver
import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver
from dns.rdtypes.ANY.MX import MX

from gateway.ports import Unavailable

#: For one question, all servers and repetitions together.
LIFETIME = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A mail exchange (RFC 5321 5.1); the lowest preference is tried first. A null MX has an empty host (RFC 7505)."""

    preference: int
    host: str


class Resolver:
    """Looks names up with the machine's own resolvers, or with the given ones."""

    def __init__(self, nameservers: tuple[str, ...] = (), port: int = 53, lifetime: timedelta = LIFETIME) -> None:
        """Without `nameservers`, `/etc/resolv.conf` is read at the first question."""
        self._nameservers = nameservers
        self._port = port
        self._lifetime = lifetime.total_seconds()
        self._resolver: dns.asyncresolver.Resolver | None = None

    async def mx(self, name: str) -> tuple[Exchange, ...]:
        """Mail exchanges in the order in which they are tried. Raises Unavailable."""
        answer = await self._ask(name, dns.rdatatype.MX)
        found = [Exchange(record.preference, _host(record.exchange)) for record in answer if isinstance(record, MX)]
        return tuple(sorted(found, key=lambda exchange: (exchange.preference, exchange.host)))

    async def _ask(self, name: str, kind: dns.rdatatype.RdataType) -> tuple[object, ...]:
        try:
            answer = await self._opened().resolve(name, kind, search=False, lifetime=self._lifetime)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.name.LabelTooLong, dns.name.EmptyLabel):
            return ()
        except (dns.exception.DNSException, OSError) as error:
            raise Unavailable("the DNS does not answer; check the machine's resolvers (/etc/resolv.conf)") from error
        return tuple(answer)

    def _opened(self) -> dns.asyncresolver.Resolver:
        if self._resolver is None:
            resolver = dns.asyncresolver.Resolver(configure=not self._nameservers)
            if self._nameservers:
                resolver.nameservers = list(self._nameservers)
                resolver.port = self._port
            self._resolver = resolver
        return self._resolver


def _host(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).strip(".").lower()
