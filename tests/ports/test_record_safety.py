"""What every port of the store promises beside its answers: secrecy, events that stay, faults that are named."""

import asyncio
import time

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import exc

from gateway.core.effects import Effect
from gateway.core.events import Acknowledged, Answered, Event, GivenUp, Relayed
from gateway.core.history import Note
from gateway.core.policy.client import Client
from gateway.core.policy.schema import Policy
from gateway.core.policy.versions import Version
from gateway.core.tracking import Copy, FolderState
from gateway.ports import Unavailable
from gateway.store import Store, WrongKey, open_store
from gateway.store.tables import metadata
from tests.ports.record_samples import (
    START,
    ack,
    action_told,
    alert,
    full_digest,
    hours,
    note_kept,
    notice,
    plain_hash,
    question,
    receipt,
    received,
    ref,
    reminder,
    withdrawal,
)
from tests.servers.places import free_port
from tests.servers.postgres import PASSWORD, running_postgres
from tests.servers.stores import KEY, Place

NEW_KEY = bytes(32)
CANARIES = ("zilpzalp", "Wintergoldhähnchen", "feldlerche")


async def keep_canaries(store: Store) -> None:
    """A bit of everything that is stored, with invented people in every field that may name one."""
    address, name, subject = (f"{CANARIES[0]}@client.example", CANARIES[1], f"{CANARIES[2]} on Thursday")
    message = received(
        "canary", author=address, author_name=name, reverse_path=address, subject=subject, receipt_to=address,
        message_id=f"<{CANARIES[0]}@client.example>", recipient=f"ana+{CANARIES[0]}@hopestreet.example",
    )  # fmt: skip
    events: list[Event] = [
        message,
        Relayed(at=START, reply=f"250 2.0.0 <ana+{CANARIES[0]}@hopestreet.example> saved"),
        Acknowledged(at=START, message_id=f"<{CANARIES[0]}@hopestreet.example>"),
        Answered(at=START, witness="sent", words=3, answer=plain_hash(CANARIES[0])),
        GivenUp(at=START, effect=ack("canary").key, why="550"),
    ]
    told = {"to": address, "in_reply_to": message.message_id, "subject": subject}
    effects: list[Effect] = [ack("canary", **told), receipt("canary"), alert("canary"), withdrawal("canary", address)]
    await store.append(ref("canary"), events, effects)
    told_of = [full_digest(address), action_told(address)]
    alone = [*told_of, notice(to=address), reminder(client_name=name), note_kept()]
    await store.cause(alone)
    await store.keep_note("ana", Note(f"Dear {name}, I think of you.", START, hours(9)))
    await store.add_versions([Version("mornings", 1, Policy(), START, START)], [])
    await store.save("ana", Client(address=address, name=name, urgent_word=CANARIES[2]))
    copy = Copy("INBOX", "1", frozenset(), ref("canary"))
    await store.keep("ana", FolderState("INBOX", "1", 2, 0, {"1": copy}))
    claim, *_ = await store.claim(START, hours(1), 1)
    await store.settle(claim, [Acknowledged(at=START, message_id=claim.message_id)])


async def test_a_stolen_database_shows_no_address_no_name_and_no_subject(place: Place):
    async with place.open() as store:
        await store.migrate()
        await keep_canaries(store)
        stolen = place.everything().lower()
    assert b"hopestreet" not in stolen
    for canary in CANARIES:
        assert canary.lower().encode() not in stolen
    assert b"mornings" in stolen, "what names nobody lies open, so the search above saw the rows"


async def test_a_stolen_database_confirms_no_guess_at_an_id_or_a_content(place: Place):
    async with place.open() as store:
        await store.migrate()
        await keep_canaries(store)
        stolen = place.everything()
    for guess in ("canary", "bytes of canary", "thread", CANARIES[0]):
        assert plain_hash(guess).encode() not in stolen
        assert bytes.fromhex(plain_hash(guess)) not in stolen


async def test_models_and_migrations_say_the_same(place: Place):
    async with place.open() as store:
        await store.migrate()
        differences = await store._db.read(  # what the engine runs, the port does not show
            lambda db: compare_metadata(MigrationContext.configure(db, opts={"compare_type": True}), metadata)
        )
    assert differences == []


async def test_nodes_that_start_at_once_migrate_once(place: Place):
    async with place.open() as one, place.open() as two, place.open() as three:
        await asyncio.gather(one.migrate(), two.migrate(), three.migrate())
        await one.append(ref(), [received()], [])
        assert await three.story(ref()) is not None


@pytest.mark.parametrize(
    "statement",
    ["UPDATE events SET kind = 'seen'", "DELETE FROM events", "UPDATE events SET body = '{}' WHERE number = 1"],
)
async def test_events_never_change_and_stay(place: Place, statement: str):
    async with place.open() as store:
        await store.migrate()
        await store.append(ref(), [received()], [])
        with pytest.raises(exc.DBAPIError, match=r"events (never change|stay)"):
            place.execute(statement)
        assert await store.story(ref()) is not None


async def test_events_go_with_a_message_that_was_marked_erasing(place: Place):
    async with place.open() as store:
        await store.migrate()
        for name in ("gone", "stays"):
            await store.append(ref(name), [received(name)], [])
        place.execute("UPDATE messages SET erasing = true WHERE id = 1")
        place.execute("DELETE FROM events WHERE message = 1")
        assert await store.story(ref("gone")) is None
        assert await store.story(ref("stays")) is not None


async def test_what_names_a_person_can_be_erased_and_the_story_still_counts(place: Place):
    async with place.open() as store:
        await store.migrate()
        await store.append(ref(), [received(), Relayed(at=hours(1), reply="250 ok")], [])
        place.execute("DELETE FROM personal")
        story = await store.story(ref())
    assert story is not None
    assert story.received is not None
    assert (story.received.author, story.received.subject, story.received.reasons) == ("", "", ())
    assert story.received.new_words == received().new_words
    assert story.relayed_at == hours(1)


async def test_a_sealed_value_that_was_moved_to_another_row_does_not_open(place: Place):
    async with place.open() as store:
        await store.migrate()
        for client in ("jonas@client.example", "mia@client.example"):
            await store.save("ana", Client(address=client))
        place.execute("UPDATE clients SET sealed = (SELECT sealed FROM clients WHERE id = 1)")
        with pytest.raises(Exception, match="changed or moved"):
            await store.clients("ana")


async def test_another_key_is_refused_at_start_and_a_new_one_before_it_is_welcome(place: Place):
    async with place.open(KEY) as store:
        await store.migrate()
        await store.append(ref(), [received()], [])
    async with place.open(NEW_KEY) as store:
        with pytest.raises(WrongKey, match="put the first key back"):
            await store.migrate()
    async with place.open(KEY, NEW_KEY) as store:
        with pytest.raises(WrongKey, match="last key"):
            await store.migrate()
    async with place.open(NEW_KEY, KEY) as store:
        await store.migrate()
        assert await store.story(ref()) is not None
        assert not await store.append(ref(), [received()], [])
        await store.append(ref("newer"), [received("newer")], [])
        assert len(await store.waiting("ana", received().author)) == 2


async def test_a_database_without_tables_is_unavailable_and_says_who_makes_them(place: Place):
    async with place.open() as store:
        with pytest.raises(Unavailable, match="handrail serve"):
            await store.history(question(), START)


async def test_work_ends_though_its_caller_is_cancelled(place: Place):
    async with place.open() as store:
        await store.migrate()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(store.append(ref(str(n)), [received(str(n))], [ack(str(n))])) for n in range(8)]
            # Each has begun once this task has its turn again.
            await store.next_due()
            for task in tasks:
                task.cancel()
        await store.append(ref("last"), [received("last")], [])
        assert store.bell.is_set()
    async with place.open() as store:
        assert len(await store.stories(None, None, None)) == 9
        assert len(await store.pending()) == 8


async def test_a_store_that_is_restarted_has_everything(place: Place):
    async with place.open() as store:
        await store.migrate()
        await keep_canaries(store)
        before = await store.stories(None, None, None)
    async with place.open() as store:
        await store.migrate()
        assert await store.stories(None, None, None) == before


async def test_nobody_at_the_port_is_unavailable_at_once_and_says_nothing_of_anybody():
    from gateway.store import Sealer

    url = f"postgresql://handrail@127.0.0.1:{free_port()}/handrail"
    async with open_store(url, sealer=Sealer([KEY]), host="hopestreet.example") as store:
        started = time.monotonic()
        with pytest.raises(Unavailable) as caught:
            await store.append(ref(), [received()], [])
    assert time.monotonic() - started < 3
    assert "client.example" not in f"{caught.value} {caught.value.__cause__}"


async def test_a_postgresql_that_dies_is_unavailable_and_served_again_when_it_is_back():
    with running_postgres() as postgres:
        place = Place(postgres.fresh_database(), PASSWORD)
        async with place.open() as store:
            await store.migrate()
            await store.append(ref(), [received()], [])
            postgres.stop()
            with pytest.raises(Unavailable):
                await store.history(question(), START)
            with pytest.raises(Unavailable):
                await store.append(ref("second"), [received("second")], [])
            postgres.start()
            assert await store.append(ref("second"), [received("second")], [])
            with postgres.frozen():
                started = time.monotonic()
                with pytest.raises(Unavailable):
                    await store.history(question(), START)
                assert time.monotonic() - started < 8
            assert (await store.history(question(), hours(1))).known


async def test_a_wrong_password_is_unavailable_and_is_not_shown():
    with running_postgres() as postgres:
        async with Place(postgres.fresh_database(), "canary-password").open() as store:
            with pytest.raises(Unavailable) as caught:
                await store.next_due()
    assert "canary-password" not in f"{caught.value} {caught.value.__cause__}"
