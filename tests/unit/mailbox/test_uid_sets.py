"""Lists of uids as commands carry them."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.mailbox.commands import LINE, uid_sets


def numbers_in(wanted: str) -> list[int]:
    found: list[int] = []
    for part in wanted.split(","):
        first, _, last = part.partition(":")
        found += range(int(first), int(last or first) + 1)
    return found


@given(st.sets(st.integers(1, 5000) | st.integers(4_000_000_000, 4_294_967_295)), st.integers(1, 400))
def test_every_uid_is_asked_for_once_ascending_and_in_small_portions(uids: set[int], most: int) -> None:
    portions = [numbers_in(wanted) for wanted in uid_sets(uids, most)]
    assert [uid for portion in portions for uid in portion] == sorted(uids)
    assert all(len(portion) <= most for portion in portions)


def test_neighbours_go_as_ranges_and_no_line_is_long() -> None:
    assert list(uid_sets([3, 1, 2, 9, 7])) == ["1:3,7,9"]
    assert list(uid_sets(range(1, 1001))) == ["1:400", "401:800", "801:1000"]
    assert list(uid_sets([])) == []
    sparse = list(uid_sets(range(4_000_000_000, 4_000_002_000, 2)))
    assert max(map(len, sparse)) <= LINE + 22
