"""What a lookout tells of folders, by looks that are plain values and a clock that is moved by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from gateway.clock import ManualClock
from gateway.core.events import Ref
from gateway.mailbox import world as room
from gateway.mailbox.lookout import Lookout
from gateway.mailbox.world import LONG_AGO, Known, Look, Role, Trail
from gateway.ports import Unavailable
from tests.ports import observed
from tests.ports.observed import letter

NOW = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
ONE, TWO, THREE = (f"<{number}@client.example>" for number in (1, 2, 3))


@dataclass
class Shelf:
    """A folder: Message-IDs and flags by uid."""

    name: str = "INBOX"
    validity: str = "7"
    lying: dict[str, tuple[str, frozenset[str]]] = field(default_factory=dict)
    next_uid: int = 1

    def put(self, message_id: str, *flags: str) -> str:
        uid, self.next_uid = str(self.next_uid), self.next_uid + 1
        self.lying[uid] = (message_id, frozenset(flags))
        return uid

    def mark(self, uid: str, *flags: str) -> None:
        self.lying[uid] = (self.lying[uid][0], frozenset(flags))

    def take(self, uid: str) -> str:
        return self.lying.pop(uid)[0]

    async def look(self, known: Known, *, full: bool) -> Look:
        flags = {uid: flags for uid, (_, flags) in self.lying.items()}
        return Look(self.validity, self.next_uid, 0, flags, flags.keys())

    async def message_ids(self, uids: Sequence[str]) -> Mapping[str, str]:
        return {uid: self.lying[uid][0] for uid in uids}

    async def arrived_since(self, uids: Sequence[str], at: datetime) -> Sequence[str]:
        return []

    async def content(self, uid: str) -> tuple[bytes, datetime | None] | None:
        return letter(self.lying[uid][0]), None

    async def add_flags(self, uid: str, flags: frozenset[str]) -> frozenset[str]:
        return self.lying[uid][1] | flags

    def keeps(self, flag: str) -> bool:
        return True


@dataclass
class Desk:
    """An inbox and an archive, watched."""

    told: observed.World = field(default_factory=observed.World)
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    inbox: Shelf = field(default_factory=Shelf)
    archive: Shelf = field(default_factory=lambda: Shelf("Archive"))

    def __post_init__(self) -> None:
        told = self.told
        self.world = room.World("ana", told, told, told, told, self.clock, NOW)
        self.at_inbox = Lookout(self.world, Role.INBOX)
        self.at_archive = Lookout(self.world, Role.OTHER)

    async def look(self, *folders: Shelf, after: float = 60) -> None:
        """So many seconds later, look at folders in this order."""
        self.clock.set(self.clock.now() + timedelta(seconds=after))
        for folder in folders:
            lookout = self.at_inbox if folder is self.inbox else self.at_archive
            await lookout.look(folder, full=False)

    def flags_told(self) -> list[tuple[str, set[str]]]:
        return [(change.now.ref.key, set(change.now.flags)) for change in self.told.changes if change.now.ref]


@pytest.fixture
async def desk() -> Desk:
    made = Desk()
    await made.look(made.inbox, made.archive)
    return made


async def test_all_changes_of_one_look_are_told_together(desk: Desk) -> None:
    uids = [desk.inbox.put(one) for one in (ONE, TWO, THREE)]
    await desk.look(desk.inbox)
    for uid in uids:
        desk.inbox.mark(uid, "\\Seen")
    await desk.look(desk.inbox)
    ((batch, since),) = desk.told.batches
    assert len(batch) == 3
    assert since == desk.clock.now() - timedelta(seconds=60)


async def test_a_change_that_breaks_us_keeps_no_other_from_being_told_and_is_not_told_for_ever(desk: Desk) -> None:
    uids = [desk.inbox.put(one) for one in (ONE, TWO, THREE)]
    await desk.look(desk.inbox)
    desk.told.poison = TWO
    for uid in uids:
        desk.inbox.mark(uid, "\\Seen")
    await desk.look(desk.inbox)
    await desk.look(desk.inbox)
    assert desk.flags_told() == [(ONE, {"\\Seen"}), (THREE, {"\\Seen"})]
    assert desk.told.alerts == ["message-skipped"]


async def test_what_could_not_be_told_is_told_later_with_the_times_of_then(desk: Desk) -> None:
    uid = desk.inbox.put(ONE)
    await desk.look(desk.inbox)
    known_unread = desk.clock.now()
    desk.inbox.mark(uid, "\\Seen")
    desk.told.down = True
    with pytest.raises(Unavailable):
        await desk.look(desk.inbox)
    desk.at_inbox.forget()
    desk.told.down = False
    await desk.look(desk.inbox)
    ((_, since),) = desk.told.batches
    assert since == known_unread


@pytest.mark.parametrize("inbox_first", [True, False])
async def test_one_read_elsewhere_was_unread_when_the_inbox_had_it_last(desk: Desk, inbox_first: bool) -> None:
    uid = desk.inbox.put(ONE)
    await desk.look(desk.inbox)
    unread_at = desk.clock.now()
    desk.archive.put(desk.inbox.take(uid), "\\Seen")
    await desk.look(*((desk.inbox, desk.archive) if inbox_first else (desk.archive, desk.inbox)))
    assert desk.flags_told() == [(ONE, {"\\Seen"})]
    assert [since for _, since in desk.told.batches] == [unread_at]


async def test_one_moved_as_it_was_tells_nothing(desk: Desk) -> None:
    uid = desk.inbox.put(ONE)
    await desk.look(desk.inbox)
    desk.inbox.mark(uid, "\\Seen")
    await desk.look(desk.inbox)
    moved = desk.archive.put(desk.inbox.take(uid), "\\Seen")
    await desk.look(desk.inbox, desk.archive)
    assert len(desk.told.changes) == 1
    desk.archive.mark(moved)
    await desk.look(desk.archive)
    assert desk.flags_told()[1:] == [(ONE, set())]


async def test_one_moved_and_marked_as_unread_at_once_is_told_as_unread(desk: Desk) -> None:
    uid = desk.inbox.put(ONE)
    await desk.look(desk.inbox)
    desk.inbox.mark(uid, "\\Seen")
    await desk.look(desk.inbox)
    desk.archive.put(desk.inbox.take(uid))
    await desk.look(desk.inbox, desk.archive)
    assert desk.flags_told() == [(ONE, {"\\Seen"}), (ONE, set())]
    assert desk.told.changes[1].before.has("\\Seen")


async def test_one_sorted_away_and_read_before_any_look_may_have_been_read_at_any_time(desk: Desk) -> None:
    desk.told.recorded = {ONE}
    desk.archive.put(ONE, "\\Seen")
    await desk.look(desk.inbox, desk.archive)
    assert [since for _, since in desk.told.batches] == [LONG_AGO]


async def test_the_record_may_learn_of_a_sorted_message_a_little_later(desk: Desk) -> None:
    desk.archive.put(ONE, "\\Seen")
    desk.archive.put(TWO)
    await desk.look(desk.archive)
    assert desk.told.changes == []
    assert desk.at_archive.expects
    desk.told.recorded = {ONE}
    await desk.look(desk.archive, after=5)
    assert desk.flags_told() == [(ONE, {"\\Seen"})]
    await desk.look(desk.archive, after=150)
    assert not desk.at_archive.expects
    assert desk.told.arrivals == []


async def test_mail_that_only_refers_to_a_message_is_none_of_it(desk: Desk) -> None:
    desk.told.recorded = {ONE}
    desk.archive.put(f"<reminder-of-{ONE[1:]}", "\\Seen")
    await desk.look(desk.archive)
    assert desk.told.changes == []
    assert not desk.told.states["Archive"].copies["1"].ref


async def test_a_folder_that_is_gone_and_comes_back_brings_nothing_new(desk: Desk) -> None:
    uid = desk.inbox.put(ONE)
    await desk.look(desk.inbox)
    desk.archive.put(desk.inbox.take(uid), "\\Seen")
    await desk.look(desk.inbox, desk.archive)
    await desk.at_archive.abandon("Archive")
    assert not await desk.told.copies(Ref("ana", ONE))
    await desk.look(desk.archive)
    assert len(await desk.told.copies(Ref("ana", ONE))) == 1
    assert len(desk.told.changes) == 1


async def test_a_new_validity_finds_by_message_id_what_was_known_and_tells_what_changed_meanwhile(desk: Desk) -> None:
    for one in (ONE, TWO):
        desk.inbox.put(one)
    await desk.look(desk.inbox)
    desk.told.recorded = {ONE, TWO}
    desk.inbox = Shelf("INBOX", "8")
    desk.inbox.put(TWO)
    desk.inbox.put(ONE, "\\Seen")
    await desk.look(desk.inbox)
    assert desk.flags_told() == [(ONE, {"\\Seen"})]
    assert {copy.uid for copy in desk.told.states["INBOX"].copies.values() if copy.ref} == {"1", "2"}


def test_what_left_long_ago_is_forgotten() -> None:
    trail = Trail()
    for number in range(3000):
        trail.leave(Ref("ana", str(number)), frozenset(), NOW)
    assert trail.left(Ref("ana", "0")) is None
    assert trail.left(Ref("ana", "2999")) is not None
