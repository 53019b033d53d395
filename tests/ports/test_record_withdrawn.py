"""What was taken back, and the mail that asked for it, count nowhere: on SQLite and on PostgreSQL."""

from gateway.core.events import Withdrawn
from gateway.store import Store
from tests.ports.record_samples import CLIENT, ack, hours, question, received, ref

NOW = hours(10)


async def come(store: Store, name: str, hour: float, **changes: object) -> None:
    """A message came at an hour, and was promised an answer."""
    event = received(name, **({"at": hours(hour), "answer_by": hours(hour + 24)} | changes))
    assert await store.append(ref(name), [event], [ack(name, hours(hour))])


async def all_of_it(store: Store) -> None:
    """One message stays, one is taken back by another, and one asks in vain."""
    await come(store, "stays", 3)
    await come(store, "taken", 1)
    await come(store, "asking", 2, request="withdraw", answer_by=None)
    await come(store, "in-vain", 4, request="withdraw", answer_by=None)
    for name in ("taken", "asking"):
        await store.append(ref(name), [Withdrawn(at=hours(2))], [])


async def test_neither_counts_as_an_earlier_message(store: Store):
    await all_of_it(store)
    history = await store.history(question(since=hours(0)), NOW)
    assert [one.at for one in history.earlier] == [hours(3)]
    assert not history.first


async def test_its_promise_stands_for_nothing(store: Store):
    await come(store, "taken", 1)
    assert (await store.history(question(promises=True), NOW)).promised == hours(25)
    await store.append(ref("taken"), [Withdrawn(at=hours(2))], [])
    assert (await store.history(question(promises=True), NOW)).promised is None


async def test_neither_is_open_or_waits(store: Store):
    await all_of_it(store)
    for found in (await store.open("ana", hours(0)), await store.waiting("ana", CLIENT)):
        assert [story.ref for story in found] == [ref("stays")]


async def test_all_of_it_is_told_whole(store: Store):
    await all_of_it(store)
    taken, asking = await store.story(ref("taken")), await store.story(ref("asking"))
    assert taken is not None
    assert asking is not None
    assert asking.received is not None
    assert taken.withdrawn == Withdrawn(at=hours(2))
    assert asking.received.request == "withdraw"
