"""`Keeping`: what the card says goes, goes, with all that hangs on it, on SQLite and on PostgreSQL."""

from datetime import timedelta

import pytest

from gateway.core.effects import Cancel, Mail
from gateway.core.events import GivenUp, Seen
from gateway.core.tracking import Copy, FolderState
from gateway.store import Store
from tests.ports.record_samples import CLIENT, START, ack, digest, hours, notice, question, received, ref, reminder
from tests.servers.stores import Place

MONTH = timedelta(days=30)


async def test_each_policys_oldest_message_is_known(store: Store):
    await store.append(ref("a"), [received("a", at=hours(2))], [])
    await store.append(ref("b"), [received("b", at=hours(1))], [])
    await store.append(ref("c"), [received("c", at=hours(3), policy="evenings")], [])
    assert await store.oldest() == {"mornings": hours(1), "evenings": hours(3)}


async def test_nothing_is_oldest_in_an_empty_record(store: Store):
    assert await store.oldest() == {}


async def test_what_was_received_before_goes_with_its_events_and_effects(store: Store):
    await store.append(ref("old"), [received("old", at=hours(1))], [ack("old", due=hours(1))])
    await store.append(ref("old"), [Seen(at=hours(2))], [])
    await store.append(ref("young"), [received("young", at=hours(5))], [ack("young", due=hours(5))])
    assert await store.erase("mornings", hours(5)) == 1
    assert await store.story(ref("old")) is None
    assert await store.story(ref("young")) is not None
    assert len(await store.pending()) == 1


async def test_mail_of_another_policy_stays(store: Store):
    await store.append(ref("kept"), [received("kept", policy="evenings")], [])
    assert await store.erase("mornings", hours(1000)) == 0
    assert await store.story(ref("kept")) is not None


async def test_a_copy_in_the_mailbox_is_none_of_ours_afterwards(store: Store):
    await store.append(ref("old"), [received("old")], [])
    await store.keep("ana", FolderState("INBOX", "1", 8, 0, {"7": Copy("INBOX", "7", frozenset(), ref("old"))}))
    assert await store.erase("mornings", hours(1)) == 1
    state = await store.folder("ana", "INBOX")
    assert state.copies["7"].ref is None


async def test_more_than_one_block_goes_in_one_call(store: Store):
    for number in range(3):
        await store.append(ref(str(number)), [received(str(number))], [])
    assert await store.erase("mornings", hours(1)) == 3


async def said(store: Store, *effects: Mail) -> None:
    """These were caused and carried out."""
    await store.cause(effects)
    for claim in await store.claim(hours(1), hours(2), 10):
        await store.settle(claim, [])


async def test_what_a_digest_or_a_notice_said_goes_while_its_key_stays(store: Store, place: Place):
    await said(store, digest(), notice(), reminder())
    assert await store.erase_said(START) == 0
    assert await store.erase_said(START + MONTH) == 3
    assert await store.erase_said(START + MONTH) == 0
    assert place.execute("SELECT count(*) FROM effects WHERE length(sealed_effect) + length(person) > 0") == [(0,)]
    await store.cause([digest(), notice(), reminder()])
    assert await store.next_due() is None


async def test_a_bare_key_goes_after_two_years(store: Store, place: Place):
    await said(store, digest())
    await store.erase_said(START + MONTH)
    await store.erase_said(START + timedelta(days=730))
    assert place.execute("SELECT count(*) FROM effects") == [(1,)]
    await store.erase_said(START + timedelta(days=731))
    assert place.execute("SELECT count(*) FROM effects") == [(0,)]


async def test_what_still_waits_keeps_its_words(store: Store):
    await store.cause([notice(due=START)])
    assert await store.erase_said(START + MONTH) == 0
    (claim,) = await store.claim(START + MONTH, START + 2 * MONTH, 1)
    assert claim.effect == notice()


async def test_what_was_given_up_is_no_more_to_be_tried_once_its_words_are_gone(store: Store):
    await store.cause([notice()])
    (claim,) = await store.claim(START, hours(1), 1)
    await store.settle(claim, [GivenUp(at=hours(1), effect=claim.effect.key, why="550 5.1.1")])
    assert await store.erase_said(START + MONTH) == 1
    assert await store.pending() == ()
    assert not await store.retry(claim.id)


async def test_what_was_taken_back_and_erased_may_be_caused_again(store: Store):
    await store.cause([notice(), Cancel(ref=notice().ref, target=notice().key)])
    assert await store.erase_said(START + MONTH) == 1
    await store.cause([notice()])
    (claim,) = await store.claim(START, hours(1), 1)
    assert (claim.effect, claim.effect.to) == (notice(), CLIENT)


@pytest.mark.parametrize("day", [0, 400])
async def test_what_a_message_caused_goes_with_the_message_alone(store: Store, day: int):
    await store.append(ref(), [received()], [ack()])
    (claim,) = await store.claim(START, hours(1), 1)
    await store.settle(claim, [])
    assert await store.erase_said(START + timedelta(days=day)) == 0
    assert (await store.history(question(), hours(1))).acks_to_person_day == 1
