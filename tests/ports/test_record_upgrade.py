"""A database of before goes on: every step up keeps what is there, on SQLite and on PostgreSQL."""

from __future__ import annotations

import json

import pytest
from alembic import command
from sqlalchemy import Connection, exc, text

from gateway.core.events import Answered, Recategorised, Seen, Waived, Withdrawn
from gateway.store import Store, migrate
from tests.ports.record_samples import CLIENT, START, ack, digest, hours, question, received, ref
from tests.servers.stores import Place

#: Numbers of rows that no sequence reaches within a test.
FIRST, SECOND = 101, 102
#: What the gateway of revision 0001 wrote into the open part of a Received event.
OF_BEFORE = {
    "via": "smtp", "author_verified": True, "important": False, "sent_at": "2026-03-02T07:59:00.123456Z",
    "language": "en", "new_words": 120, "quoted_words": 3, "attachment_words": 7, "origin": "person",
    "answerable": True, "level": "urgent", "category": "general", "policy": "mornings",
    "read_by": None, "answer_by": "2026-03-02T18:00:00.123456Z",
}  # fmt: skip


def to_the_first(db: Connection) -> None:
    command.upgrade(migrate.config(db), "0001")


async def keep_of_before(store: Store, place: Place) -> None:
    """Rows as they were written at revision 0001: two messages, an ack that refers to another, a copy."""
    await store._db.write(to_the_first)  # the port knows the newest form alone
    sealer = store._sealer
    for number, name in ((FIRST, "first"), (SECOND, "second")):
        blind = sealer.blind("messages.ref", ref(name).key)
        values = {
            "id": number, "mailbox": "ana", "ref": blind, "received": START, "origin": "person",
            "policy": "mornings", "author": sealer.blind("messages.author", CLIENT),
            "sealed_key": sealer.seal(ref(name).key, "messages", "sealed_key", f"ana:{blind.hex()}"),
        }  # fmt: skip
        insert(place, "messages", values)
        insert(place, "events", {"message": number, "number": 1, "kind": "received", "at": START, "body": body()})
        key = sealer.blind("effects.key", ack(name).key)
        insert(place, "effects", {
            "id": number, "key": key, "kind": "ack", "mailbox": "ana", "message": number,
            "person": sealer.blind("effects.person", CLIENT), "token": bytes([number]) * 32,
            "sealed_message_id": sealer.seal(f"<{number}@h.example>", "effects", "sealed_message_id", key.hex()),
            "sealed_effect": sealer.seal(ack_of_before(name), "effects", "sealed_effect", key.hex()),
            "stored": START, "wanted": START, "due": START, "state": "waiting", "attempts": 0, "error": "",
        })  # fmt: skip
    seen = {"message": FIRST, "number": 2, "kind": "seen", "at": hours(1), "body": '{"since": null}'}
    insert(place, "events", seen)
    insert(place, "echoes", {"effect": SECOND, "ours": FIRST})


def body() -> str:
    return json.dumps(OF_BEFORE)


def ack_of_before(name: str) -> str:
    made = ack(name)
    fields = (
        "kind", "to", "sender", "in_reply_to", "subject", "language", "policy", "known", "used", "allowed", "per",
        "warn",
    )  # fmt: skip
    values = {one: getattr(made, one) for one in fields}
    times = {one: START.isoformat() for one in ("due", "received")}
    reference = {"ref": {"mailbox": "ana", "key": ref(name).key}, "references": [], "level": "urgent"}
    return json.dumps(values | times | reference | {"read_by": None, "answer_by": None})


def insert(place: Place, table: str, values: dict[str, object]) -> None:
    names = ", ".join(values)
    place.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join(f':{name}' for name in values)})", values)


async def test_what_was_kept_before_is_kept_and_read_as_ever(place: Place):
    async with place.open() as store:
        await keep_of_before(store, place)
        await store.migrate()
        story = await store.story(ref())
        assert story is not None
        assert story.received is not None
        assert (story.received.new_words, story.received.version, story.received.expect) == (120, 0, "maybe")
        claims = await store.claim(hours(1), hours(2), 10)
        assert [(claim.effect.ref, claim.message_id) for claim in claims] == [
            (ref("first"), "<101@h.example>"),
            (ref("second"), "<102@h.example>"),
        ]
        assert place.execute("SELECT effect, ours FROM echoes") == [(SECOND, FIRST)]


async def test_what_was_seen_before_was_opened_by_itself(place: Place):
    async with place.open() as store:
        await keep_of_before(store, place)
        await store.migrate()
        story = await store.story(ref())
        assert story is not None
        assert story.events[-1] == Seen(at=hours(1), since=None, bulk=False)


async def test_after_the_step_up_what_is_new_can_happen_to_a_message_of_before(place: Place):
    async with place.open() as store:
        await keep_of_before(store, place)
        await store.migrate()
        new = (
            Seen(at=hours(2), bulk=True),
            Withdrawn(at=hours(2)),
            Waived(at=hours(2), by="digest", note="It was short."),
            Recategorised(at=hours(2), category="scheduling", by="page"),
        )
        await store.append(ref(), new, [])
        story = await store.story(ref())
        assert story is not None
        assert story.events[-4:] == new
        assert await store.spend("token", hours(9), ref(), [], [])
        await store.keep_sign_in("ana", "{}")


async def test_a_promise_of_before_is_known_after_the_step_up(place: Place):
    async with place.open() as store:
        await keep_of_before(store, place)
        await store.migrate()
        assert (await store.history(question(promises=True), hours(1))).promised == hours(10)
        answered = Answered(at=hours(1), witness="flag", words=None, answer="")
        for name in ("first", "second"):
            await store.append(ref(name), [answered], [])
        assert (await store.history(question(promises=True), hours(1))).promised is None


async def test_after_the_step_up_things_go_on(place: Place):
    async with place.open() as store:
        await keep_of_before(store, place)
        await store.migrate()
        assert await store.append(ref("third"), [received("third")], [ack("third")])
        assert not await store.append(ref(), [received()], [])
        await store.cause([digest()])
        assert len(await store.claim(hours(1), hours(2), 10)) == 4
        await store.migrate()
        assert len(await store.stories("ana", None, None)) == 3


@pytest.mark.parametrize("statement", ["UPDATE events SET kind = 'seen'", "DELETE FROM events"])
async def test_after_the_step_up_events_never_change_and_stay(place: Place, statement: str):
    async with place.open() as store:
        await keep_of_before(store, place)
        await store.migrate()
        with pytest.raises(exc.DBAPIError, match=r"events (never change|stay)"):
            place.execute(statement)


async def test_after_the_step_up_an_effect_still_goes_with_its_message_alone(place: Place):
    async with place.open() as store:
        await keep_of_before(store, place)
        await store.migrate()
        with pytest.raises(exc.IntegrityError):
            await store._db.write(lambda db: db.execute(text("UPDATE effects SET message = 99")))
        with pytest.raises(exc.IntegrityError):
            await store._db.write(lambda db: db.execute(text("UPDATE effects SET token = key, key = token, id = 1")))
        assert await store.erase("mornings", hours(1)) == 2
        assert place.execute("SELECT (SELECT count(*) FROM effects) + (SELECT count(*) FROM echoes)") == [(0,)]
