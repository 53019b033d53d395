"""What `handrail check --live` asks the world: is each thing that the settings name really there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing

from gateway.admin.checks import Probe
from gateway.app.wiring import below, open_record, secret_of, smarthost_of, transport_of
from gateway.mailbox.probe import sign_in
from gateway.resolver import Resolver
from gateway.settings.schema import Mailbox, Settings


def probes_for(settings: Settings) -> tuple[Probe, ...]:
    """One probe for each thing out there, in the order in which a message meets them."""
    return tuple(_probes(settings))


def _probes(settings: Settings) -> Iterator[Probe]:
    gateway = settings.gateway
    yield Probe("store", "check that the database runs, and `store.url`", lambda: _record(settings))
    for name, mailbox in gateway.mailboxes.items():
        place = f"mailboxes.{name}"
        yield Probe(f"{place}.deliver", "check that the mail server runs, and `deliver`", _deliver(settings, mailbox))
        if mailbox.watch is not None:
            mend = "check `watch`, its user and its password"
            yield Probe(f"{place}.watch", mend, _watch(settings, mailbox))
        yield Probe(f"{place}.address", "let the domain's MX record name this gateway", _exchange(mailbox))
    yield Probe("smarthost", "check `smarthost`, its user and its password", lambda: _smarthost(settings))


async def _record(settings: Settings) -> str:
    async with open_record(settings) as store:
        await store.migrate()
    return "opens, and is in its newest form"


def _deliver(settings: Settings, mailbox: Mailbox) -> Callable[[], Awaitable[str]]:
    async def ask() -> str:
        async with aclosing(transport_of(settings, mailbox)) as transport:
            return await transport.probe()

    return ask


def _watch(settings: Settings, mailbox: Mailbox) -> Callable[[], Awaitable[str]]:
    async def ask() -> str:
        trusting = mailbox.model_copy(update={"trust": below(settings.folder, mailbox.trust)})
        return await sign_in(trusting, lambda: secret_of(settings, mailbox.password))

    return ask


def _exchange(mailbox: Mailbox) -> Callable[[], Awaitable[str]]:
    async def ask() -> str:
        domain = mailbox.address.rpartition("@")[2]
        hosts = await Resolver().mx(domain)
        return (
            f"mail for {domain} goes to {', '.join(exchange.host for exchange in hosts)}"
            if hosts
            else f"{domain} has no MX record"
        )

    return ask


async def _smarthost(settings: Settings) -> str:
    async with aclosing(smarthost_of(settings)) as smarthost:
        return await smarthost.probe()
