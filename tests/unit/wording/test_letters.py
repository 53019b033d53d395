"""The other letters: receipts and notices to clients, and what the therapist and who covers are told."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from gateway import shipped
from gateway.core.effects import Digest, NoteKept, Notice, Nudge, Reminder
from gateway.core.events import Expect, Level, Ref
from gateway.core.news import Open
from gateway.wording import Templates
from gateway.wording.letter import as_text, lines, paragraphs
from tests.unit.wording.made import (
    ALERT,
    COVERS,
    MIDNIGHT,
    POLICIES,
    PRACTICE,
    RECEIPT,
    RECEIVED,
    SESSION,
    SUNDAY_WEEK,
    TOMORROW_AT_NINE,
    WATCHED,
    flat,
    policy,
    receipt,
    shared,
)

#: What all mail to the therapist has.
INNER = {
    "ref": Ref("ana", ""),
    "due": RECEIVED,
    "to": "ana@hopestreet.example",
    "sender": "ana@hopestreet.example",
    "language": "en",
    "policy": "plain",
    "version": 0,
}


def test_a_receipt_says_when_it_was_read_and_leaves_a_lapsed_promise_unsaid() -> None:
    text = receipt(answer_by=RECEIVED + timedelta(hours=1))
    assert "arrived on Monday, November 23, at 21:10 was read on Tuesday, November 24, at 08:10." in text
    assert "answer" not in text


def test_a_receipt_says_what_may_be_expected() -> None:
    assert "You will have an answer today, Tuesday, by 09:00." in receipt(answer_by=TOMORROW_AT_NINE)
    assert "You will have an answer; no time is set for it." in receipt(expect=Expect.ANSWER)
    none = receipt(policy="never", expect=Expect.NONE, session=SESSION)
    assert (
        "There will be no answer by email. It will be taken up in your next session on Thursday, November 26." in none
    )


def test_a_receipt_to_somebody_unknown_speaks_of_no_session() -> None:
    text = receipt(policy="never", expect=Expect.NONE, session=SESSION, known=False)
    assert "session" not in text
    assert "Hope Street" not in text


def test_an_mdn_and_a_plain_receipt_say_the_same() -> None:
    assert shared().render(RECEIPT) == shared().render(replace(RECEIPT, form="mdn"))


@pytest.mark.parametrize(("language", "words"), [("en", "has been read."), ("de", "ist gelesen worden.")])
def test_a_receipt_names_no_time_of_reading_that_nobody_saw(language: str, words: str) -> None:
    assert words in receipt(language=language, exact=False)


def test_an_alerts_subject_names_nobody_and_its_text_the_client() -> None:
    words = shared().render(ALERT)
    assert words.subject == "A message needs you"
    assert "river@client.example" in words.text
    assert "Words found: crisis." in words.text


def test_who_covers_is_told_whose_message_it_is_and_nothing_of_it() -> None:
    words = shared().render(replace(ALERT, cover="ben"))
    assert words.subject == "A message needs you as cover"
    text = flat(words)
    assert "Hello Ben Hale, a message from river@client.example arrived on Monday" in text
    assert "You are named as the one who covers for ana@hopestreet.example." in text


def test_a_nudge_names_the_message_and_the_promise() -> None:
    nudge = Nudge(**INNER, received=RECEIVED, answer_by=TOMORROW_AT_NINE, author="river@client.example")
    words = shared().render(replace(nudge, due=TOMORROW_AT_NINE - timedelta(hours=2)))
    assert "river" not in words.subject
    assert "An answer was promised today, Tuesday, by 09:00, and none has been found yet." in flat(words)


def test_a_digest_lists_what_is_open_with_why() -> None:
    messages = (
        Open(author="who@x.example", received=RECEIVED, answer_by=None, level=Level.ROUTINE, read=False, unsure=True),
        Open(author="late@x.example", received=RECEIVED, answer_by=RECEIVED, level=Level.URGENT, read=True),
        Open(author="soon@x.example", received=RECEIVED, answer_by=MIDNIGHT, level=Level.CRISIS, read=False),
    )
    digest = Digest(
        **INNER | {"due": TOMORROW_AT_NINE},
        messages=messages,
        note_until=MIDNIGHT,
        away_until=SUNDAY_WEEK,
        holidays=((date(2026, 12, 25), "Christmas Day"),),
    )
    words = shared().render(digest)
    text = flat(words)
    assert (
        "- who@x.example, arrived on Monday, November 23, at 21:10; nobody can tell whether a person wrote it" in text
    )
    assert "- late@x.example, arrived on Monday, November 23, at 21:10; counts as urgent; the promised time has" in text
    assert "words found: crisis; answer promised today, Tuesday, by the end of the day; not read yet" in text
    assert "Your presence note is carried until the end of Tuesday, November 24." in text
    assert "You are marked as away, up to and including Sunday, December 6." in text
    assert "- Friday, December 25: Christmas Day" in text
    assert words.html.count("<ul>") == words.html.count("</ul>") == 2
    assert words.html.count("<li>") == 4


def test_a_digest_before_a_session_names_the_client_in_its_text_alone() -> None:
    one = Open(author="river@client.example", received=RECEIVED, answer_by=None, level=Level.ROUTINE, read=True)
    words = shared().render(Digest(**INNER, messages=(one,), client="River", session=SESSION))
    assert words.subject == "Before a session: what is open"
    assert "These messages from River are open before your session on Thursday, November 26, at 15:00" in flat(words)


def test_a_notice_says_both_rules_and_from_when_on() -> None:
    old, new = policy(receipt={"send": "never"}), policy(receipt={"send": "always"})
    versions = {1: old, 2: new}
    folders = [shipped.folder("templates")]
    speak = Templates(
        folders, PRACTICE, {"ana": WATCHED}, {"plain": old}, policy_of=lambda _, number: versions.get(number)
    )
    since = datetime(2026, 12, 7, 0, 0, tzinfo=UTC)
    notice = Notice(**INNER | {"to": "river@client.example", "version": 2}, before=1, since=since)
    words = speak.render(notice)
    text = flat(words)
    assert "The rules for email with Hope Street Practice change on Monday, December 7, at 11:00." in text
    assert "Until then: No. Nothing tells you when it is read." in text
    assert "From then on: Yes. A short note tells you once it has been read." in text
    assert words.html.count("<h2") == 1


def test_a_notice_of_a_version_that_is_not_known_yet_waits_for_it() -> None:
    notice = Notice(**INNER | {"to": "river@client.example", "policy": "gone", "version": 2}, before=1, since=RECEIVED)
    with pytest.raises(ValueError, match=r"^a version of policy gone is not known here yet$"):
        shared().render(notice)


def test_a_reminder_is_to_the_therapist_and_its_draft_to_the_client() -> None:
    reminder = Reminder(**INNER, client="river@client.example", client_name="River", session=RECEIVED)
    assert "Your session with River ended on Monday, November 23, at 21:10." in flat(shared().render(reminder))
    draft = shared().draft(reminder)
    assert draft.subject == "Between our sessions"
    assert draft.text.startswith("Hello River,\n\nthis is my message after our session on Monday, November 23.\n")
    assert "machine" not in draft.text
    nameless = shared().draft(replace(reminder, client_name=""))
    assert nameless.text.startswith("Hello,\n")
    assert shared().draft(replace(reminder, language="de")).language == "de"


def test_a_presence_note_that_was_kept_is_shown_with_its_end() -> None:
    kept = NoteKept(**INNER, message="0f" * 32, note="Breathe.\nThen on.", expires=MIDNIGHT)
    words = shared().render(kept)
    assert words.subject == "Your presence note is kept"
    assert "carry your presence note until the end of Tuesday, November 24, with its date: “Breathe." in flat(words)
    assert "“Breathe.\nThen on.”" in words.text
    back = shared().render(replace(kept, note="", expires=None))
    assert back.subject == "Your presence note is taken back"
    assert "carry no presence note any more." in flat(back)


def test_what_stands_in_an_address_is_no_html() -> None:
    words = shared().render(replace(ALERT, author='"<script>"@client.example'))
    assert "<script>" not in words.html
    assert "&lt;script&gt;" in words.html


def test_a_preview_shows_every_message_with_what_brings_it_about() -> None:
    shown = list(shared().shown("full", "de", "ana"))
    assert {sample.message for sample, _ in shown} >= {
        "ack",
        "ack-neutral",
        "receipt",
        "draft",
        "alert-cover",
        "notice",
    }
    assert {words.language for _, words in shown} == {"de"}
    assert all(sample.case for sample, _ in shown)
    assert COVERS["ben"].phone in " ".join(words.text for _, words in shown)
    assert len({sample.case for sample, _ in shown if sample.message == "ack"}) > 12
    assert set(POLICIES) >= {sample.effect.policy for sample, _ in shown}


def test_paragraphs_are_parted_by_blank_lines_alone() -> None:
    parts = paragraphs("one\n  two\n\n\n# Three\n \n- four\n\n- five\n\n")
    assert [(part.kind, str(part)) for part in parts] == [
        ("plain", "one two"),
        ("heading", "Three"),
        ("item", "four"),
        ("item", "five"),
    ]
    assert as_text(parts, ()) == "one two\n\nThree\n- four\n- five\n"


def test_lines_that_are_meant_stay_and_long_ones_are_wrapped() -> None:
    (part,) = paragraphs(lines("first\nsecond " + "word " * 20))
    text = as_text((part,), ()).splitlines()
    assert text[0] == "first"
    assert text[1].startswith("second word")
    assert max(map(len, text)) <= 72


def test_a_number_to_call_is_not_broken_over_two_lines() -> None:
    number = "The line for everyone 13 11 14 or 13 11 15"
    assert number in as_text(paragraphs("word " * 10 + number), (number,))
