"""What is asked for at every arrival and answer is found by an index, however long the practice exists."""

from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import Connection, event

from gateway.core.effects import Ack
from gateway.core.history import Note
from gateway.store import Sealer, events, open_store
from gateway.store import history as past
from gateway.store.engine import database
from tests.ports.record_samples import CLIENT, ack, hours, question, received, ref

SEALER = Sealer([b"k" * 32])


async def plans(url: str, work: Callable[[Connection], object]) -> dict[str, Sequence[str]]:
    """Every SELECT that the work runs, with the steps of SQLite's plan for it."""
    found: dict[str, Sequence[str]] = {}

    def explained(db: Connection) -> None:
        statements: list[tuple[str, object]] = []
        event.listen(db, "before_cursor_execute", lambda *args: statements.append((args[2], args[3])))
        work(db)
        for statement, parameters in [one for one in statements if one[0].startswith("SELECT")]:
            rows = db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            found[statement] = [row.detail for row in rows]

    opened = database(url)
    await opened.read(explained)
    await opened.close()
    return found


async def test_no_question_of_the_history_reads_a_whole_table(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/handrail.db"
    async with open_store(url, sealer=SEALER, host="hopestreet.example") as store:
        await store.migrate()
        await store.append(ref(), [received()], [ack()])
        await store.keep_note("ana", Note("I think of you.", hours(0), hours(9)))
        (claim,) = await store.claim(hours(1), hours(2), 1)
        assert isinstance(claim.effect, Ack)
    asked = question(refers_to=(claim.message_id,), person=CLIENT, promises=True)
    found = await plans(url, lambda db: past.history(db, SEALER, asked, hours(3)))
    assert len(found) >= 5
    for statement, plan in found.items():
        # These are one row, and the union of two indexed selects; an index on the state would lead through all effects
        # there are.
        small = ("SCAN CONSTANT ROW", "SCAN one", "SCAN last", "SCAN anon_1")
        scans = [step for step in plan if step.startswith("SCAN") and not step.startswith(small)]
        slow = [step for step in plan if "state_due" in step]
        assert not scans + slow, (statement, plan)


async def test_neither_an_id_nor_a_span_of_time_is_looked_for_in_all_of_a_mailbox(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/handrail.db"
    async with open_store(url, sealer=SEALER, host="hopestreet.example") as store:
        await store.migrate()
    by_id = await plans(url, lambda db: events.find(db, SEALER, "ana", ["<one@client.example>", f"<{'a' * 32}@h>"]))
    in_span = await plans(url, lambda db: events.stories(db, SEALER, "ana", hours(0), hours(1)))
    still_open = await plans(url, lambda db: events.opened(db, SEALER, "ana", hours(0)))
    for found in (by_id, in_span, still_open):
        ((statement, plan),) = found.items()
        assert not [step for step in plan if step.endswith("(mailbox=?)")], (statement, plan)
