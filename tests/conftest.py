"""Long tests first, one to each worker: whoever begins one at the end keeps all others waiting."""

from __future__ import annotations

import os
from itertools import islice

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every worker takes an equal share of the list, in its order; where one is done it takes over from others."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = [item for item in items if item.get_closest_marker("long")]
    rest = iter([item for item in items if not item.get_closest_marker("long")])
    share, over = divmod(len(items), workers)
    ordered: list[pytest.Item] = []
    for worker in range(workers):
        mine = long[worker::workers]
        ordered += [*mine, *islice(rest, share + (worker < over) - len(mine))]
    items[:] = [*ordered, *rest]
