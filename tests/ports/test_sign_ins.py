"""`SignIns`: what a sign-in gave us is kept sealed, on SQLite and on PostgreSQL."""

import pytest

from gateway.store import Store
from gateway.store.sealing import SealError
from tests.servers.stores import KEY, Place

TOKENS = '{"refresh_token": "1//zilpzalp-feldlerche", "scope": "https://mail.example/"}'


async def test_nothing_is_kept_at_first(store: Store):
    assert await store.sign_in("ana") is None


async def test_a_sign_in_is_kept_to_the_letter_and_under_its_name_alone(store: Store):
    await store.keep_sign_in("ana", TOKENS)
    assert await store.sign_in("ana") == TOKENS
    assert await store.sign_in("ben") is None


async def test_a_sign_in_takes_the_place_of_the_last_one(store: Store):
    await store.keep_sign_in("ana", TOKENS)
    await store.keep_sign_in("ana", "{}")
    assert await store.sign_in("ana") == "{}"


async def test_a_sign_in_that_was_forgotten_is_gone(store: Store, place: Place):
    await store.keep_sign_in("ana", TOKENS)
    await store.keep_sign_in("ana", None)
    await store.keep_sign_in("ana", None)
    assert await store.sign_in("ana") is None
    assert place.execute("SELECT count(*) FROM sign_ins") == [(0,)]


async def test_a_stolen_database_does_not_show_the_tokens(place: Place):
    async with place.open() as store:
        await store.migrate()
        await store.keep_sign_in("ana", TOKENS)
        assert b"zilpzalp" not in place.everything()


async def test_the_tokens_of_one_open_under_no_other_name(store: Store, place: Place):
    await store.keep_sign_in("ana", TOKENS)
    place.execute("UPDATE sign_ins SET name = 'ben'")
    with pytest.raises(SealError):
        await store.sign_in("ben")


async def test_a_sign_in_opens_after_a_new_key_was_put_before_the_old(place: Place):
    async with place.open() as store:
        await store.migrate()
        await store.keep_sign_in("ana", TOKENS)
    async with place.open(bytes(32), KEY) as store:
        assert await store.sign_in("ana") == TOKENS
