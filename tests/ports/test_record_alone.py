"""One process serves on a SQLite file; what a dead one had claimed is free for the next at once."""

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.store import Sealer, Taken, open_store
from tests.ports.record_samples import START, ack, received, ref

KEY = bytes(range(32))


async def test_a_second_gateway_on_one_file_is_refused_until_the_first_is_gone(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/handrail.db"
    async with open_store(url, sealer=Sealer([KEY]), host="hopestreet.example") as second:
        async with open_store(url, sealer=Sealer([KEY]), host="hopestreet.example") as first:
            await first.migrate()
            await first.take_over()
            with pytest.raises(Taken, match="another gateway"):
                await second.take_over()
        await second.take_over()


async def test_what_a_dead_process_had_claimed_is_due_again_at_once(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/handrail.db"
    lease = START + timedelta(minutes=15)
    async with open_store(url, sealer=Sealer([KEY]), host="hopestreet.example") as dead:
        await dead.migrate()
        await dead.append(ref(), [received()], [ack()])
        (claimed,) = await dead.claim(START, lease, 5)
    async with open_store(url, sealer=Sealer([KEY]), host="hopestreet.example") as heir:
        assert await heir.claim(START, lease, 5) == ()
        await heir.take_over()
        (again,) = await heir.claim(START, lease, 5)
    assert again.message_id == claimed.message_id
