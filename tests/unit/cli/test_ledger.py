"""`handrail ledger` prints the minutes for people, programs and spreadsheets."""

import csv
import io
from datetime import UTC, datetime

import pytest

from gateway.core.events import Level, Seen
from tests.ports.record_samples import received
from tests.unit.cli.conftest import Handrail

#: Two minutes to midnight in Sydney.
LATE = datetime(2026, 11, 23, 12, 58, tzinfo=UTC)


def put(handrail: Handrail, name: str = "first", at: datetime = LATE, subject: str = "About Thursday") -> None:
    message = received(
        name, at=at, policy="hope-street", category="", level=Level.ROUTINE, new_words=476, subject=subject
    )
    handrail.record(message, Seen(at=at), name=name)


def test_an_empty_ledger_says_so(handrail: Handrail) -> None:
    ended = handrail("ledger")
    assert (ended.code, ended.out, ended.err) == (0, "Nothing is recorded in this span yet.\n", "")
    assert handrail("ledger", "--json").json == []
    assert handrail("ledger", "--csv").out.startswith("mailbox,message,received_at,author,subject,")


def test_each_line_says_when_from_whom_and_how_and_the_sum_is_below(handrail: Handrail) -> None:
    put(handrail)
    put(handrail, "second")
    said = handrail("ledger").out.splitlines()
    assert said[0].split() == ["received", "from", "read", "answer", "counted", "how"]
    assert said[1].startswith("2026-11-23 23:58  jonas.weber@client.example   2.0     0.0      2.0  476 ")
    assert said[-1] == "4.0 minutes counted, 2 messages."


def test_programs_and_spreadsheets_get_every_column(handrail: Handrail) -> None:
    put(handrail)
    (line,) = handrail("ledger", "--mailbox", "ana", "--json").json
    assert (line["author"], line["counted_minutes"], line["policy"]) == (
        "jonas.weber@client.example",
        "2.0",
        "hope-street",
    )
    (row,) = csv.DictReader(io.StringIO(handrail("ledger", "--csv").out))
    assert (row["mailbox"], row["subject"], row["counted_minutes"]) == ("ana", "About Thursday", "2.0")


@pytest.mark.parametrize("subject", ['=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)"])
def test_what_a_client_wrote_is_no_formula_in_a_spreadsheet(handrail: Handrail, subject: str) -> None:
    put(handrail, subject=subject)
    (row,) = csv.DictReader(io.StringIO(handrail("ledger", "--csv").out))
    assert row["subject"] == f"'{subject}"


def test_days_are_the_practices_and_both_ends_are_included(handrail: Handrail) -> None:
    put(handrail)
    for since, until, count in (
        ("2026-11-23", "2026-11-23", 1),
        ("2026-11-24", "", 0),
        ("", "2026-11-22", 0),
        ("2026-11-01", "2026-11-30", 1),
    ):
        span = [*(("--since", since) if since else ()), *(("--until", until) if until else ())]
        assert len(handrail("ledger", *span, "--json").json) == count, span


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--since", "yesterday"), "--since: 'yesterday' is no date; write for example 2026-11-23"),
        (("--until", "9999-12-31"), "--until: '9999-12-31' is no date; write for example 2026-11-23"),
        (("--since", "2026-11-24", "--until", "2026-11-23"), "2026-11-23 is before 2026-11-24; name the earlier"),
        (("--mailbox", "anna"), "--mailbox: no mailbox 'anna'; did you mean ana?"),
        (("--mailbox", "zzz"), "--mailbox: no mailbox 'zzz'; known: ana"),
        (("--json", "--csv"), "--json, --csv: name one of both"),
    ],
)
def test_what_means_nothing_is_refused_with_the_mend(handrail: Handrail, arguments: tuple[str, ...], why: str) -> None:
    ended = handrail("ledger", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert why in ended.err
