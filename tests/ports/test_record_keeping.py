"""`Keeping`: what the card says goes, goes, with all that hangs on it, on SQLite and on PostgreSQL."""

from gateway.core.events import Seen
from gateway.core.tracking import Copy, FolderState
from gateway.store import Store
from tests.ports.record_samples import ack, hours, received, ref


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
