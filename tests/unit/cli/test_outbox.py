"""`handrail outbox` shows what still has to be said, tries it again, or drops it."""

import pytest

from tests.ports.record_samples import START, ack, received
from tests.unit.cli.conftest import Handrail


def test_an_empty_outbox_says_so(handrail: Handrail) -> None:
    assert handrail("outbox", "list").out == "The outbox is empty: everything was said.\n"
    assert handrail("outbox", "list", "--json").json == []


def test_what_waits_is_listed_without_people_and_in_the_practices_time(handrail: Handrail) -> None:
    handrail.record(received(), effects=(ack(),))
    ended = handrail("outbox", "list")
    head, row = ended.out.splitlines()
    assert head.split() == ["number", "what", "mailbox", "state", "tries", "due", "last", "error"]
    assert row.split() == ["1", "ack", "ana", "waiting", "0", "2026-03-02", "19:00"]
    assert "@" not in ended.out
    (told,) = handrail("outbox", "list", "--json").json
    assert (told["id"], told["kind"], told["due"]) == (1, "ack", START.isoformat())


def test_one_is_tried_again_and_dropped(handrail: Handrail) -> None:
    handrail.record(received(), effects=(ack(),))
    assert handrail("outbox", "retry", "1").out == "1 is due now.\n"
    kept = handrail("outbox", "drop", "1", stdin=b"n\n")
    assert kept.code == 1
    assert len(handrail("outbox", "list", "--json").json) == 1
    dropped = handrail("outbox", "drop", "1", stdin=b"y\n")
    assert (dropped.code, dropped.out) == (0, "Never send 1? [y/N]: y\n1 will not be sent.\n")
    assert handrail("outbox", "list", "--json").json == []


@pytest.mark.parametrize("command", [("retry", "7"), ("drop", "7", "--yes")])
def test_a_number_that_is_not_there_points_to_the_list(handrail: Handrail, command: tuple[str, ...]) -> None:
    ended = handrail("outbox", *command)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "There is no 7 in the outbox; `handrail outbox list` shows the numbers."
