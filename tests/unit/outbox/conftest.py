"""A store of its own for each test, and workers over it."""

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from gateway.clock import ManualClock
from gateway.outbox.worker import Worker
from gateway.ports import Flags
from gateway.store import Sealer, Store, open_store
from tests.ports.record_samples import START
from tests.unit.outbox.working import PRACTICE, Make, Plain, Told


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(
        f"sqlite:///{tmp_path}/handrail.db", sealer=Sealer([bytes(32)]), host="hopestreet.example"
    ) as opened:
        await opened.migrate()
        yield opened


@pytest.fixture
def make(store: Store) -> Make:
    """A worker over the store; any part may be given."""

    def worker(submission: object, flags: Flags | None = None, **parts: object) -> Worker:
        whole: dict[str, object] = {
            "outbox": store,
            "wording": Plain(),
            "folders": store,
            "clock": ManualClock(START),
            "alerts": Told(),
            "bell": store.bell,
            "sender_name": PRACTICE,
            "random": Random(7),
        }
        return Worker(submission=submission, flags=lambda _: flags, **(whole | parts))  # type: ignore[arg-type]

    return worker
