"""What an ack says: only what its policy says, the crisis first, and nothing twice."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway import shipped
from gateway.core.events import Expect, Level
from gateway.wording import Templates
from tests.unit.wording.made import (
    ACK,
    LINE,
    MIDNIGHT,
    PHONE,
    POLICIES,
    PRACTICE,
    RECEIVED,
    SESSION,
    SUNDAY_WEEK,
    TOMORROW_AT_NINE,
    UNWATCHED,
    ack,
    flat,
    policy,
    shared,
    templates,
)


def test_an_ordinary_ack_is_short() -> None:
    lines = [line for line in shared().render(ACK).text.splitlines() if line]
    assert len(lines) <= 8, lines


def test_times_are_said_in_the_practices_zone_from_the_day_of_arrival() -> None:
    assert "It will be read tomorrow, Tuesday, by 09:00." in ack()
    german = ack(language="de", read_by=RECEIVED + timedelta(days=3))
    assert "Sie wird am Donnerstag, dem 26. November, bis 21:10 Uhr gelesen." in german


def test_whoever_lives_elsewhere_is_told_their_own_time_with_its_zone() -> None:
    text = ack(timezone="Europe/Berlin")
    assert "It will be read today, Monday, by 23:00 (Central European Standard Time)." in text
    assert "Standard Time" not in ack(timezone=PRACTICE.timezone)
    assert ack(timezone="Europe/Atlantis") == ack(timezone="../etc") == ack()


def test_the_first_of_a_month_is_said_as_the_french_say_it() -> None:
    first = RECEIVED + timedelta(days=8)
    assert "le mardi 1er décembre, avant 21h10" in ack(language="fr", read_by=first)


def test_midnight_is_the_end_of_the_day_before() -> None:
    assert "You will have an answer tomorrow, Tuesday, by the end of the day." in ack(answer_by=MIDNIGHT)


def test_one_moment_for_reading_and_answering_is_said_once() -> None:
    text = ack(read_by=TOMORROW_AT_NINE, answer_by=TOMORROW_AT_NINE)
    assert "It will be read and answered tomorrow, Tuesday, by 09:00." in text


def test_a_session_is_named_in_place_of_its_hour() -> None:
    assert "It will be read before your next session on Thursday, November 26." in ack(read_by=SESSION, session=SESSION)
    both = ack(read_by=SESSION, answer_by=SESSION, session=SESSION, expect=Expect.ANSWER)
    assert "It will be read and answered before your next session on Thursday, November 26." in both


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        (Expect.ANSWER, "You will have an answer; no time is set for it."),
        (Expect.MAYBE, "An answer by email is not promised, so please don't wait for one."),
        (Expect.NONE, "There will be no answer by email."),
    ],
)
def test_what_may_be_expected_is_said(expect: Expect, said: str) -> None:
    text = ack(expect=expect)
    assert said in text
    assert text.count("answer") == said.count("answer") + 1  # the other is about STOP


def test_what_is_not_answered_is_taken_up_in_the_next_session() -> None:
    none: dict[str, Any] = {"policy": "never", "expect": Expect.NONE}
    assert "It will be taken up in your next session. " in ack(**none)
    assert "It will be taken up in your next session on Thursday, November 26." in ack(**none, session=SESSION)
    assert "What is not answered is taken up in your next session." in ack(policy="maybe", expect=Expect.MAYBE)
    assert "taken up" not in ack(expect=Expect.NONE)


def test_a_brief_answer_is_announced_with_what_becomes_of_the_rest() -> None:
    text = ack(policy="full", expect=Expect.ANSWER)
    assert "is brief, about 60 words at most; the rest is taken up in your next session." in text
    assert "60 words" not in ack(policy="full", expect=Expect.NONE)


def test_a_category_that_alone_is_answered_is_named() -> None:
    other = ack(policy="appointments", expect=Expect.NONE)
    assert "By email, only messages about appointments are answered." in other
    text = ack(policy="appointments", expect=Expect.ANSWER, category="scheduling")
    assert "It counts as one of the messages about appointments, and these are answered." in text
    assert "only" not in text


def test_the_words_that_ask_for_an_answer_are_told_to_who_has_not_used_them() -> None:
    assert "write back with the words “PELICAN”" in ack(policy="asked", expect=Expect.NONE)
    assert "PELICAN" not in ack(policy="asked", expect=Expect.ANSWER)


def test_the_urgent_word_is_told_to_who_has_not_used_it() -> None:
    routine = ack(policy="urgent", expect=Expect.NONE)
    assert "only urgent messages are answered" in routine
    assert f"If this can't wait, please write back with the word “LIGHTHOUSE”, or call {PHONE}." in routine
    urgent = ack(policy="urgent", expect=Expect.ANSWER, level=Level.URGENT)
    assert "LIGHTHOUSE" not in urgent
    assert "only urgent" not in urgent


def test_where_email_is_never_for_a_crisis_that_comes_first() -> None:
    assert ack(policy="full").startswith(f"In a crisis, please never email: call {PHONE} or {LINE}.")
    crisis = ack(policy="full", level=Level.CRISIS)
    assert crisis.startswith(f"If you or someone else is in danger, please call now: {PHONE} or {LINE}.")
    assert "Email is never the way in a crisis." in crisis
    assert "never" not in ack()


def test_the_lines_of_the_country_that_a_client_lives_in_are_named() -> None:
    assert "In a crisis: TelefonSeelsorge 116 123." in ack(country="DE")
    assert LINE not in ack(country="DE")
    assert LINE in ack(country="NO")
    known = PRACTICE.model_copy(update={"crisis_line": "", "region": "DE-BY"})
    assert "In a crisis: TelefonSeelsorge 116 123." in flat(templates(known).render(ACK))


@pytest.mark.parametrize(
    ("used", "warn", "said"),
    [
        (2, False, "This is message 2 of 5 this week."),
        (4, True, "This is message 4 of 5 this week, so 1 is left."),
        (5, True, "so none is left. If you need to write again all the same, nothing will be lost."),
        (7, True, "This is message 7 this week; we agreed on 5. That is all right: nothing is lost"),
    ],
)
def test_an_allowance_is_told_before_and_after_its_end(used: int, warn: bool, said: str) -> None:
    assert said in ack(used=used, allowed=5, warn=warn)


@pytest.mark.parametrize(
    ("used", "warn", "said"),
    [
        (3, False, "With this message, about 3 of 20 minutes of reading are used this week."),
        (17, True, "about 17 of 20 minutes of reading are used this week, so about 3 are left."),
        (20, True, "With this message, the 20 minutes of reading are used this week. If you need to write again"),
        (25, True, "about 25 minutes of reading are used this week; we agreed on 20. That is all right: nothing is"),
    ],
)
def test_minutes_are_told_likewise(used: int, warn: bool, said: str) -> None:
    assert said in ack(policy="full", minutes_used=used, minutes_allowed=20, warn=warn)


def test_only_the_limit_that_is_near_is_warned_of() -> None:
    text = ack(policy="full", used=4, allowed=5, minutes_used=2, minutes_allowed=20, warn=True)
    assert "so 1 is left" in text
    assert "about 2 of 20 minutes of reading are used this week." in text


def test_beyond_what_a_gap_between_sessions_holds_a_message_is_kept_for_the_next() -> None:
    text = ack(policy="session", used=2, allowed=1, per="session", warn=True)
    assert "This is message 2 since your last session; we agreed on 1." in text
    assert "nothing is lost, and this one is kept for your next session." in text


def test_what_time_costs_is_told_before_it_does() -> None:
    text = ack(policy="full", cost="may")
    assert (
        "The time for this message and its answer may be charged: 15 minutes are free, then €45.00 for every 15 "
        "minutes or part of it. 4 or more messages within 24 hours are charged together, at least €45.00, however "
        "short they are."
    ) in text
    will = ack(policy="session", cost="will")
    assert "The time that it takes to read this message will be charged: €45.00 for every full 15 minutes." in will
    assert "charged" not in ack(policy="full", cost="")
    assert "charged" not in ack(policy="plain", cost="may")


def test_an_absence_is_told_with_its_last_day_and_who_covers() -> None:
    alone = ack(away_until=SUNDAY_WEEK)
    assert "Your therapist is away, up to and including Sunday, December 6. " in alone
    assert "covers" not in alone
    assert "Ben Hale covers until then: +61 2 5550 9876." in ack(away_until=SUNDAY_WEEK, cover="ben")
    assert "covers" not in ack(away_until=SUNDAY_WEEK, cover="gone")


def test_a_presence_note_is_dated_and_answers_nothing() -> None:
    note = "Breathe.\n{{ one }} step\n\n<b>Then</b> the next."
    words = shared().render(replace(ACK, note=note, note_written=RECEIVED - timedelta(days=4)))
    text = flat(words)
    assert "few words that your therapist left for everyone on Thursday, November 19." in text
    assert "They don't answer this message: “Breathe. {{ one }} step <b>Then</b> the next.”" in text
    assert "“Breathe.\n{{ one }} step\n\n<b>Then</b> the next.”\n" in words.text
    assert "“Breathe.<br>{{ one }} step" in words.html
    assert "&lt;b&gt;Then&lt;/b&gt;" in words.html


def test_the_first_ack_of_a_client_holds_the_card() -> None:
    words = shared().render(replace(ACK, policy="full", welcome=True))
    assert "This is your first message, so this is how email works here:" in words.text
    assert words.html.count("<h2") == 10
    assert "<h2" not in shared().render(replace(ACK, policy="full")).html


def test_the_card_of_a_client_with_an_agreement_of_their_own_says_that() -> None:
    own = ack(policy="full", welcome=True, messages=9, exempt=True)
    assert "9 messages" in own
    assert "€45.00" not in own
    assert "€45.00" in ack(policy="full", welcome=True)


def test_a_subject_is_repeated_only_where_the_policy_says_so() -> None:
    words = shared().render(replace(ACK, policy="full"))
    assert words.subject == "Your message “the dream about the canary” has arrived"
    assert "Your message “the dream about the canary” has arrived." in flat(words)
    assert "canary" not in shared().render(ACK).text
    empty = shared().render(replace(ACK, policy="full", subject=" \n "))
    assert empty.subject == "Your message without a subject has arrived"
    assert "Your message has arrived." in empty.text


def test_a_subject_that_is_repeated_has_no_line_ends_and_an_end() -> None:
    words = shared().render(replace(ACK, policy="full", subject="a\r\nBcc: x@example.org\x1b[2J " + "long " * 60))
    assert "\n" not in words.subject
    assert "\x1b" not in words.subject + words.text
    assert len(words.subject) < 160
    assert "…”" in words.subject


def test_a_receipt_is_announced_only_where_the_policy_sends_it_and_the_mailbox_is_seen() -> None:
    blind = Templates([shipped.folder("templates")], PRACTICE, {"ana": UNWATCHED}, POLICIES)
    assert "Once it has been read, you will get a short note" in ack(policy="never")
    assert "short note" not in ack()
    assert "short note" not in flat(blind.render(replace(ACK, policy="never")))


def test_a_crisis_is_not_the_time_to_speak_of_an_allowance_or_of_money() -> None:
    text = ack(policy="full", level=Level.CRISIS, used=7, allowed=5, minutes_used=30, minutes_allowed=20, cost="will")
    assert "message 7" not in text
    assert "minutes" not in text
    assert "charged" not in text


def test_who_covers_stands_right_behind_the_crisis_lines() -> None:
    words = shared().render(replace(ACK, level=Level.CRISIS, away_until=SUNDAY_WEEK, cover="ben"))
    assert "+61 2 5550 9876" in words.text


def test_the_version_of_the_policy_that_decided_has_the_word() -> None:
    old, new = policy(urgency={"words": ["OLD"]}), policy(urgency={"words": ["NEW"]})
    speak = Templates(
        [shipped.folder("templates")],
        PRACTICE,
        {},
        {"plain": new},
        policy_of=lambda name, number: {("plain", 1): old, ("plain", 2): new}.get((name, number)),
    )
    assert "“OLD”" in speak.render(replace(ACK, version=1)).text
    assert "“NEW”" in speak.render(replace(ACK, version=2)).text
    assert "with the word" not in speak.render(replace(ACK, version=3)).text


#: Words that only a knob may bring, and the policies that have it.
KNOBS = {
    "60 words": {"full"},
    "session": {"full", "session", "urgent", "never", "maybe"},
    "PELICAN": {"asked"},
    "LIGHTHOUSE": {"full", "urgent"},
    "appointments": {"appointments"},
    "only urgent": {"urgent"},
    "short note": {"full", "never"},
    "never email": {"full"},
    "canary": {"full"},
    "charged": {"full", "session"},
}


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("word", KNOBS)
def test_an_ack_has_the_words_of_the_knobs_that_its_policy_has(name: str, word: str) -> None:
    sure: dict[str, Any] = {"policy": name, "cost": "may"}
    said = " ".join(ack(**sure, expect=expect) for expect in Expect)
    assert (word in said) == (name in KNOBS[word])
