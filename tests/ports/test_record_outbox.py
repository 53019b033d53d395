"""`Outbox` and `OutboxDesk`: every effect is carried out by one worker and said once, on SQLite and on PostgreSQL."""

import asyncio

import pytest

from gateway.core.effects import Cancel, Receipt
from gateway.core.events import Acknowledged, GivenUp, Seen, Unseen
from gateway.ports import Claim
from gateway.store import Store
from tests.ports.record_samples import (
    START,
    ack,
    action_told,
    alert,
    digest,
    full_digest,
    hours,
    note_kept,
    notice,
    nudge,
    receipt,
    received,
    ref,
    reminder,
    withdrawal,
)
from tests.servers.stores import Place


async def put(store: Store, *names: str) -> None:
    """Messages that came at the start, each with its ack."""
    for name in names:
        await store.append(ref(name), [received(name)], [ack(name)])


async def one(store: Store, hour: float = 0) -> Claim:
    """The one effect that is due."""
    (claim,) = await store.claim(hours(hour), hours(hour + 1), 10)
    return claim


async def test_four_workers_claim_five_hundred_effects_and_none_twice(store: Store):
    for batch in range(5):
        caused = [ack(f"{batch}-{n}") for n in range(100)]
        await store.append(ref(f"batch {batch}"), [received(f"batch {batch}")], caused)
    claims: list[Claim] = []

    async def work() -> None:
        while batch := await store.claim(START, hours(1), 7):
            claims.extend(batch)
            for claim in batch:
                await store.settle(claim, [])

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(work())
    assert len(claims) == 500
    assert len({claim.id for claim in claims}) == 500
    assert await store.next_due() is None


async def test_an_effect_comes_back_as_it_was_stored(store: Store):
    wanted = (ack(), receipt(), alert())
    await store.append(ref(), [received()], wanted)
    claims = await store.claim(START, hours(1), 10)
    assert tuple(claim.effect for claim in claims) == wanted
    assert {claim.since for claim in claims} == {START}
    assert {claim.attempts for claim in claims} == {1}


async def test_what_is_not_due_waits_and_the_earliest_is_claimed_first(store: Store):
    await store.append(ref(), [received()], [ack("c", hours(3)), ack("a", hours(1)), ack("b", hours(2))])
    assert await store.claim(START, hours(9), 10) == ()
    assert await store.next_due() == hours(1)
    claims = await store.claim(hours(2), hours(9), 10)
    assert [claim.effect for claim in claims] == [ack("a", hours(1)), ack("b", hours(2))]
    assert len(await store.claim(hours(3), hours(9), 0)) == 0


async def test_a_claim_that_nobody_settled_may_be_claimed_again_with_the_same_message_id(store: Store):
    await put(store, "first")
    before = await one(store)
    assert await store.next_due() == hours(1)
    assert await store.claim(hours(0.9), hours(2), 10) == ()
    after = await one(store, 1)
    assert (after.id, after.message_id, after.attempts) == (before.id, before.message_id, 2)


async def test_settling_closes_the_effect_and_tells_the_story_once(store: Store):
    await put(store, "first")
    claim = await one(store)
    said = Acknowledged(at=hours(0.1), message_id=claim.message_id)
    await store.settle(claim, [said])
    await store.settle(claim, [said])
    story = await store.story(ref())
    assert story is not None
    assert story.events == (received(), said)
    assert await store.next_due() is None
    assert await store.pending() == ()


async def test_an_effect_that_was_said_is_never_stored_again(store: Store):
    await put(store, "first")
    await store.settle(await one(store), [])
    await store.append(ref(), [Seen(at=hours(1))], [ack()])
    assert await store.claim(hours(2), hours(3), 10) == ()


async def test_a_postponed_effect_waits_for_its_new_time(store: Store):
    await put(store, "first")
    await store.postpone(await one(store), hours(5), "421 4.7.0")
    (row,) = await store.pending()
    assert (row.state, row.due, row.attempts, row.error) == ("waiting", hours(5), 1, "421 4.7.0")
    assert (row.kind, row.mailbox) == ("ack", "ana")
    assert await store.next_due() == hours(5)
    assert await store.claim(hours(4), hours(6), 10) == ()
    assert (await one(store, 5)).attempts == 2


async def test_a_worker_whose_lease_ran_out_does_not_free_the_claim_of_the_next(store: Store):
    await put(store, "first")
    late = await one(store)
    current = await one(store, 2)
    await store.postpone(late, START, "timed out")
    await store.settle(late, [GivenUp(at=hours(2), effect="ack", why="timed out")])
    assert await store.claim(hours(2.5), hours(9), 10) == ()
    await store.settle(current, [Acknowledged(at=hours(3), message_id=current.message_id)])
    story = await store.story(ref())
    assert story is not None
    assert story.acknowledged_at == hours(3)
    assert len(story.events) == 2


async def test_a_cancelled_effect_is_not_carried_out_and_may_be_caused_again(store: Store):
    wanted = receipt(due=hours(1))
    await store.append(ref(), [received(), Seen(at=START)], [wanted])
    await store.append(ref(), [Unseen(at=hours(0.5))], [Cancel(ref=ref(), target=wanted.key)])
    assert await store.next_due() is None
    assert await store.pending() == ()
    again = receipt(due=hours(6))
    assert isinstance(again, Receipt)
    await store.append(ref(), [Seen(at=hours(5))], [again])
    claim = await one(store, 6)
    assert claim.effect == again
    assert claim.since == hours(5)


async def test_what_is_being_said_or_was_said_can_not_be_cancelled(store: Store):
    await put(store, "first")
    claim = await one(store)
    await store.append(ref(), [Unseen(at=START)], [Cancel(ref=ref(), target=ack().key)])
    assert (await one(store, 1)).id == claim.id
    await store.settle(claim, [])
    await store.append(ref(), [Unseen(at=START)], [Cancel(ref=ref(), target=ack().key), ack()])
    assert await store.claim(hours(9), hours(10), 10) == ()


async def test_an_effect_given_up_waits_for_an_admin_who_may_retry_it(store: Store):
    await put(store, "first")
    claim = await one(store)
    await store.settle(claim, [GivenUp(at=hours(1), effect=claim.effect.key, why="550 5.1.1")])
    assert await store.next_due() is None
    (row,) = await store.pending()
    assert row.state == "given-up"
    assert await store.retry(row.id)
    again = await one(store, 1)
    assert (again.id, again.message_id) == (claim.id, claim.message_id)
    await store.settle(again, [Acknowledged(at=hours(2), message_id=again.message_id)])
    story = await store.story(ref())
    assert story is not None
    assert [event.kind for event in story.events] == ["received", "given-up", "acknowledged"]
    assert not await store.retry(row.id)


async def test_a_retry_does_not_take_an_effect_from_the_worker_that_has_it(store: Store):
    await put(store, "first")
    claim = await one(store)
    assert (await store.pending())[0].state == "claimed"
    assert await store.retry(claim.id)
    assert await store.claim(hours(0.5), hours(2), 10) == ()


async def test_a_dropped_effect_is_never_carried_out_not_even_when_caused_again(store: Store):
    await put(store, "first")
    (row,) = await store.pending()
    assert await store.drop(row.id)
    await store.append(ref(), [Seen(at=START)], [ack()])
    assert await store.claim(hours(9), hours(10), 10) == ()
    assert await store.pending() == ()
    assert not await store.drop(row.id)
    assert not await store.retry(row.id)


async def test_what_left_although_it_was_dropped_is_told(store: Store):
    await put(store, "first")
    claim = await one(store)
    assert await store.drop(claim.id)
    await store.settle(claim, [Acknowledged(at=hours(1), message_id=claim.message_id)])
    story = await store.story(ref())
    assert story is not None
    assert story.acknowledged_at == hours(1)


@pytest.mark.parametrize("number", [0, -1, 4711])
async def test_there_is_nothing_to_do_with_an_effect_that_does_not_exist(store: Store, number: int):
    assert not await store.retry(number)
    assert not await store.drop(number)


async def test_the_bell_rings_when_effects_were_stored_and_for_nothing_else(store: Store):
    await store.append(ref(), [received()], [])
    await store.append(ref(), [Unseen(at=START)], [Cancel(ref=ref(), target="ack:ana:none")])
    assert not store.bell.is_set()
    await store.append(ref(), [Seen(at=START)], [ack()])
    assert store.bell.is_set()
    store.bell.clear()
    assert not await store.append(ref(), [received()], [ack()])
    assert not store.bell.is_set()
    await store.retry((await store.pending())[0].id)
    assert store.bell.is_set()


async def test_an_effect_stored_with_no_event_counts_from_when_it_is_due(store: Store):
    await store.append(ref(), [received()], [])
    await store.append(ref(), [], [receipt(due=hours(3))])
    (row,) = await store.pending()
    assert await store.retry(row.id)
    assert (await one(store)).since == hours(3)


async def test_what_is_cancelled_while_it_is_settled_waits_for_nobody(store: Store):
    names = [str(n) for n in range(20)]
    await put(store, *names)
    claims = await store.claim(START, hours(1), 20)
    async with asyncio.TaskGroup() as group:
        for name, claim in zip(names, sorted(claims, key=lambda one: one.id), strict=True):
            said = Acknowledged(at=START, message_id=claim.message_id)
            group.create_task(store.settle(claim, [said]))
            group.create_task(
                store.append(ref(name), [Unseen(at=START)], [Cancel(ref=ref(name), target=ack(name).key)])
            )
    stories = await store.stories(None, None, None)
    assert [len(story.events) for story in stories] == [3] * 20


async def test_an_effect_that_can_not_be_read_does_not_hold_up_the_others(store: Store, place: Place):
    await put(store, "torn", "whole")
    place.execute("UPDATE effects SET sealed_effect = sealed_message_id WHERE id = 1")
    claims = [claim for _ in range(2) for claim in await store.claim(hours(0), hours(1), 1)]
    assert [claim.effect.ref for claim in claims] == [ref("whole")]
    assert [row.state for row in await store.pending()] == ["given-up", "claimed"]


async def test_every_kind_of_effect_comes_back_as_it_was_stored(store: Store):
    alone = (
        digest(),
        full_digest(due=hours(0.2)),
        notice(),
        reminder(),
        digest(hours(0.5), client="jonas@client.example", session=hours(1)),
    )
    await store.append(ref(), [received()], [nudge(), withdrawal()])
    await store.cause([*alone, note_kept(), action_told()])
    claims = await store.claim(hours(1), hours(2), 10)
    assert {claim.effect for claim in claims} == {*alone, nudge(), withdrawal(), note_kept(), action_told()}
    assert {claim.since for claim in claims} == {START, hours(0.2), hours(0.5)}


async def test_what_no_message_caused_is_carried_out_once(store: Store):
    assert not store.bell.is_set()
    await store.cause([digest()])
    assert store.bell.is_set()
    await store.cause([digest(), digest()])
    claim = await one(store)
    await store.settle(claim, [])
    await store.cause([digest()])
    assert await store.next_due() is None
    assert await store.pending() == ()
    assert await store.stories(None, None, None) == ()


async def test_what_no_message_caused_may_stand_beside_what_a_message_caused(store: Store):
    await store.append(ref(), [received()], [ack(), digest()])
    claims = await store.claim(START, hours(1), 10)
    for claim in claims:
        await store.settle(claim, [Acknowledged(at=hours(1), message_id=claim.message_id)])
    story = await store.story(ref())
    assert story is not None
    assert [event.kind for event in story.events] == ["received", "acknowledged"]


async def test_what_no_message_caused_is_given_up_and_retried_like_the_rest(store: Store):
    await store.cause([notice()])
    claim = await one(store)
    await store.settle(claim, [GivenUp(at=hours(1), effect=claim.effect.key, why="550 5.1.1")])
    (row,) = await store.pending()
    assert (row.kind, row.mailbox, row.state) == ("notice", "ana", "given-up")
    assert await store.retry(row.id)
    assert (await one(store, 1)).effect == notice()


async def test_what_no_message_caused_may_be_taken_back_and_caused_again(store: Store):
    await store.cause([notice(due=hours(2))])
    store.bell.clear()
    await store.cause([Cancel(ref=notice().ref, target=notice().key)])
    assert not store.bell.is_set()
    assert await store.next_due() is None
    await store.cause([notice(due=hours(3))])
    assert (await one(store, 3)).effect == notice(due=hours(3))


async def test_a_cancellation_makes_no_message_known(store: Store, place: Place):
    await store.append(ref(), [received()], [Cancel(ref=notice().ref, target="x"), Cancel(ref=ref("y"), target="y")])
    assert place.execute("SELECT count(*) FROM messages") == [(1,)]


async def test_all_that_is_caused_at_once_is_stored_or_nothing(store: Store):
    broken = notice(to="mia@client.example", due=START.replace(tzinfo=None))
    with pytest.raises(Exception, match="zone"):
        await store.cause([digest(), broken])
    assert await store.pending() == ()
