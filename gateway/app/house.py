"""The house: every room wired in the order in which a message meets them, run until it is told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from gateway import __version__, logs, shipped
from gateway.admin.queries import Condition
from gateway.alerts import LogAlerts
from gateway.app.sign_ins import SMARTHOST, Ring, sign_in_status, smarthost_user
from gateway.app.wiring import (
    below,
    calendars_of,
    cards_of,
    diary_of,
    open_record,
    queries_over,
    secret_of,
    server_tls,
    settings_from,
    signer_of,
    smarthost_of,
    templates_of,
    transports_of,
)
from gateway.clock import SystemClock
from gateway.core.replies import Reply
from gateway.core.routing import Route
from gateway.flow.arrival import Arrival
from gateway.flow.changes import Changes
from gateway.flow.commands import Commands
from gateway.flow.in_force import InForce
from gateway.flow.in_hand import InHand
from gateway.flow.observation import Observation
from gateway.flow.passing_time import PassingTime
from gateway.flow.withdrawal import TakingBack
from gateway.intake.server import Intake
from gateway.mailbox import Hand, Watch, watch_for
from gateway.metrics import Metrics
from gateway.outbox.worker import Worker
from gateway.ports import Clock, Unavailable
from gateway.settings.errors import SettingsError
from gateway.settings.load import as_routes
from gateway.settings.schema import Gateway, Mailbox, Settings
from gateway.store import Store
from gateway.web.pages import Pages
from gateway.web.server import Server

log = structlog.get_logger(__name__)

#: How often a store that was down at the start is tried again.
_STORE_AGAIN = timedelta(seconds=5)
#: Seconds that taking mail waits for the store to be made ready; a lock there may last.
_STORE_PATIENCE = 15


@asynccontextmanager
async def open_house(settings: Settings, clock: Clock | None = None) -> AsyncIterator[House]:
    """Everything wired and nothing running yet. Raises CredentialError, also for a certificate that can't be used."""
    logs.set_up(settings.gateway.logs.level, settings.gateway.logs.format)
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_record(settings))
        house = House(settings, clock, store)
        for transport in house.transports.values():
            stack.push_async_callback(transport.aclose)
        stack.push_async_callback(house.smarthost.aclose)
        yield house


class House:
    """The running gateway."""

    def __init__(self, settings: Settings, clock: Clock, store: Store) -> None:
        """Wire the rooms in the order of the picture; nothing opens yet."""
        self.settings, self.clock, self.store = settings, clock, store
        gateway = settings.gateway
        self.metrics = Metrics()
        self.alerts = LogAlerts(clock, self.metrics)
        self.passed = asyncio.Event()
        self.diary = diary_of(settings, clock, self.alerts, self.passed.set)
        self.in_force = InForce(settings, as_routes(settings), self.diary, signer_of(settings))
        self.transports = transports_of(settings)
        in_hand = InHand()
        self.changes = Changes(clock, store, store, self.in_force)
        commands = Commands(store, store, store, self.in_force)
        self.arrival = Arrival(
            clock=clock,
            record=store,
            roster=store,
            notes=store,
            transports=self.transports,
            in_force=self.in_force,
            in_hand=in_hand,
            alerts=self.alerts,
            metrics=self.metrics,
            commands=commands,
        )
        tls = server_tls(settings.folder, gateway.smtp.tls)
        #: None where mail reaches every mailbox without us.
        self.intake = Intake(gateway.smtp, tls, self._route, self.arrival) if gateway.relays else None
        self.observation = Observation(
            clock, store, store, store, store, self.in_force, in_hand, self.alerts, commands=commands
        )
        self.ring = Ring(settings, store, clock, self.alerts)
        self.watches: dict[str, Watch] = {}
        self.hands: dict[str, Hand] = {}
        for name, mailbox in gateway.mailboxes.items():
            self._watch(name, mailbox)
        self.smarthost = smarthost_of(settings, smarthost_user(settings), self.ring.bearer(SMARTHOST))
        taking_back = TakingBack(clock, store, self.in_force, self.hands.get, self.observation.remind_of_the_rest)
        self.worker = Worker(
            outbox=store,
            submission=self.smarthost,
            wording=templates_of(settings, self.in_force.policy_of),
            folders=store,
            flags=self.hands.get,
            drafts=self.hands.get,
            take_back=taking_back,
            clock=clock,
            alerts=self.alerts,
            bell=store.bell,
            sender_name=gateway.practice.name,
            said=self.metrics.said,
        )
        self.passing_time = PassingTime(clock, store, store, store, store, store, self.in_force, self.passed, store)
        self.queries = queries_over(
            self.in_force,
            store,
            self.alerts,
            lambda: self.conditions,
            lambda: sign_in_status(self.settings, store),
        )
        self.ready = asyncio.Event()
        self.web = Server(gateway.web.listen, self._pages().app()) if gateway.web else None
        self.smtp_address = ("", 0)
        self.web_address = ("", 0)
        #: Set while the record is not known to be in its newest form, with the policies' versions taken up.
        self._to_prepare = asyncio.Event()

    @property
    def conditions(self) -> dict[str, Condition]:
        """How each watch is doing."""
        return {name: watch.condition for name, watch in self.watches.items()}

    async def run(self, stop: asyncio.Event) -> None:
        """Run every service until `stop` is set, then finish what is in flight.

        Raises OSError where an address can't be listened on, WrongKey where the database was
        sealed with another key, Taken where another gateway serves on it.
        """
        await self._prepare_record()
        if self.web is not None:
            self.web.open()
        async with asyncio.TaskGroup() as services:
            running = [services.create_task(run()) for run in self._services()]
            await self._greet()
            await stop.wait()
            log.info("stopping")
            for task in running:
                task.cancel()

    def _route(self, reverse_path: str, recipient: str) -> Route | Reply:
        found = self.in_force.route(reverse_path, recipient)
        if isinstance(found, Reply):
            self.metrics.refuse(found)
        return found

    def _pages(self) -> Pages:
        folders = [self.settings.folder / "templates" / "web", shipped.folder("templates") / "web"]
        return Pages(
            self.queries,
            self.metrics,
            folders,
            cards=cards_of(self.settings),
            policies=self.in_force.policies,
            now=self.clock.now,
            serving=self.ready.is_set,
        )

    def _services(self) -> Iterator[Callable[[], Coroutine[Any, Any, None]]]:
        if self.intake is not None:
            yield self.intake.run
        yield self.worker.run
        yield self.diary.run
        yield self.passing_time.run
        yield self.changes.run
        yield self._keep_preparing
        for watch in self.watches.values():
            yield watch.run
        if self.web is not None:
            yield self.web.run

    async def _greet(self) -> None:
        if self.intake is not None:
            self.smtp_address = (await self.intake.bound())[0]
        if self.web is not None:
            self.web_address = await self.web.bound()
        log.info("ready", version=__version__, mailboxes=sorted(self.settings.gateway.mailboxes))
        self.ready.set()

    async def _prepare_record(self) -> None:
        """Mail first: a database that is down at the start does not keep the gateway from relaying."""
        try:
            async with asyncio.timeout(_STORE_PATIENCE):
                await self.store.migrate()
                await self.store.take_over()
                await self._take_up_changes()
        except (Unavailable, TimeoutError):
            self.alerts.tell("record-down")
            self._to_prepare.set()
        else:
            self._to_prepare.clear()
            self.alerts.clear("record-down")

    async def _keep_preparing(self) -> None:
        never = asyncio.Event()
        while True:
            await self._to_prepare.wait()
            await self.clock.wait(never, self.clock.now() + _STORE_AGAIN)
            try:
                await self._prepare_record()
            except Exception:
                log.exception("record-not-usable")
                self.alerts.tell("record-down")

    async def reload(self) -> tuple[str, ...]:
        """Take up changed files. What is wrong with them, line by line; then the running settings stay in force."""
        try:
            fresh = await asyncio.to_thread(settings_from, self.settings.folder)
            wording, routes = templates_of(fresh, self.in_force.policy_of), as_routes(fresh)
        except SettingsError as error:
            return self._keep_running(tuple(str(fault) for fault in error.faults))
        except Exception as error:  # noqa: BLE001 - no file, whatever is in it, may end the running gateway
            return self._keep_running((f"the settings can't be read: {type(error).__name__}",))
        if fixed := _needs_restart(self.settings.gateway, fresh.gateway):
            faults = tuple(f"{key} has changed: restart to take it up" for key in fixed)
            return self._keep_running(faults, "restart-needed")
        self.settings = fresh
        self.in_force.replace(fresh, routes)
        self.diary.replace(calendars_of(fresh), ZoneInfo(fresh.gateway.practice.timezone))
        self.worker.wording = wording
        self.worker.sender_name = fresh.gateway.practice.name
        for code in ("reload-refused", "restart-needed"):
            self.alerts.clear(code)
        try:
            await self._take_up_changes()
        except Unavailable:
            self.alerts.tell("record-down")
            self._to_prepare.set()
        self.passed.set()
        log.info("reloaded", policies=sorted(fresh.policies), routes=len(fresh.routes))
        return ()

    async def _take_up_changes(self) -> None:
        """Until the record knows of them, changed policies that have versions wait. Raises Unavailable.

        Mail first: a version or an entry that can't be read (a newer gateway wrote it) keeps no mail from flowing; then
        the versions hold that are known, and the files where none are.
        """
        try:
            await self.changes.take_up()
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - told by its kind: an error's text may quote the roster
            log.error("policies-not-taken-up", error=type(error).__name__)  # noqa: TRY400
            self.alerts.tell("policies-not-taken-up")
        else:
            self.alerts.clear("policies-not-taken-up")

    def _keep_running(self, faults: tuple[str, ...], code: str = "reload-refused") -> tuple[str, ...]:
        for fault in faults:
            log.error(code, fault=fault)
        self.alerts.tell(code)
        return faults

    def _watch(self, name: str, mailbox: Mailbox) -> None:
        if mailbox.watch is None:
            return
        self.watches[name], self.hands[name] = watch_for(
            name,
            mailbox.model_copy(update={"trust": below(self.settings.folder, mailbox.trust)}),
            password=lambda: secret_of(self.settings, mailbox.password),
            bearer=self.ring.bearer(name),
            observer=self.observation,
            folders=self.store,
            record=self.store,
            alerts=self.alerts,
            clock=self.clock,
        )


def _needs_restart(old: Gateway, new: Gateway) -> tuple[str, ...]:
    """Keys whose change a running gateway can't take up: what it listens on, and whom it is connected to."""
    whole = [key for key in ("smtp", "store", "smarthost", "web", "logs") if getattr(old, key) != getattr(new, key)]
    names = sorted(old.mailboxes.keys() | new.mailboxes.keys())
    wired = [f"mailboxes.{name}" for name in names if _wiring(old, name) != _wiring(new, name)]
    return (*whole, *wired)


def _wiring(gateway: Gateway, name: str) -> tuple[object, ...] | None:
    known = gateway.mailboxes.get(name)
    if known is None:
        return None
    return (
        known.address,
        known.deliver,
        known.deliver_password,
        known.watch,
        known.user,
        known.password,
        known.oauth2,
        known.trust,
        known.inbox,
        known.inboxes,
        known.folders,
        known.withdrawn,
        known.tags.folder,
        known.sent,
        known.drafts,
    )
