"""The house opens for mail, whatever the record holds."""

import sqlite3
from pathlib import Path

from gateway.app import open_house
from gateway.clock import ManualClock
from tests.unit.flow.arriving import NOW, settings


async def test_a_version_that_this_gateway_cant_read_keeps_no_mail_and_is_told_to_the_admin(tmp_path: Path) -> None:
    known = settings(tmp_path)
    store = known.gateway.store.model_copy(update={"url": f"sqlite:///{tmp_path}/handrail.db"})
    known = known.model_copy(update={"gateway": known.gateway.model_copy(update={"store": store})})
    for newer in (False, True):
        async with open_house(known, ManualClock(NOW)) as house:
            await house._prepare_record()
            assert house.in_force.policy("mornings", NOW)[1] == (0 if newer else 1)
            assert not house._to_prepare.is_set()
            assert set(house.alerts.standing()) == ({"policies-not-taken-up"} if newer else set())
        with sqlite3.connect(tmp_path / "handrail.db") as db:
            db.execute("""UPDATE versions SET policy = '{"a knob of the next release": 1}'""")
