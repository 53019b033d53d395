"""`handrail promises` says what was promised, what became of it, and names nobody unless it is asked to."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.cli.promises import in_short
from gateway.core.events import Answered, Event, Expect, Level, Received, Seen
from tests.ports.record_samples import CLIENT, plain_hash, received
from tests.unit.cli.conftest import Handrail

#: Ten in the evening in Sydney.
LATE = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)


def promised(name: str, day: int = 0, *, author: str = CLIENT) -> Received:
    """A message that is read and answered by nine next morning, by promise."""
    at = LATE + timedelta(days=day)
    due = at + timedelta(hours=11)
    return received(
        name,
        at=at,
        author=author,
        policy="hope-street",
        level=Level.ROUTINE,
        read_by=due,
        answer_by=due,
        expect=Expect.ANSWER,
    )


def done(day: int, hours: float, words: int = 40) -> tuple[Event, ...]:
    at = LATE + timedelta(days=day, hours=hours)
    return Seen(at=at), Answered(at=at, witness="sent", words=words, answer=plain_hash(f"answer {day}"))


@pytest.fixture
def recorded(handrail: Handrail) -> Handrail:
    """One promise that was kept, one that was broken by a day and more, and one that nobody has kept yet."""
    handrail.record(promised("first"), *done(0, 10), name="first")
    handrail.record(promised("second", 1), *done(1, 37.5), name="second")
    handrail.record(promised("third", 2, author="mia@client.example"), name="third")
    return handrail


def test_where_nothing_was_promised_it_says_so(handrail: Handrail) -> None:
    assert handrail("promises").out == "Nothing was promised in this span.\n"
    assert handrail("promises", "--open").out == "Nothing is open.\nNothing was promised in this span.\n"
    told = handrail("promises", "--json").json
    assert (told["lines"], told["share"], told["brief"]) == ([], None, {"answers": 0, "longer": 0})


def test_each_promise_has_its_state_and_how_late_it_was_and_the_sums_are_below(recorded: Handrail) -> None:
    ended = recorded("promises")
    assert (ended.code, ended.err) == (0, "")
    head, *rows, blank, sums = ended.out.splitlines()
    assert head.split() == "received message mailbox policy promised by state done late".split()  # noqa: SIM905
    message = plain_hash("first")[:12]
    assert " ".join(rows[1].split()) == (
        f"Mon 2026-03-02 22:00 {message} ana hope-street answer Tue 2026-03-03 09:00 kept Tue 2026-03-03 08:00"
    )
    assert " ".join(rows[3].split()).endswith(" Wed 2026-03-04 09:00 broken Thu 2026-03-05 11:30 1 d 2 h")
    assert " overdue " in rows[5]
    assert (len(rows), blank) == (6, "")
    assert sums == "2 kept, 4 broken (2 of them still to be done), 0 open, 0 moot. Kept: 33% of what is settled."


def test_what_can_still_be_done_is_listed_alone(recorded: Handrail) -> None:
    rows = recorded("promises", "--open").out.splitlines()
    assert [plain_hash("third")[:12] in row for row in rows] == [False, True, True, False, False]
    told = recorded("promises", "--open", "--json").json
    assert ([line["what"] for line in told["lines"]], told["broken"], told["overdue"]) == (["read", "answer"], 4, 2)


def test_nobody_is_named_unless_asked(recorded: Handrail) -> None:
    recorded("clients", "add", CLIENT, "-m", "ana", "--name", "Jonas Weber")
    for option in ((), ("--json",), ("--open",)):
        assert "client.example" not in recorded("promises", *option).out
    rows = recorded("promises", "--names").out.splitlines()
    assert "Jonas Weber" in rows[1]
    assert "mia@client.example" in rows[5]
    assert {line["author"] for line in recorded("promises", "--names", "--json").json["lines"]} == {
        CLIENT,
        "mia@client.example",
    }


def test_days_are_the_practices_and_mailboxes_can_be_named(recorded: Handrail) -> None:
    assert len(recorded("promises", "--since", "2026-03-03", "--until", "2026-03-03", "--json").json["lines"]) == 2
    assert len(recorded("promises", "--mailbox", "ana", "--until", "2026-03-02", "--json").json["lines"]) == 2
    ended = recorded("promises", "--mailbox", "anna")
    assert (ended.code, ended.out) == (2, "")
    assert "--mailbox: no mailbox 'anna'; did you mean ana?" in ended.err
    assert "'x' is no date" in recorded("promises", "--since", "x").err


def test_answers_longer_than_the_policy_lets_expect_are_counted(recorded: Handrail) -> None:
    path = recorded.config / "policies" / "hope-street.yaml"
    text = path.read_text(encoding="utf-8").replace("{promise: next-reading-time}", "{promise: none, words: 39}")
    path.write_text(text, encoding="utf-8")
    assert recorded("promises").out.splitlines()[-1] == "Answers that were to be brief: 2, of which longer: 2."


def test_of_a_mailbox_without_a_watch_nobody_can_tell(recorded: Handrail) -> None:
    recorded.change(f'    watch: "maildir:{recorded.folder}/mailbox"\n', "")
    said = recorded("promises").out.splitlines()
    assert said == [
        "Nothing was promised in this span.",
        "ana has no `watch`, so nobody can tell what was read or answered there.",
    ]


@pytest.mark.parametrize(
    ("late", "said"),
    [
        (timedelta(seconds=1), "1 min"),
        (timedelta(minutes=59, seconds=1), "1 h 00 min"),
        (timedelta(hours=3, minutes=5), "3 h 05 min"),
        (timedelta(hours=28, minutes=59), "1 d 4 h"),
        (timedelta(days=7), "7 d 0 h"),
    ],
)
def test_how_late_it_was_is_said_in_short(late: timedelta, said: str) -> None:
    assert in_short(late) == said
