"""The DNS as text; what does not exist is empty, what does not answer is Unavailable."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from gateway.ports import Unavailable
from gateway.resolver import Exchange, Resolver

ZONE = {
    ("hopestreet.example.", "MX"): ["20 Backup.hopestreet.example.", "10 mail.hopestreet.example."],
    ("nomail.example.", "MX"): ["0 ."],
    ("mail.hopestreet.example.", "A"): ["192.0.2.7"],
}


class NameServer(asyncio.DatagramProtocol):
    """Answers from ZONE; SERVFAIL for names under `broken.`, silence for names under `silent.`."""

    def connection_made(self, transport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr) -> None:
        query = dns.message.from_wire(data)
        (question,) = query.question
        name, kind = question.name.to_text().lower(), question.rdtype.name
        if name.startswith("silent."):
            return
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        if records := ZONE.get((name, kind)):
            reply.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *records))
        elif name.startswith("broken."):
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif name not in {known for known, _ in ZONE}:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(reply.to_wire(), addr)


@pytest.fixture
async def resolver() -> AsyncIterator[Resolver]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(NameServer, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    yield Resolver(("127.0.0.1",), port, lifetime=timedelta(seconds=1))
    transport.close()


async def test_mail_exchanges_come_in_the_order_in_which_they_are_tried(resolver: Resolver) -> None:
    assert await resolver.mx("hopestreet.example") == (
        Exchange(10, "mail.hopestreet.example"),
        Exchange(20, "backup.hopestreet.example"),
    )


async def test_a_null_mx_has_no_host(resolver: Resolver) -> None:
    assert await resolver.mx("nomail.example") == (Exchange(0, ""),)


@pytest.mark.parametrize("name", ["nowhere.example", "mail.hopestreet.example", "a..b", f"{'x' * 64}.example"])
async def test_what_does_not_exist_is_empty(resolver: Resolver, name: str) -> None:
    assert await resolver.mx(name) == ()


@pytest.mark.parametrize("name", ["broken.example", "silent.example"])
async def test_a_resolver_that_fails_or_is_silent_is_unavailable(resolver: Resolver, name: str) -> None:
    with pytest.raises(Unavailable, match="DNS"):
        await resolver.mx(name)
