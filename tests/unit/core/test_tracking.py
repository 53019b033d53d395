"""Two looks at a folder, compared."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.tracking import Copy, compare

Look = dict[str, frozenset[str]]
FLAGS = st.frozensets(st.sampled_from(["\\Seen", "\\Answered", "$label1"]))
LOOK = st.dictionaries(st.integers(1, 30).map(str), FLAGS)


def known(look: Look) -> dict[str, Copy]:
    return {uid: Copy("INBOX", uid, flags) for uid, flags in look.items()}


def test_new_changed_and_gone_are_told_apart() -> None:
    before = known({"1": frozenset(), "2": frozenset(), "3": frozenset()})
    changes = compare(before, {"2": frozenset({"\\Seen"}), "3": frozenset(), "4": frozenset()})
    assert changes.new == ("4",)
    assert [change.now.uid for change in changes.flags] == ["2"]
    assert [copy.uid for copy in changes.gone] == ["1"]


def test_flags_compare_without_case() -> None:
    assert Copy("INBOX", "1", frozenset({"$Label1"})).has("$label1")


@given(LOOK, LOOK)
def test_every_uid_is_new_changed_gone_or_the_same(
    before: dict[str, frozenset[str]], now: dict[str, frozenset[str]]
) -> None:
    changes = compare(known(before), now)
    changed = {change.now.uid for change in changes.flags}
    gone = {copy.uid for copy in changes.gone}
    same = {uid for uid in before.keys() & now.keys() if before[uid] == now[uid]}
    assert set(changes.new) | changed | same == set(now)
    assert gone | changed | same == set(before)


@given(LOOK)
def test_two_equal_looks_have_no_difference(look: Look) -> None:
    changes = compare(known(look), look)
    assert (changes.new, changes.flags, changes.gone) == ((), (), ())
