"""`handrail note` keeps the presence note, and shows how an ack carries it."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.decide.presence import LONGEST
from tests.unit.cli.conftest import Handrail

SEA = "I am by the sea. You are not forgotten."
FAR = "2099-01-04"


def test_a_note_is_kept_until_the_end_of_a_day_and_the_ack_that_carries_it_is_shown(handrail: Handrail) -> None:
    ended = handrail("note", "set", SEA, "--until", FAR)
    assert (ended.code, ended.err) == (0, "")
    first, second, *ack = ended.out.splitlines()
    assert first.startswith("Written 20")
    assert first.endswith(", carried until the end of Sunday 2099-01-04.")
    assert second == "An ack of ana now reads:"
    assert SEA in " ".join(" ".join(ack).split())
    assert "Thank you for writing." in ended.out
    shown = handrail("note", "show")
    assert SEA in " ".join(shown.out.split())
    told = handrail("note", "show", "--json").json
    assert (told["mailbox"], told["note"]["text"], told["holds"]) == ("ana", SEA, True)
    assert told["note"]["expires"] == "2099-01-04T13:00:00+00:00"
    assert SEA in " ".join(told["ack"].split())


def test_the_next_message_of_a_client_is_acked_with_it(handrail: Handrail) -> None:
    handrail("clients", "add", "tom@client.example", "-m", "ana")
    handrail("note", "set", SEA)
    told = handrail("explain", "--from", "tom@client.example", "--to", "ana@hopestreet.example").out
    assert SEA in " ".join(told.split())
    handrail("note", "end")
    told = handrail("explain", "--from", "tom@client.example", "--to", "ana@hopestreet.example").out
    assert SEA not in " ".join(told.split())


@pytest.mark.parametrize(
    ("option", "lasts"),
    [((), timedelta(days=14)), (("--for", "36h"), timedelta(hours=36)), (("--for", "2 w"), timedelta(days=14))],
)
def test_it_lasts_as_long_as_is_said_or_as_the_policy_says(
    handrail: Handrail, option: tuple[str, ...], lasts: timedelta
) -> None:
    handrail("note", "set", SEA, *option)
    note = handrail("note", "show", "--json").json["note"]
    assert datetime.fromisoformat(note["expires"]) - datetime.fromisoformat(note["written"]) == lasts


def test_a_note_is_ended_once(handrail: Handrail) -> None:
    handrail("note", "set", SEA)
    assert handrail("note", "end").out == "Taken back: no ack of ana carries it from here on.\n"
    again = handrail("note", "end")
    assert (again.code, again.out, again.err) == (1, "", "There was no presence note of ana that was still carried.")
    assert handrail("note", "show").out == "There is no presence note of ana.\n"
    assert handrail("note", "show", "--json").json == {"mailbox": "ana", "note": None, "holds": False, "ack": ""}


def test_a_policy_that_carries_no_note_is_told_of(handrail: Handrail) -> None:
    path = handrail.config / "policies" / "hope-street.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "presence: {carry: false}\n", encoding="utf-8")
    said = handrail("note", "set", SEA).out
    assert "But a routine message under hope-street gets no ack that would carry it now:" in said
    assert SEA not in said


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((SEA, "--until", "2099-02-30"), "--until: '2099-02-30' is no date; write for example 2027-01-04"),
        ((SEA, "--until", "9999-12-31"), "--until: '9999-12-31' is no date"),
        ((SEA, "--until", "2020-01-01"), "--until: 2020-01-01 is over; name a day to come"),
        ((SEA, "--for", "soon"), "--for: 'soon' is no time; write for example 36h, 10d or 2w"),
        ((SEA, "--for", "0d"), "--for: '0d' is no time"),
        ((SEA, "--for", "99999w"), "--for: '99999w' is no time"),
        ((SEA, "--for", "2d", "--until", FAR), "--until, --for: name one of both"),
        (("  ",), "WORDS: a note has words; to take one back: handrail note end"),
        (("x" * (LONGEST + 1),), f"WORDS: {LONGEST + 1} letters; an ack carries at most {LONGEST}"),
        ((SEA, "--mailbox", "anna"), "--mailbox: no mailbox 'anna'; did you mean ana?"),
    ],
)
def test_what_can_not_be_is_refused_and_not_kept(handrail: Handrail, arguments: tuple[str, ...], why: str) -> None:
    ended = handrail("note", "set", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert why in ended.err
    assert handrail("note", "show", "--json").json["note"] is None


def test_where_there_are_several_mailboxes_one_is_named(handrail: Handrail) -> None:
    other = "  ben:\n    address: ben@hopestreet.example\n    deliver: lmtp://127.0.0.1:24\n    policy: open-door\n"
    path = handrail.config / "gateway.yaml"
    path.write_text(path.read_text(encoding="utf-8") + other, encoding="utf-8")
    ended = handrail("note", "set", SEA)
    assert (ended.code, ended.out) == (2, "")
    assert "--mailbox: there are several; name one of ana, ben" in ended.err
    assert handrail("note", "set", SEA, "--mailbox", "ben").code == 0
    assert handrail("note", "show", "--mailbox", "ana").out == "There is no presence note of ana.\n"


def test_no_escape_of_a_terminal_is_kept(handrail: Handrail) -> None:
    handrail("note", "set", "By\x1b[2J the\r sea.\n\nAna")
    assert handrail("note", "show", "--json").json["note"]["text"] == "By[2J the sea.\n\nAna"


def test_a_note_is_dated_by_when_it_was_written(handrail: Handrail) -> None:
    before = datetime.now(UTC)  # noqa: TID251 - the command's own clock is the system's
    handrail("note", "set", SEA)
    written = datetime.fromisoformat(handrail("note", "show", "--json").json["note"]["written"])
    assert written >= before
