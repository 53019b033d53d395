"""Two looks at a folder, compared; and copies held small."""

import sys

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.events import Ref
from gateway.core.tracking import Copies, Copy, compare

Look = dict[str, frozenset[str]]
FLAGS = st.frozensets(st.sampled_from(["\\Seen", "\\Answered", "$label1"]))
LOOK = st.dictionaries(st.integers(1, 30).map(str), FLAGS)
UIDS = st.sampled_from(["1", "2", "3", "007", "0", "4294967295", "4294967296", "1.a.host", "٣"])
COPIES = st.dictionaries(UIDS, st.booleans())
REF = Ref("ana", "one")


def known(look: Look) -> Copies:
    return Copies("INBOX", {uid: Copy("INBOX", uid, flags, REF) for uid, flags in look.items()})


def plain(wanted: dict[str, bool]) -> dict[str, Copy]:
    return {uid: Copy("INBOX", uid, frozenset(), REF if ours else None) for uid, ours in wanted.items()}


def test_new_changed_and_gone_are_told_apart() -> None:
    before = known({"1": frozenset(), "2": frozenset(), "3": frozenset()})
    look = {"2": frozenset({"\\Seen"}), "3": frozenset(), "4": frozenset()}
    changes = compare(before, look, look.keys())
    assert changes.new == ("4",)
    assert [change.now.uid for change in changes.flags] == ["2"]
    assert changes.gone == {"1"}


def test_a_look_at_a_part_tells_of_nothing_that_is_gone() -> None:
    before = known({"1": frozenset(), "2": frozenset()})
    changes = compare(before, {"2": frozenset({"\\Seen"}), "9": frozenset()})
    assert (changes.new, len(changes.flags), changes.gone) == (("9",), 1, frozenset())


def test_flags_of_what_is_not_ours_are_no_change() -> None:
    changes = compare(Copies("INBOX", {}, ["1"]), {"1": frozenset({"\\Seen"})})
    assert (changes.new, changes.flags) == ((), ())


def test_flags_compare_without_case() -> None:
    assert Copy("INBOX", "1", frozenset({"$Label1"})).has("$label1")


@given(LOOK, LOOK)
def test_every_uid_is_new_changed_gone_or_the_same(
    before: dict[str, frozenset[str]], now: dict[str, frozenset[str]]
) -> None:
    changes = compare(known(before), now, now.keys())
    changed = {change.now.uid for change in changes.flags}
    same = {uid for uid in before.keys() & now.keys() if before[uid] == now[uid]}
    assert set(changes.new) | changed | same == set(now)
    assert changes.gone | changed | same == set(before)


@given(LOOK)
def test_two_equal_looks_have_no_difference(look: Look) -> None:
    changes = compare(known(look), look, look.keys())
    assert (changes.new, changes.flags, changes.gone) == ((), (), frozenset())


@given(COPIES)
def test_copies_held_small_are_the_same_copies(wanted: dict[str, bool]) -> None:
    copies = plain(wanted)
    small = Copies.of("INBOX", copies)
    assert dict(small) == copies
    assert len(small) == len(copies)
    assert all(uid in small for uid in copies)
    assert "77" not in small
    assert small == Copies.of("INBOX", dict(reversed(copies.items())))


@given(COPIES, COPIES, st.sets(UIDS))
def test_copies_come_and_go_as_in_a_dictionary(before: dict[str, bool], more: dict[str, bool], gone: set[str]) -> None:
    small = Copies.of("INBOX", plain(before)).without(gone).joined(plain(more))
    left = {uid: ours for uid, ours in before.items() if uid not in gone}
    # What is ours stays ours: a later look that does not know it takes nothing back.
    assert dict(small) == plain(left | {uid: ours or left.get(uid, False) for uid, ours in more.items()})


@given(COPIES, COPIES)
def test_what_differs_leads_from_one_to_the_other(before: dict[str, bool], after: dict[str, bool]) -> None:
    then, now = Copies.of("INBOX", plain(before)), Copies.of("INBOX", plain(after))
    others, gone = now.since(then)
    assert (dict(then) | {copy.uid: copy for copy in others}).keys() - set(gone) == dict(now).keys()
    assert {uid: copy for uid, copy in dict(then).items() if uid not in gone} | {one.uid: one for one in others} == now


def test_fifty_thousand_old_messages_take_little_room() -> None:
    small = Copies("INBOX", {}, map(str, range(1, 50_001)))
    assert sum(sys.getsizeof(getattr(small, name)) for name in small.__slots__) < 250_000
    assert "50000" in small
    assert "50001" not in small
