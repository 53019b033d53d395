"""`Tokens`: what a single-use token allows happens once, on SQLite and on PostgreSQL."""

import asyncio

import pytest

from gateway.core.events import Waived
from gateway.core.history import Note
from gateway.core.policy.client import Client
from gateway.store import Store
from tests.ports.record_samples import NOTHING, ack, action_told, digest, hours, plain_hash, received, ref
from tests.servers.stores import Place

TOKEN = plain_hash("one-click action")
WAIVED = Waived(at=hours(1), by="digest", note="We spoke about Jonas's invoice.")


async def test_what_a_token_allows_is_stored_with_it(store: Store):
    await store.append(ref(), [received()], [])
    assert await store.spend(TOKEN, hours(9), ref(), [WAIVED], [ack()])
    story = await store.story(ref())
    assert story is not None
    assert story.events == (received(), WAIVED)
    assert store.bell.is_set()
    assert [claim.effect for claim in await store.claim(hours(0), hours(1), 9)] == [ack()]


async def test_a_token_that_was_spent_brings_nothing_about(store: Store):
    await store.append(ref(), [received()], [])
    await store.spend(TOKEN, hours(9), ref(), [], [])
    assert not await store.spend(TOKEN, hours(9), ref(), [WAIVED], [ack()])
    story = await store.story(ref())
    assert story is not None
    assert story.events == (received(),)
    assert await store.next_due() is None


async def test_a_token_about_no_message_brings_effects_about(store: Store):
    assert await store.spend(TOKEN, hours(9), NOTHING, [], [digest()])
    assert not await store.spend(TOKEN, hours(9), NOTHING, [], [digest(due=hours(3))])
    assert [claim.effect for claim in await store.claim(hours(4), hours(5), 9)] == [digest()]


async def test_a_token_changes_the_roster_and_leaves_a_note_with_what_it_says(store: Store):
    client, note = Client(address="jonas.weber@client.example", acks=False), Note("By the sea.", hours(0), hours(9))
    assert await store.spend(TOKEN, hours(9), NOTHING, [], [action_told()], client=client, note=note)
    assert await store.client("ana", client.address) == client
    assert await store.note("ana") == note
    assert [claim.effect for claim in await store.claim(hours(4), hours(5), 9)] == [action_told()]
    other = client.model_copy(update={"acks": True})
    assert not await store.spend(TOKEN, hours(9), NOTHING, [], [], client=other, note=Note("", hours(0), hours(9)))
    assert await store.client("ana", client.address) == client
    assert await store.note("ana") == note


async def test_a_token_is_still_good_where_what_it_brings_about_could_not_be_stored(store: Store):
    with pytest.raises(ValueError, match="never received"):
        await store.spend(TOKEN, hours(9), ref(), [WAIVED], [])
    await store.append(ref(), [received()], [])
    assert await store.spend(TOKEN, hours(9), ref(), [WAIVED], [])


async def test_of_two_nodes_that_spend_a_token_at_once_one_does(place: Place):
    async with place.open() as one, place.open() as other:
        await one.migrate()
        await one.append(ref(), [received()], [])
        spent = await asyncio.gather(*(node.spend(TOKEN, hours(9), ref(), [WAIVED], []) for node in (one, other)))
        assert sorted(spent) == [False, True]
        story = await one.story(ref())
        assert story is not None
        assert story.events == (received(), WAIVED)


async def test_a_spent_token_is_remembered_until_it_would_have_run_out(store: Store, place: Place):
    await store.spend(TOKEN, hours(9), NOTHING, [], [])
    await store.erase_said(hours(9))
    assert not await store.spend(TOKEN, hours(9), NOTHING, [], [])
    await store.erase_said(hours(10))
    assert place.execute("SELECT count(*) FROM spent") == [(0,)]


async def test_a_stolen_database_shows_no_token(place: Place):
    async with place.open() as store:
        await store.migrate()
        await store.append(ref(), [received()], [])
        await store.spend(TOKEN, hours(9), ref(), [WAIVED], [])
        stolen = place.everything()
        assert TOKEN.encode() not in stolen
        assert bytes.fromhex(TOKEN) not in stolen
        assert b"invoice" not in stolen
