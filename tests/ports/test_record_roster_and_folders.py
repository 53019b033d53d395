"""`Roster` and `Folders`: what is noted of clients and of copies, on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest

from gateway.core.events import Seen
from gateway.core.policy.client import Client
from gateway.core.tracking import Copy, FolderState
from gateway.store import Store
from tests.ports.record_samples import START, received, ref

JONAS = Client(address="Jonas.Weber@client.example", name="Jonas Weber", urgent_word="lighthouse", acks=False)
MIA = Client(address="mia@client.example", language="de", policy="mornings")


def state(*copies: Copy, validity: str = "17", next_uid: int = 90, modseq: int = 4) -> FolderState:
    """The state of INBOX with these copies."""
    return FolderState("INBOX", validity, next_uid, modseq, {copy.uid: copy for copy in copies})


def copy(uid: str, *flags: str, name: str = "") -> Copy:
    """A copy in INBOX; of a known message where it is named."""
    return Copy("INBOX", uid, frozenset(flags), ref(name) if name else None)


async def test_a_client_is_found_by_any_spelling_of_the_address(store: Store):
    await store.save("ana", JONAS)
    assert await store.client("ana", "jonas.weber@CLIENT.example") == JONAS
    assert await store.client("ana", "mia@client.example") is None
    assert await store.client("ben", JONAS.address) is None


async def test_saving_a_client_again_replaces_what_was_noted(store: Store):
    await store.save("ana", JONAS)
    changed = JONAS.model_copy(update={"address": "jonas.weber@client.example", "quiet": True})
    await store.save("ana", changed)
    assert await store.clients("ana") == (changed,)


async def test_several_clients_are_saved_together_or_not_at_all(store: Store):
    changed = JONAS.model_copy(update={"quiet": True})
    await store.save("ana", JONAS)
    await store.save_all("ana", [changed, MIA])
    assert await store.clients("ana") == (changed, MIA)

    def several() -> Iterator[Client]:
        yield JONAS
        raise KeyError

    with pytest.raises(KeyError):
        await store.save_all("ana", several())
    assert await store.clients("ana") == (changed, MIA)
    await store.save_all("ana", [])
    assert await store.clients("ana") == (changed, MIA)


async def test_clients_come_by_address(store: Store):
    for client in (MIA, JONAS):
        await store.save("ana", client)
    await store.save("ben", MIA)
    assert await store.clients("ana") == (JONAS, MIA)
    assert await store.clients("cleo") == ()


async def test_a_forgotten_client_is_gone_and_was_there_once(store: Store):
    await store.save("ana", JONAS)
    assert not await store.forget("ben", JONAS.address)
    assert await store.forget("ana", "jonas.WEBER@client.example")
    assert not await store.forget("ana", JONAS.address)
    assert await store.clients("ana") == ()


async def test_a_folder_never_looked_at_has_an_empty_state(store: Store):
    assert await store.folder("ana", "INBOX") == FolderState("INBOX")


async def test_a_folder_is_as_it_was_kept(store: Store):
    await store.append(ref("one"), [received("one")], [])
    kept = state(copy("1", "\\Seen", "$label1", name="one"), copy("2"), copy("3", name="not received"))
    await store.keep("ana", kept)
    assert await store.folder("ana", "INBOX") == kept
    assert await store.folder("ben", "INBOX") == FolderState("INBOX")
    assert await store.folder("ana", "Sent") == FolderState("Sent")


async def test_keeping_replaces_flags_adds_what_is_new_and_lets_go_what_is_gone(store: Store):
    await store.keep("ana", state(copy("1"), copy("2", "\\Seen"), copy("3"), copy("4", name="one")))
    after = state(copy("2", "\\Seen"), copy("3", "\\Flagged", name="one"), copy("4"), copy("5"), modseq=9)
    await store.keep("ana", after)
    assert await store.folder("ana", "INBOX") == after
    assert await store.copies(ref("one")) == (copy("3", "\\Flagged", name="one"),)


async def test_copies_of_a_message_are_found_in_all_folders(store: Store):
    await store.keep("ana", state(copy("1", name="one"), copy("2", name="two")))
    archived = Copy("Archiv/2026 März", "7", frozenset({"\\Answered"}), ref("one"))
    await store.keep("ana", FolderState("Archiv/2026 März", "3", 8, 0, {"7": archived}))
    await store.keep("ben", FolderState("INBOX", "1", 2, 0, {"1": Copy("INBOX", "1", frozenset(), ref("one", "ben"))}))
    assert await store.copies(ref("one")) == (copy("1", name="one"), archived)
    assert await store.copies(ref("three")) == ()


async def test_a_message_whose_copy_was_known_first_can_be_received(store: Store):
    await store.keep("ana", state(copy("1", name="one")))
    assert await store.story(ref("one")) is None
    assert await store.stories(None, None, None) == ()
    assert await store.append(ref("one"), [received("one"), Seen(at=START)], [])
    assert not await store.append(ref("one"), [received("one")], [])
    assert len(await store.stories("ana", None, None)) == 1


async def test_fifty_thousand_copies_are_kept_and_one_that_changes_costs_one_row(store: Store):
    many = [copy(str(uid), "\\Seen") for uid in range(1, 50_001)]
    await store.keep("ana", state(*many))
    many[777] = copy("778", "\\Seen", "\\Answered")
    changed = state(*many, modseq=5)
    await store.keep("ana", changed)
    assert await store.folder("ana", "INBOX") == changed


async def test_of_a_change_between_two_states_only_the_difference_is_written(store: Store):
    await store.append(ref("one"), [received("one")], [])
    many = {str(uid): copy(str(uid)) for uid in range(1, 2001)}
    before = state(*many.values())
    await store.keep("ana", before)
    linked = {"5": copy("5", "\\Seen", name="one"), "2001": copy("2001", name="one")}
    left = {uid: one for uid, one in many.items() if uid != "7"}
    after = state(*(left | linked).values(), next_uid=2002, modseq=9)
    await store.change("ana", before, after)
    assert await store.folder("ana", "INBOX") == after
    assert {one.uid for one in await store.copies(ref("one"))} == {"5", "2001"}
    unread = state(*(left | linked | {"5": copy("5", name="one")}).values(), next_uid=2002, modseq=9)
    await store.change("ana", after, unread)
    assert await store.folder("ana", "INBOX") == unread


async def test_a_change_from_a_state_that_was_not_kept_writes_all_of_the_other(store: Store):
    after = state(copy("1"), copy("3", "\\Seen"))
    await store.change("ana", state(copy("1"), copy("2")), after)
    assert await store.folder("ana", "INBOX") == after
    await store.change("ana", state(copy("1"), copy("2"), copy("4")), state(copy("2")))
    assert await store.folder("ana", "INBOX") == state(copy("2"))


async def test_many_clients_are_saved_at_once_and_the_last_word_on_one_holds(store: Store):
    await store.save("ana", Client(address="jonas@client.example", name="Jonas"))
    several = [Client(address=f"{name}@client.example", name=name) for name in ("Mia", "Jonas W.", "Cleo")]
    corrected = Client(address="JONAS@client.example", name="Jonas Weber")
    await store.save_all("ana", [several[0], Client(address="jonas@client.example", name="J"), several[2], corrected])
    assert [client.name for client in await store.clients("ana")] == ["Cleo", "Jonas Weber", "Mia"]
    await store.save_all("ana", [])
    assert len(await store.clients("ana")) == 3
