"""The pages of a small practice, served on loopback and read as a browser would."""

import asyncio
import contextlib
import http.client
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from gateway import shipped
from gateway.admin.queries import SignInStatus
from gateway.core.policy.schema import Policy
from gateway.metrics import Metrics
from gateway.settings.schema import Settings
from gateway.web.pages import Pages
from gateway.web.server import Server
from gateway.wording.cards import Cards
from tests.unit.admin.house import Memory, Watch, queries, settings
from tests.unit.core.billing.lives import MONDAY


@dataclass(frozen=True)
class Answer:
    """What a browser got."""

    code: int
    fields: http.client.HTTPMessage
    text: str


@dataclass
class Site:
    """A practice's pages; change what is in it, then ask."""

    memory: Memory = field(default_factory=Memory)
    settings: Settings = field(default_factory=settings)
    watches: dict[str, Watch] = field(default_factory=lambda: {"ana": Watch()})
    metrics: Metrics = field(default_factory=Metrics)
    serving: bool = True
    #: Policies that hold, where the files say other ones.
    in_force: Mapping[str, Policy] = field(default_factory=dict)
    sign_ins: tuple[SignInStatus, ...] = ()
    address: tuple[str, int] = ("", 0)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        pages = Pages(
            queries(self.memory, self.settings, self.watches, sign_ins=self.sign_ins),
            self.metrics,
            [shipped.folder("templates") / "web"],
            cards=Cards([shipped.folder("templates")]),
            policies=lambda now: self.in_force or self.settings.policies,
            now=lambda: MONDAY + timedelta(hours=5),
            serving=lambda: self.serving,
        )
        server = Server("127.0.0.1:0", pages.app())
        async with asyncio.TaskGroup() as group:
            running = group.create_task(server.run())
            self.address = await server.bound()
            try:
                yield
            finally:
                running.cancel()

    async def get(self, path: str, method: str = "GET") -> Answer:
        def ask() -> Answer:
            with contextlib.closing(http.client.HTTPConnection(*self.address, timeout=10)) as connection:
                connection.request(method, path)
                found = connection.getresponse()
                return Answer(found.status, found.headers, found.read().decode())

        return await asyncio.to_thread(ask)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    given = Site()
    async with given.open():
        yield given
