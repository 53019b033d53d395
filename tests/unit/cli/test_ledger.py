"""`handrail ledger` prints the minutes for people, programs and spreadsheets."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.events import Level, Seen
from tests.ports.record_samples import received
from tests.unit.cli.conftest import Handrail

#: Two minutes to midnight in Sydney.
LATE = datetime(2026, 11, 23, 12, 58, tzinfo=UTC)


def put(
    handrail: Handrail, name: str = "first", at: datetime = LATE, subject: str = "About Thursday", version: int = 0
) -> None:
    message = received(
        name,
        at=at,
        policy="hope-street",
        category="",
        level=Level.ROUTINE,
        new_words=476,
        subject=subject,
        version=version,
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


def charge(handrail: Handrail, rate: str) -> None:
    path = handrail.config / "policies" / "hope-street.yaml"
    text = path.read_text(encoding="utf-8").partition("billing:")[0]
    path.write_text(f"{text}billing: {{counts: read, rate: {rate}, increment: 1m}}\n", encoding="utf-8")


def test_money_stands_where_there_is_any_with_a_sum_for_each_currency(handrail: Handrail) -> None:
    charge(handrail, "45.00 AUD")
    put(handrail)
    put(handrail, "second", at=LATE + timedelta(minutes=5))
    said = handrail("ledger").out.splitlines()
    assert said[0].split() == ["received", "from", "read", "answer", "counted", "charge", "how"]
    assert "  90.00 AUD  476 new words ÷ 238 words a minute = 2.0 min to read; " in said[1]
    assert said[1].endswith("; 2.0 min in increments of 1m, rounded up; 2 increments × 45.00 AUD = 90.00 AUD")
    assert said[-2:] == ["4.0 minutes counted, 2 messages.", "180.00 AUD charged."]
    line, _ = handrail("ledger", "--json").json
    assert line["charge"] == {"amount": "90.00", "currency": "AUD"}
    row, _ = csv.DictReader(io.StringIO(handrail("ledger", "--csv").out))
    assert (row["charge"], row["currency"], row["version"], row["read"]) == ("90.00", "AUD", "0", "yes")


def test_each_message_costs_what_the_version_said_that_decided_it(handrail: Handrail) -> None:
    charge(handrail, "45.00 AUD")
    assert handrail("policy", "announce", "hope-street").code == 0
    charge(handrail, "60.00 EUR")
    assert handrail("policy", "announce", "hope-street").code == 0
    put(handrail, version=1)
    put(handrail, "second", at=LATE + timedelta(minutes=5), version=2)
    assert [line["charge"]["currency"] for line in handrail("ledger", "--json").json] == ["AUD", "EUR"]
    assert handrail("ledger").out.splitlines()[-2:] == ["90.00 AUD charged.", "120.00 EUR charged."]


def test_who_is_exempt_is_charged_nothing(handrail: Handrail) -> None:
    charge(handrail, "45.00 AUD")
    put(handrail)
    handrail("clients", "add", "jonas.weber@client.example", "-m", "ana", "--exempt")
    said = handrail("ledger").out.splitlines()
    assert said[0].split() == ["received", "from", "read", "answer", "counted", "how"]
    assert said[1].endswith("; not charged: nothing is charged to this person")
    (row,) = csv.DictReader(io.StringIO(handrail("ledger", "--csv").out))
    assert (row["charge"], row["currency"]) == ("", "")


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
