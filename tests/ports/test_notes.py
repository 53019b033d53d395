"""`Notes`: one presence note a mailbox, on SQLite and on PostgreSQL."""

from gateway.core.history import Note
from gateway.store import Store
from tests.ports.record_samples import hours
from tests.servers.stores import Place

NOTE = Note("I am away until the 9th, and I think of you.\r\n\0 Ana \ud800", hours(0), hours(100))


async def test_a_mailbox_has_no_note_at_first(store: Store):
    assert await store.note("ana") is None


async def test_a_note_is_kept_to_the_letter_and_for_its_mailbox_alone(store: Store):
    await store.keep_note("ana", NOTE)
    assert await store.note("ana") == NOTE
    assert await store.note("ben") is None


async def test_a_note_takes_the_place_of_the_last_one(store: Store):
    await store.keep_note("ana", NOTE)
    newer = Note("Back on Monday.", hours(1), hours(2))
    await store.keep_note("ana", newer)
    assert await store.note("ana") == newer


async def test_a_note_that_was_taken_back_is_gone(store: Store):
    await store.keep_note("ana", NOTE)
    await store.keep_note("ana", None)
    await store.keep_note("ana", None)
    assert await store.note("ana") is None


async def test_a_stolen_database_does_not_show_the_note(place: Place):
    async with place.open() as store:
        await store.migrate()
        await store.keep_note("ana", NOTE)
        assert b"away until" not in place.everything()
