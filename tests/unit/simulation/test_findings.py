"""A play comes to numbers that add up, and to nobody's name unless it is asked for."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.core.effects import Ack
from gateway.core.events import Level
from gateway.core.policy.client import Client
from gateway.core.reasons import because
from gateway.simulation import Span
from gateway.simulation.findings import kind_of, why_silent
from tests.ports.record_samples import ack
from tests.unit.simulation.playing import CARLA, TOM, answer, found, local, note, played, settings

BILLED = """\
hours: {reading: "07:00-09:00"}
answer: {promise: next-reading-time, nudge: 1h}
receipt: {send: always, grace: 2m}
allowance: {messages: 2, per: week, warn_at: 0.9}
billing: {free: 0, increment: 5m, rate: 10.00 AUD, exempt: [scheduling]}
"""


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({}, "ordinary"),
        ({"welcome": True}, "welcome"),
        ({"known": False, "welcome": True}, "neutral"),
        ({"level": Level.MENTION}, "ordinary"),
        ({"level": Level.URGENT, "welcome": True}, "urgent"),
        ({"level": Level.CRISIS, "known": False}, "crisis"),
    ],
)
def test_an_ack_is_of_the_weightiest_kind_that_fits(values: dict[str, object], kind: str) -> None:
    plain: dict[str, object] = {"level": Level.ROUTINE, "known": True, "welcome": False}
    assert kind_of(ack(**(plain | values))) == kind


@pytest.mark.parametrize(
    ("codes", "why"),
    [
        (("policy", "person", "routine", "ack-off", "nudge"), "ack-off"),
        (("policy", "maybe-automatic", "routine", "no-promise", "maybe-automatic"), "maybe-automatic"),
        (("policy", "automatic", "client-quiet", "answering-unsafe"), "client-quiet"),
        (("policy", "person", "ack-welcome"), None),
        (("policy", "person", "forged-author", "routine", "no-promise"), "forged-author"),
    ],
)
def test_the_reason_for_silence_is_the_one_that_the_decision_gave(codes: tuple[str, ...], why: str | None) -> None:
    params = {"policy": "x", "sign": "a list", "at": "then", "how": "DMARC"}
    reason = why_silent([because(code, **params) for code in codes])
    assert (reason.code if reason else None) == why


def test_all_numbers_of_a_small_practice(tmp_path: Path) -> None:
    known = settings(tmp_path, mornings=BILLED)
    came = [
        note("2026-03-02 21:00", CARLA, "I slept well.", name="one"),
        note("2026-03-02 21:10", CARLA, "I want to end my life.", name="two"),
        note("2026-03-03 21:00", TOM, "Can we move Thursday's appointment?", name="three"),
        note("2026-03-04 10:00", CARLA, "word " * 600, name="four"),
        note("2026-03-04 11:00", "news@news.example", "Read this.", "List-Id: <news>", "Precedence: bulk", name="five"),
        note("2026-05-04 11:00", TOM, "Hello.", "Disposition-Notification-To: tom@client.example", name="six"),
    ]
    sent = [answer("2026-03-03 07:50", CARLA, "two", "word " * 38), answer("2026-03-09 08:00", TOM, "three")]
    numbers = found(known, played(tmp_path, came, sent, known=known), Client(address=CARLA), Client(address=TOM))
    assert (numbers.messages, numbers.people, numbers.origins["unsure"]) == (6, 2, 1)
    assert numbers.acks == {"crisis": 1, "urgent": 0, "neutral": 0, "welcome": 2, "ordinary": 2}
    assert [(one.code, one.messages) for one in numbers.silent] == [("maybe-automatic", 1)]
    assert (numbers.promises.kept, numbers.promises.broken, numbers.promises.open) == (1, 3, 1)
    assert numbers.promises.moot == 1, "the second message of one evening is part of the first one's promise"
    assert [one.received for one in numbers.late] == [
        local(at) for at in ("2026-03-03 21:00", "2026-03-04 10:00", "2026-03-04 11:00")
    ]
    assert (numbers.answered, numbers.answers) == (3, 2)
    assert numbers.receipts == {"mdn": 0, "plain": 4}, "the last one is not read before the mail ends"
    assert (numbers.alerts, numbers.nudges) == (1, 3)
    assert numbers.urgency["crisis"][""] == 1
    assert sum(counts["scheduling"] for counts in numbers.urgency.values()) == 1
    assert (numbers.allowance.warned, numbers.allowance.over) == (1, 1)
    assert [str(one) for one in numbers.charged] == ["20.00 AUD"]
    assert [(one.month, one.messages, one.acked) for one in numbers.months] == [
        ("2026-03", 5, 4),
        ("2026-04", 0, 0),
        ("2026-05", 1, 1),
    ]
    assert sum((one.minutes for one in numbers.months), Decimal()) == numbers.minutes.counted


def test_a_span_counts_its_own_messages_with_the_past_that_they_have(tmp_path: Path) -> None:
    known = settings(tmp_path, mornings=BILLED)
    came = [note(f"2026-03-0{day} 21:00", name=str(day)) for day in (2, 3, 4, 5)]
    span = Span(local("2026-03-04 00:00"), local("2026-03-05 00:00"))
    numbers = found(known, played(tmp_path, came, known=known), Client(address=CARLA), span=span)
    assert (numbers.messages, numbers.allowance.over, numbers.acks["welcome"]) == (1, 1, 0)
    assert (numbers.first, numbers.last) == (local("2026-03-04 21:00"), local("2026-03-04 21:00"))


def test_names_are_told_only_where_they_are_asked_for(tmp_path: Path) -> None:
    known = settings(tmp_path)
    play = played(tmp_path, [note("2026-03-02 21:00"), note("2026-03-09 21:00", TOM)], known=known)
    assert CARLA not in str(found(known, play))
    (late,) = found(known, play, names=True).late
    assert (late.author, late.subject, late.answered) == (CARLA, "This week", None)


def test_who_has_a_policy_of_their_own_keeps_it_and_is_told_apart(tmp_path: Path) -> None:
    known = settings(tmp_path, quiet="acknowledge: {when: never}\n")
    roster = (Client(address=CARLA, policy="quiet"), Client(address=TOM))
    came = [note("2026-03-02 21:00"), note("2026-03-02 22:00", TOM)]
    numbers = found(known, played(tmp_path, came, known=known, roster=roster), *roster)
    assert numbers.decided_by == {"quiet": 1, "mornings": 1}
    assert [(one.code, one.messages) for one in numbers.silent] == [("ack-off", 1)]


def test_no_mail_is_no_number(tmp_path: Path) -> None:
    known = settings(tmp_path)
    play = played(tmp_path, [note("2026-03-02 21:00")], known=known)
    numbers = found(known, play, span=Span(datetime(2027, 1, 1, tzinfo=UTC)))
    assert (numbers.messages, numbers.first, numbers.months, numbers.answered_in) == (0, None, (), None)
    assert isinstance(play.said[0], Ack)
