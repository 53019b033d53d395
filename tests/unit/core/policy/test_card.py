"""A client asks ten questions of a policy, and each answer follows from a knob."""

import pytest

from gateway.core.policy.card import About, card, in_words
from gateway.core.policy.schema import Policy
from gateway.core.policy.units import duration

QUESTIONS = ("limit", "answer", "when", "receipt", "charge", "days", "crisis", "record", "change", "back")


NOBODY = About()


def answers(about: About = NOBODY, **knobs: object) -> dict[str, str]:
    passages = card(Policy.model_validate(knobs), about)
    assert len(passages) == len(QUESTIONS)
    return {name: answer for name, (_, answer) in zip(QUESTIONS, passages, strict=True)}


@pytest.mark.parametrize(
    ("knobs", "question", "says"),
    [
        ({}, "limit", "There is no limit."),
        ({"allowance": {"messages": 5, "warn_at": 0.6}}, "limit", "5 messages a week, counted from Monday"),
        ({"allowance": {"messages": 5, "warn_at": 0.6}}, "limit", "from number 3 on how many are left"),
        ({"allowance": {"messages": 1, "per": "month"}}, "limit", "1 message a month"),
        ({"allowance": {"messages": 5}, "acknowledge": {"when": "never"}}, "limit", "No confirmation will tell you"),
        ({}, "answer", "No answer by email is promised"),
        ({"answer": {"promise": "within 24h"}}, "answer", "Yes, by the time said below."),
        ({"answer": {"promise": "next-reading-time"}}, "answer", "No answer by email is promised"),
        ({"acknowledge": {"when": "first"}}, "answer", "the first message of a conversation"),
        ({"acknowledge": {"when": "outside-hours"}}, "answer", "Outside reading hours"),
        ({"acknowledge": {"when": "if-urgent"}}, "answer", "only where words of urgency are found"),
        ({"acknowledge": {"when": "never"}}, "answer", "No automatic confirmation is sent."),
        ({"acknowledge": {"at_most_every": "4h"}}, "answer", "at most one every 4 hours"),
        ({"urgency": {"trust_all": True}}, "answer", "Every message counts as urgent."),
        ({"answer": {"promise": "within 24h"}}, "when", "within 24 hours of your message's arrival"),
        ({"answer": {"promise": "next-working-day"}}, "when", "on the next day on which mail is read"),
        (
            {"hours": {"reading": ["07:00-09:00", "17:00"], "days": "mon-fri"}},
            "when",
            "Mail is read on Monday to Friday, 07:00-09:00 and 17:00.",
        ),
        ({"hours": {"days": "sat,tue"}}, "when", "on Tuesday and Saturday, at no set hours"),
        ({"hours": {"days": "mon"}}, "when", "on Monday, at no set hours"),
        ({}, "when", "Mail is read every day, at no set hours."),
        ({"receipt": {"send": "always"}}, "receipt", "Yes. A short note tells you once it has been read, as soon as"),
        ({"receipt": {"send": "always", "grace": "0"}}, "receipt", "once it has been read."),
        ({"receipt": {"send": "on-request"}}, "receipt", "If you ask for a read receipt"),
        ({"receipt": {"send": "important"}}, "receipt", "If you mark it as important"),
        ({"receipt": {"send": "if-urgent"}}, "receipt", "Only where words of urgency were found"),
        ({"receipt": {"send": "never"}}, "receipt", "No. Nothing tells you when it is read."),
        ({"billing": {"counts": "nothing"}}, "charge", "No time is counted"),
        ({"billing": {"words_per_minute": 200}}, "charge", "new words at 200 a minute"),
        ({"billing": {"counts": "read+answer"}}, "charge", "its own words at 19 a minute, once"),
        ({"billing": {"exempt": ["scheduling"]}}, "charge", "Never counted: messages about scheduling."),
        ({"hours": {"days": "mon-fri"}}, "days", "Mail is not read on Saturday and Sunday."),
        ({"record": {"for": "7y"}}, "record", "erased after 7 years"),
    ],
)
def test_an_answer_follows_from_its_knob(knobs: dict[str, object], question: str, says: str) -> None:
    assert says in answers(**knobs)[question]


def test_reading_alone_says_nothing_of_writing_time() -> None:
    assert "write the answer" not in answers(billing={"counts": "read"})["charge"]


def test_a_crisis_is_for_the_phone() -> None:
    about = About(phone="02 5550 1234", crisis_line="Lifeline 13 11 14")
    assert "Call 02 5550 1234 or Lifeline 13 11 14." in answers(about)["crisis"]
    assert "Call 02" not in answers()["crisis"]


def test_times_of_day_say_their_zone() -> None:
    said = answers(About(zone="Australia/Sydney"), hours={"reading": "07:00-09:00"})["when"]
    assert "every day, 07:00-09:00 (Australia/Sydney)" in said


def test_a_language_without_a_card_is_refused() -> None:
    with pytest.raises(ValueError, match="no policy card in 'eo'"):
        card(Policy(), language="eo")


@pytest.mark.parametrize(
    ("written", "words"),
    [("24h", "24 hours"), ("90m", "1 hour 30 minutes"), ("14d", "14 days"), ("1y", "1 year"), ("0", "0 seconds")],
)
def test_durations_are_said_as_people_say_them(written: str, words: str) -> None:
    assert in_words(duration(written)) == words
