"""Each of the sixteen presets meets the same five messages, and some of its own, on a running gateway in front of
Dovecot: on a working morning, right after it, in a weekend's night, in a crisis, on a public holiday.

    Carla --SMTP--> gateway --LMTP--> Dovecot <--IMAP-- the therapist, who opens each message ten minutes later,
                       '--SMTP--> Postfix --LMTP--> Carla's own mailbox          and answers it in two words

The table holds what a preset does about each: the ack's own sentence, the promise, tag, alert, receipt and ledger.
Berlin, in the weeks before Christmas 2015: Dovecot dates nothing in the future. Carla's sessions are on Thursdays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.core.policy.client import Client
from tests.e2e.house import Servers, open_servers, open_stage
from tests.e2e.without_us import WithoutUs
from tests.stories.playing import play
from tests.stories.telling import (
    Act,
    Answers,
    Counts,
    Expectation,
    Kind,
    Letter,
    Opens,
    PromisedBy,
    PromiseIs,
    Says,
    Sends,
    SendsNothing,
    Step,
    Story,
    Tagged,
    Writes,
)

BERLIN = ZoneInfo("Europe/Berlin")
CRISIS_LINE = "TelefonSeelsorge 0800 111 0 111"
LONG = " ".join(["I have walked along the canal and thought about it."] * 8)


@dataclass(frozen=True)
class Message:
    """What Carla writes, and when, in Berlin."""

    at: str
    text: str
    important: bool = False


NORMAL = Message("2015-11-24 10:00", LONG)
SECOND = Message("2015-11-24 11:00", "And one more thing about it.")
WEEKEND = Message("2015-11-28 23:30", "The house is quiet and I am awake.")
CRISIS = Message("2015-12-02 22:00", "I want to kill myself tonight.")
HOLIDAY = Message("2015-12-25 11:00", "It is snowing at last.")
#: 8.4 minutes of reading each.
CHAPTERS = (
    Message("2015-11-24 12:00", " ".join([LONG] * 25)),
    Message("2015-11-24 13:00", " ".join(["Later:", *[LONG] * 25])),
)
IMPORTANT = Message("2015-11-24 12:00", "He has written again.", important=True)
LATE = Message("2015-11-24 19:00", "And one more thing about it.")
#: About an appointment.
MOVING = Message("2015-11-30 09:30", "Could we move our session to another time?")
ASKING = Message("2015-11-30 11:00", "Please confirm that you have it.")
URGENT = Message("2015-11-30 21:00", "This is urgent.")
WORD = Message("2015-11-30 21:00", "Bluebird.")


@dataclass(frozen=True)
class Row:
    """What is to become of a message. `ack` is a sentence of it; None for no ack at all."""

    message: Message
    ack: str | None
    #: By when an answer is promised, in Berlin; `open` for an answer at no set time; empty for none.
    answer: str = ""
    tag: str = ""
    alert: bool = False
    #: A sentence of the receipt; None for no receipt.
    receipt: str | None = None
    minutes: str = "0.0"
    #: What the ack must not say.
    never: str = "monitored"
    #: What the therapist has got since the message before.
    before: tuple[Kind, ...] = ()


def in_crisis(ack: str, answer: str = "", receipt: str | None = None, minutes: str = "0.0") -> Row:
    """In every preset a crisis is marked, the therapist is alerted, and the numbers come before all else."""
    return Row(CRISIS, ack, answer, "urgent", alert=True, receipt=receipt, minutes=minutes)


NOT_PROMISED = "An answer by email is not promised, so please don't wait for one."
SOME_TIME = "You will have an answer; no time is set for it."
NO_ANSWER = "There will be no answer by email."
NOTE_FOLLOWS = "Once it has been read, you will get a short note that says so."
MAY_COST = "may be charged: 15 minutes are free, then A$45.00 for every 15 minutes or part of it"
COSTS = "will be charged: A$45.00 for every 15 minutes or part of it"
SCHEDULING_ALONE = f"{NO_ANSWER} By email, only messages about appointments are answered."
BRIEF = f"{SOME_TIME} An answer by email is brief, about 80 words at most; the rest is taken up in your next session."
#: Carla's next session, as told on the days of the messages.
IN_NOVEMBER, IN_DECEMBER, TOMORROW = "on Thursday, November 26.", "on Thursday, December 3.", "tomorrow, Thursday."
NEVER_BY_EMAIL = "In a crisis, please never email: call +49 30 5550 120"

TABLE: dict[str, tuple[Row, ...]] = {
    "open-door": (
        Row(NORMAL, "You will have an answer tomorrow, Wednesday, by 10:00.", "2015-11-25 10:00"),
        Row(SECOND, "You will have an answer tomorrow, Wednesday, by 11:00.", "2015-11-25 11:00"),
        Row(WEEKEND, "You will have an answer tomorrow, Sunday, by 23:30.", "2015-11-29 23:30"),
        Row(WORD, "You will have an answer tomorrow, Tuesday, by 21:00.", "2015-12-01 21:00", "urgent", alert=True),
        in_crisis("You will have an answer tomorrow, Thursday, by 22:00.", "2015-12-03 22:00"),
        Row(HOLIDAY, "You will have an answer tomorrow, Saturday, by 11:00.", "2015-12-26 11:00"),
    ),
    "seen-is-enough": (
        Row(NORMAL, f"{NOT_PROMISED} What is not answered is taken up in your next session {IN_NOVEMBER}"),
        Row(
            IMPORTANT,
            f"taken up in your next session {IN_NOVEMBER}",
            receipt="on Tuesday, November 24, at 12:10",
        ),
        Row(WEEKEND, f"taken up in your next session {IN_DECEMBER}"),
        in_crisis(f"taken up in your next session {TOMORROW}"),
    ),
    "urgent-only": (
        Row(NORMAL, f"{NO_ANSWER} It will be taken up in your next session {IN_NOVEMBER}", never="You will have"),
        Row(SECOND, "If this can't wait, please write back with the word “urgent”"),
        Row(WEEKEND, f"{NO_ANSWER} It will be taken up in your next session {IN_DECEMBER}"),
        Row(URGENT, SOME_TIME, "open", "urgent", alert=True, never=NO_ANSWER),
        in_crisis(SOME_TIME, "open"),
    ),
    "touchpoints": (
        Row(
            NORMAL,
            f"by 13:00. {NOT_PROMISED} {NOTE_FOLLOWS}",
            receipt="on Tuesday, November 24, at 10:10",
            minutes="0.3",
        ),
        Row(SECOND, "It will be read today, Tuesday, by 13:00.", receipt="was read on Tuesday, November 24, at 11:10"),
        Row(WEEKEND, "It will be read on Monday, November 30, by 13:00.", receipt="Saturday, November 28, at 23:40"),
        in_crisis("It will be read tomorrow, Thursday, by 13:00.", receipt="Wednesday, December 2, at 22:10"),
        Row(HOLIDAY, "It will be read on Monday, December 28, by 13:00.", receipt="Friday, December 25, at 11:10"),
    ),
    "twice-daily": (
        Row(NORMAL, f"It will be read today, Tuesday, by 17:00. {NOT_PROMISED}"),
        Row(LATE, "It will be read tomorrow, Wednesday, by 08:30."),
        Row(WEEKEND, "It will be read on Monday, November 30, by 08:30."),
        in_crisis("It will be read tomorrow, Thursday, by 08:30."),
        Row(HOLIDAY, "It will be read on Monday, December 28, by 08:30."),
    ),
    "before-session": (
        Row(NORMAL, f"It will be read before your next session {IN_NOVEMBER} {NOT_PROMISED}"),
        Row(SECOND, f"It will be read before your next session {IN_NOVEMBER}"),
        Row(WEEKEND, f"It will be read before your next session {IN_DECEMBER}"),
        in_crisis(f"It will be read before your next session {TOMORROW}"),
        Row(HOLIDAY, "It will be read before your next session on Thursday, December 31."),
    ),
    "one-each": (
        Row(NORMAL, "This is message 1 of 1 since your last session, so none is left."),
        Row(SECOND, "nothing is lost, and this one is kept for your next session."),
        Row(WEEKEND, "This is message 1 of 1 since your last session", before=("reminder", "draft")),
        in_crisis(f"taken up in your next session {TOMORROW}"),
    ),
    "mornings-billed": (
        Row(NORMAL, MAY_COST, "2015-11-25 09:00", minutes="0.4"),
        Row(
            SECOND, "It will be read and answered tomorrow, Wednesday, by 09:00.", "2015-11-25 09:00", never="charged:"
        ),
        Row(CHAPTERS[0], MAY_COST, "2015-11-25 09:00", minutes="8.5"),
        Row(CHAPTERS[1], COSTS, "2015-11-25 09:00", minutes="8.5"),
        Row(WEEKEND, "It will be read and answered on Monday, November 30, by 09:00.", "2015-11-30 09:00"),
        Row(MOVING, "tomorrow, Tuesday, by 09:00.", "2015-12-01 09:00", "scheduling", never="charged:"),
        in_crisis("It will be read and answered tomorrow, Thursday, by 09:00.", "2015-12-03 09:00"),
        Row(HOLIDAY, "It will be read and answered on Monday, December 28, by 09:00.", "2015-12-28 09:00"),
    ),
    "scheduling-only": (
        Row(NORMAL, SCHEDULING_ALONE),
        Row(SECOND, SCHEDULING_ALONE),
        Row(WEEKEND, SCHEDULING_ALONE),
        Row(MOVING, f"{SOME_TIME} It counts as one of the messages about appointments", "open", "scheduling"),
        in_crisis(SCHEDULING_ALONE),
    ),
    "when-able": (
        Row(NORMAL, NOT_PROMISED),
        Row(SECOND, None),
        Row(WEEKEND, f"It will be read on Monday, November 30, by 17:00. {NOT_PROMISED}"),
        Row(ASKING, "It will be read today, Monday, by 17:00."),
        in_crisis("It will be read tomorrow, Thursday, by 17:00."),
        Row(HOLIDAY, "It will be read on Monday, December 28, by 17:00."),
    ),
    "always-replies": (
        Row(NORMAL, SOME_TIME, "open"),
        Row(SECOND, SOME_TIME, "open"),
        Row(WEEKEND, SOME_TIME, "open"),
        in_crisis(SOME_TIME, "open"),
        Row(HOLIDAY, SOME_TIME, "open"),
    ),
    "read-not-answered": (
        Row(
            NORMAL,
            f"{NO_ANSWER} It will be taken up in your next session {IN_NOVEMBER} {NOTE_FOLLOWS}",
            receipt=NO_ANSWER,
        ),
        Row(SECOND, NO_ANSWER, receipt=f"It will be taken up in your next session {IN_NOVEMBER}"),
        Row(WEEKEND, NO_ANSWER, receipt=f"{NO_ANSWER} It will be taken up in your next session {IN_DECEMBER}"),
        in_crisis(NO_ANSWER, receipt=f"It will be taken up in your next session {TOMORROW}"),
    ),
    "brief-reply": (
        Row(NORMAL, BRIEF, "open"),
        Row(SECOND, BRIEF, "open"),
        Row(WEEKEND, BRIEF, "open"),
        in_crisis(BRIEF, "open"),
    ),
    "phone-in-crisis": (
        Row(NORMAL, NOT_PROMISED),
        Row(SECOND, "Email is not read around the clock."),
        Row(WEEKEND, NOT_PROMISED),
        in_crisis("Please don't wait for an answer to this email."),
    ),
    "clear-limits": (
        Row(NORMAL, "This is message 1 of 2 this week."),
        Row(SECOND, "This is message 2 of 2 this week, so none is left."),
        Row(WEEKEND, "This is message 3 this week; we agreed on 2. That is all right: nothing is lost"),
        Row(MOVING, "This is message 1 of 2 this week.", tag="scheduling"),
        in_crisis(NOT_PROMISED),
    ),
    "no-crisis-by-email": (
        Row(NORMAL, NEVER_BY_EMAIL),
        Row(SECOND, NEVER_BY_EMAIL),
        Row(WEEKEND, NEVER_BY_EMAIL),
        in_crisis("Email is never the way in a crisis."),
    ),
}


def story_of(preset: str) -> Story:
    """The rows as a story, so that whatever else the gateway sends fails it."""
    steps: list[Step] = []
    for number, row in enumerate(TABLE[preset], 1):
        at = _berlin(row.message.at)
        steps += [Step(number, at, what) for what in _arrives(row)]
        steps += [Step(number, at + timedelta(minutes=10), what) for what in _is_opened(row)]
        steps += [Step(number, at + timedelta(minutes=20), what) for what in _is_answered(row)]
    carla = Client.model_validate(
        {
            "address": "Carla",
            "name": "Carla",
            "sessions": ["thu 15:00-15:50"],
            "urgent_word": "bluebird",
            "messages": 2 if preset == "clear-limits" else None,
        }
    )
    return Story(preset, preset, "", BERLIN, "DE-BE", "en", (carla,), (), (), (), tuple(steps))


def _berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def _arrives(row: Row) -> Iterator[Act | Expectation]:
    for kind in row.before:
        yield Sends(kind)
    yield Writes(Letter("Carla", row.message.text, important=row.message.important))
    if row.ack is not None:
        yield Sends("ack", (row.ack, CRISIS_LINE))
        yield Says("ack", "does not say", (row.never,))
    if row.message is CRISIS:
        yield Says("ack", "begins with", ("If you or someone else is in danger, please call now: +49 30 5550 120",))
    if row.alert:
        yield Sends("alert", ("carla",))
    yield SendsNothing()
    yield Tagged(row.tag)  # type: ignore[arg-type]
    if row.answer in ("", "open"):
        yield PromiseIs("open" if row.answer else "none")
    else:
        yield PromisedBy("answer", _berlin(row.answer))


def _is_opened(row: Row) -> Iterator[Act | Expectation]:
    yield Opens()
    if row.receipt is not None:
        yield Sends("receipt", (row.receipt,))
    yield SendsNothing()


def _is_answered(row: Row) -> Iterator[Act | Expectation]:
    yield Answers("Thank you.")
    yield SendsNothing()
    yield PromiseIs("kept" if row.answer else "none")
    yield Counts(row.minutes)


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with open_servers() as found:
        yield found


def test_every_arrangement_is_in_the_table() -> None:
    assert len(TABLE) == 16
    assert all(len(rows) >= 4 for rows in TABLE.values())


@pytest.mark.parametrize("preset", TABLE)
async def test_a_preset_does_for_each_message_what_its_arrangement_asks(
    preset: str, servers: Servers, tmp_path: Path
) -> None:
    story = story_of(preset)
    async with open_stage(story, servers, tmp_path, f"-{preset}") as stage:
        await play(story, stage)


@pytest.mark.parametrize("preset", TABLE)
async def test_a_preset_does_the_same_where_mail_reaches_the_mailbox_without_us(
    preset: str, servers: Servers, tmp_path: Path
) -> None:
    """All of the table but what is put into the message: there are no X-Handrail fields, as nobody passes it on."""
    story = story_of(preset)
    async with open_stage(story, servers, tmp_path, f"-{preset}-found", WithoutUs) as stage:
        await play(story, stage)
    with servers.dovecot.open(stage.cast.therapist) as program:
        assert not any(b"X-Handrail" in program.content(uid) for uid in program.uids())
