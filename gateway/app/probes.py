"""What `handrail check --live` asks the world: is each thing that the settings name really there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager

from gateway.admin.checks import Probe
from gateway.alerts import LogAlerts
from gateway.app.sign_ins import SMARTHOST, Ring, places_of, smarthost_user
from gateway.app.wiring import below, open_record, secret_of, smarthost_of, transport_of
from gateway.clock import SystemClock
from gateway.credentials import CredentialError
from gateway.mailbox.probe import sign_in
from gateway.metrics import Metrics
from gateway.ports import Bearer, Unavailable
from gateway.resolver import Resolver
from gateway.settings.schema import Mailbox, Settings
from gateway.store import WrongKey


def probes_for(settings: Settings) -> tuple[Probe, ...]:
    """One probe for each thing out there, in the order in which a message meets them."""
    return tuple(Probe(probe.where, probe.mend, _as_finding(probe.ask)) for probe in _probes(settings))


def _as_finding(ask: Callable[[], Awaitable[str]]) -> Callable[[], Awaitable[str]]:
    """A secret that can't be had is a finding like any other."""

    async def asked() -> str:
        try:
            return await ask()
        except (CredentialError, WrongKey) as error:
            raise Unavailable(str(error)) from error

    return asked


def _probes(settings: Settings) -> Iterator[Probe]:
    gateway = settings.gateway
    yield Probe("store", "check that the database runs, and `store.url`", lambda: _record(settings))
    domains: set[str] = set()
    for name, mailbox in gateway.mailboxes.items():
        place = f"mailboxes.{name}"
        if mailbox.deliver is not None:
            mend = "check that the mail server runs, and `deliver`"
            yield Probe(f"{place}.deliver", mend, _deliver(settings, mailbox, mailbox.deliver))
        if mailbox.watch is not None:
            mend = "check `watch`, its user and its password"
            yield Probe(f"{place}.watch", mend, _watch(settings, name, mailbox))
        domain = mailbox.address.rpartition("@")[2].lower()
        if mailbox.deliver is not None and domain not in domains:
            domains.add(domain)
            mend = "check the machine's resolvers; the domain's MX record must name this gateway"
            yield Probe(f"{place}.address", mend, _exchange(domain, gateway.smtp.hostname))
    yield Probe("smarthost", "check `smarthost`, its user and its password", lambda: _smarthost(settings))


async def _record(settings: Settings) -> str:
    async with open_record(settings) as store:
        await store.migrate()
    return "opens, and is in its newest form"


def _deliver(settings: Settings, mailbox: Mailbox, deliver: str) -> Callable[[], Awaitable[str]]:
    async def ask() -> str:
        async with aclosing(transport_of(settings, mailbox, deliver)) as transport:
            return await transport.probe()

    return ask


def _watch(settings: Settings, name: str, mailbox: Mailbox) -> Callable[[], Awaitable[str]]:
    async def ask() -> str:
        trusting = mailbox.model_copy(update={"trust": below(settings.folder, mailbox.trust)})
        async with _bearer(settings, name) as bearer:
            return await sign_in(trusting, lambda: secret_of(settings, mailbox.password), bearer)

    return ask


@asynccontextmanager
async def _bearer(settings: Settings, mailbox: str) -> AsyncIterator[Bearer | None]:
    """The sign-in that the gateway has there, None for a password; what is renewed by it is kept."""
    borrowed = settings.gateway.smarthost.sign_in if mailbox == SMARTHOST else mailbox
    if not any(place.mailbox == (borrowed or mailbox) for place in places_of(settings)):
        yield None
        return
    clock = SystemClock()
    async with open_record(settings) as store:
        await store.migrate()
        yield Ring(settings, store, clock, LogAlerts(clock, Metrics())).bearer(mailbox)


def _exchange(domain: str, ours: str) -> Callable[[], Awaitable[str]]:
    async def ask() -> str:
        hosts = [exchange.host for exchange in await Resolver().mx(domain)]
        if not hosts:
            return f"{domain} has no MX record, so nobody's mail comes here by it"
        elsewhere = "" if ours.lower() in hosts else f", not to {ours} (`smtp.hostname`)"
        return f"mail for {domain} goes to {', '.join(hosts)}{elsewhere}"

    return ask


async def _smarthost(settings: Settings) -> str:
    async with (
        _bearer(settings, SMARTHOST) as bearer,
        aclosing(smarthost_of(settings, smarthost_user(settings), bearer)) as smarthost,
    ):
        return await smarthost.probe()
