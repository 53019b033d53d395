"""One process watches a dozen mailboxes over TLS, while their lines break: nothing is missed.

The same run with 500 mailboxes and ten minutes is `make bench` (tests/benchmarks/watch.py).
"""

from __future__ import annotations

from tests.benchmarks.watch import run


def test_whatever_lies_in_the_mailboxes_is_told_with_its_last_flags_though_lines_broke() -> None:
    found = run(12, minutes=0.1, idle=0.1, news=1)
    assert found.missed == []
    assert found.done["deliveries"] > 0
    assert found.done["lines broken"] >= 3 * 12 / 2
