"""What a client got in the end, whatever happened to mailbox, server and line: a table of scenarios on a real Dovecot.

Each says what it is about and what was handed over for the client; nothing is said twice in any. A policy acks every
message and tells of its reading an hour later, unless it is marked as unread until then. Run this file with
`pytest -v` to see the table.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.core.events import Received, Seen
from tests.ports.mailbox_flow import Scene, scene
from tests.ports.scenarios import away, lacking, lines, moving, reading
from tests.ports.scenarios.table import TABLE, Scenario
from tests.servers.dovecot import Dovecot, dovecot
from tests.servers.gate import gate

pytestmark = pytest.mark.server

#: Where the rows stand.
ROWS = (reading, moving, away, lines, lacking)
_MARKED = r"""
namespace inbox {
  mailbox Archive {
    auto = create
    special_use = \Archive
  }
  mailbox Trash {
    auto = create
    special_use = \Trash
  }
  mailbox Junk {
    auto = create
    special_use = \Junk
  }
}
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot({f"ana{number}": "pw" for number in range(len(TABLE))}, more=_MARKED) as running:
        yield running


@asynccontextmanager
async def opened(row: Scenario, server: Dovecot, root: Path) -> AsyncIterator[Scene]:
    user = f"ana{TABLE.index(row)}"
    with gate(server.imap_port) as passed:
        for word in row.without:
            passed.change(f" {word}".encode(), f" X{word[1:]}".encode())
        async with scene(
            root, server, passed, user,
            mailbox=dict(row.mailbox), policy=dict(row.policy), folders=row.folders,
        ) as one:  # fmt: skip
            yield one


@pytest.mark.parametrize("row", TABLE, ids=[f"{row.name} - {row.got}" for row in TABLE])
async def test_the_client_got(row: Scenario, server: Dovecot, tmp_path: Path) -> None:
    async with opened(row, server, tmp_path) as one:
        await row.play(one)
        assert await one.handed_over() == row.got
        for message in one.written:
            assert len(await one.events(Received, message)) == 1
            assert len(await one.events(Seen, message)) <= row.seen


def test_there_are_at_least_thirty_and_each_has_a_name_of_its_own() -> None:
    assert len({row.name for row in TABLE}) == len(TABLE) >= 30
