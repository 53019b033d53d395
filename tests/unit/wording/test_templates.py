"""Every template, in every language, with every context that an effect can make of it."""

import itertools
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from gateway import shipped
from gateway.core.effects import Ack, Alert, Receipt
from gateway.core.events import Level, Ref
from gateway.core.policy.schema import Policy, ReceiptRule, ReceiptSend
from gateway.ports import Words
from gateway.settings.schema import Mailbox, Practice
from gateway.wording import Templates
from gateway.wording.contexts import FOLDERS

LANGUAGES = sorted(path.name for path in shipped.folder("templates").iterdir() if path.is_dir() and path.name != "web")
PRACTICE = Practice(
    name="Hope Street Practice",
    timezone="Australia/Sydney",
    language="en",
    phone="+61 2 5550 1234",
    crisis_line="Lifeline 13 11 14",
)
#: Monday, 21:10 in Sydney.
RECEIVED = datetime(2026, 11, 23, 10, 10, tzinfo=UTC)
TOMORROW_AT_NINE = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
WATCHED = Mailbox(address="ana@hopestreet.example", deliver="maildir:ana", watch="maildir:ana", policy="touchpoints")
POLICIES = {
    "touchpoints": Policy(receipt=ReceiptRule(send=ReceiptSend.ALWAYS)),
    "when-able": Policy(receipt=ReceiptRule(send=ReceiptSend.ON_REQUEST)),
}

ACK = Ack(
    ref=Ref("ana", "0f" * 32),
    due=RECEIVED,
    to="river@client.example",
    sender="ana@hopestreet.example",
    in_reply_to="<one@client.example>",
    references=(),
    subject="the dream about the canary",
    language="en",
    policy="when-able",
    known=True,
    level=Level.ROUTINE,
    received=RECEIVED,
    read_by=TOMORROW_AT_NINE,
    answer_by=None,
    used=1,
    allowed=None,
    per="week",
    warn=False,
)
RECEIPT = Receipt(
    ref=ACK.ref,
    due=RECEIVED,
    form="plain",
    to=ACK.to,
    sender=ACK.sender,
    in_reply_to=ACK.in_reply_to,
    references=(),
    subject=ACK.subject,
    language="en",
    policy="when-able",
    known=True,
    received=RECEIVED,
    seen=RECEIVED + timedelta(hours=11),
    answer_by=None,
)
ALERT = Alert(
    ref=ACK.ref,
    due=RECEIVED,
    to="ana@hopestreet.example",
    sender="ana@hopestreet.example",
    language="en",
    policy="when-able",
    level=Level.CRISIS,
    received=RECEIVED,
    author="river@client.example",
)

COUNTS = [(1, None, False), (1, 5, False), (4, 5, True), (3, 5, True), (5, 5, True), (6, 5, True)]
MIDNIGHT = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
#: Read by, answered by.
TIMES = [
    (None, None),
    (TOMORROW_AT_NINE, None),
    (None, RECEIVED + timedelta(hours=2)),
    (TOMORROW_AT_NINE, TOMORROW_AT_NINE),
    (RECEIVED + timedelta(days=4), MIDNIGHT),
]

NEUTRAL = re.compile(
    r"client|therap|session|counsel|psych|klient|patient|sitzung|berat|termin|hope street", re.IGNORECASE
)
#: Nothing may say that all is well, or that somebody or something looks on.
FALSE_COMFORT = re.compile(
    r"\bsafe|no danger|not urgent|routine|harmless|monitor|watch|notic|detect|keep an eye"
    r"|\bsicher|keine gefahr|nicht dringend|harmlos|überwach|beobacht|bemerkt",
    re.IGNORECASE,
)


@cache
def acks(language: str) -> tuple[tuple[Ack, Words], ...]:
    base, speak = replace(ACK, language=language), templates()
    variants = itertools.product(Level, (True, False), TIMES, COUNTS, ("week", "month"), POLICIES)
    effects = [
        replace(
            base,
            level=level,
            known=known,
            read_by=read_by,
            answer_by=answer_by,
            policy=policy,
            used=used,
            allowed=allowed,
            warn=warn,
            per=per,
        )
        for level, known, (read_by, answer_by), (used, allowed, warn), per, policy in variants
    ]
    return tuple((effect, speak.render(effect)) for effect in effects)


@cache
def receipts(language: str) -> tuple[tuple[Receipt, Words], ...]:
    base, speak = replace(RECEIPT, language=language), templates()
    answers = [None, RECEIVED + timedelta(hours=1), TOMORROW_AT_NINE, MIDNIGHT]
    variants = itertools.product((True, False), answers)
    effects = [replace(base, known=known, answer_by=answer_by) for known, answer_by in variants]
    return tuple((effect, speak.render(effect)) for effect in effects)


def templates(practice: Practice = PRACTICE, *own: Path) -> Templates:
    return Templates([*own, shipped.folder("templates")], practice, {"ana": WATCHED}, POLICIES)


def flat(words: Words) -> str:
    return " ".join(words.text.split())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("message", sorted(FOLDERS.values()))
def test_each_language_has_each_message_whole(language: str, message: str) -> None:
    folder = shipped.folder("templates") / language / message
    assert {path.name for path in folder.iterdir()} == {"subject.txt", "body.txt", "body.html"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("lines", [("phone", "crisis_line"), ("phone",), ("crisis_line",), ()], ids=str)
def test_every_context_can_be_said(language: str, lines: tuple[str, ...]) -> None:
    silent = {name: "" for name in ("phone", "crisis_line") if name not in lines}
    speak = templates(PRACTICE.model_copy(update=silent))
    alerts = [replace(ALERT, language=language, level=level) for level in Level]
    said = [replace(ACK, language=language, level=level, known=known) for level in Level for known in (True, False)]
    rendered = [words for _, words in (*acks(language), *receipts(language))]
    for words in (*rendered, *(speak.render(effect) for effect in (*said, *alerts))):
        assert words.language == language
        assert words.subject
        assert words.subject == words.subject.strip()
        assert "canary" not in words.subject + words.text + words.html
        assert max(map(len, words.text.splitlines())) <= 78
        assert " ." not in words.text
        assert "  " not in words.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_ack_carries_the_crisis_line_and_a_crisis_begins_with_it(language: str) -> None:
    for ack, words in acks(language):
        assert "Lifeline 13 11 14" in words.text
        assert "Lifeline 13 11 14" in words.html
        if ack.level is Level.CRISIS:
            first = words.text.split("\n\n")[0]
            assert "+61 2 5550 1234" in first
            assert "Lifeline 13 11 14" in first


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_comforts_falsely_or_says_that_somebody_looks_on(language: str) -> None:
    alert = replace(ALERT, language=language)
    for _, words in (*acks(language), *receipts(language), (alert, templates().render(alert))):
        assert not FALSE_COMFORT.search(words.subject + words.text), words.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_whom_the_practice_does_not_know_learns_of_no_relation(language: str) -> None:
    unknown = [words for effect, words in (*acks(language), *receipts(language)) if not effect.known]
    for words in unknown:
        said = (words.subject + words.text + words.html).replace("ana@hopestreet.example", "")
        assert not NEUTRAL.search(said), words.text


@pytest.mark.parametrize(
    ("language", "promised", "nothing"),
    [("en", "You will have an answer", "is not promised"), ("de", "Eine Antwort bekommen Sie", "ist nicht zugesagt")],
)
def test_an_answer_is_only_claimed_where_one_is_promised(language: str, promised: str, nothing: str) -> None:
    for effect, words in (*acks(language), *receipts(language)):
        text = flat(words)
        if effect.answer_by is None:
            assert nothing in text
            assert promised not in text
        else:
            assert nothing not in text


def test_times_are_said_in_the_practices_zone_from_the_day_of_arrival() -> None:
    assert "It will be read tomorrow, Tuesday, by 09:00." in flat(templates().render(ACK))
    german = replace(ACK, language="de", read_by=RECEIVED + timedelta(days=3))
    assert "Sie wird am Donnerstag, 26. November, bis 21:10 Uhr gelesen." in flat(templates().render(german))


def test_midnight_is_the_end_of_the_day_before() -> None:
    text = flat(templates().render(replace(ACK, answer_by=MIDNIGHT)))
    assert "You will have an answer tomorrow, Tuesday, by the end of the day." in text


def test_one_moment_for_reading_and_answering_is_said_once() -> None:
    both = replace(ACK, read_by=TOMORROW_AT_NINE, answer_by=TOMORROW_AT_NINE)
    assert "It will be read and answered tomorrow, Tuesday, by 09:00." in flat(templates().render(both))


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
    assert said in flat(templates().render(replace(ACK, used=used, allowed=5, warn=warn)))


def test_a_crisis_is_not_the_time_to_speak_of_an_allowance() -> None:
    assert "message 7" not in templates().render(replace(ACK, level=Level.CRISIS, used=7, allowed=5)).text


def test_a_receipt_is_announced_only_where_the_policy_sends_it_and_the_mailbox_is_seen() -> None:
    always = replace(ACK, policy="touchpoints")
    unwatched = WATCHED.model_copy(update={"watch": None})
    blind = Templates([shipped.folder("templates")], PRACTICE, {"ana": unwatched}, POLICIES)
    assert "Once it has been read, you will get a short note" in flat(templates().render(always))
    assert "short note" not in flat(templates().render(ACK))
    assert "short note" not in flat(blind.render(always))


def test_a_receipt_says_when_it_was_read_and_leaves_a_lapsed_promise_unsaid() -> None:
    text = flat(templates().render(replace(RECEIPT, answer_by=RECEIVED + timedelta(hours=1))))
    assert "arrived on Monday, November 23, at 21:10 was read on Tuesday, November 24, at 08:10." in text
    assert "answer" not in text


def test_an_mdn_and_a_plain_receipt_say_the_same() -> None:
    assert templates().render(RECEIPT) == templates().render(replace(RECEIPT, form="mdn"))


@pytest.mark.parametrize(("language", "words"), [("en", "has been read."), ("de", "ist gelesen worden.")])
def test_a_receipt_names_no_time_of_reading_that_nobody_saw(language: str, words: str) -> None:
    text = flat(templates().render(replace(RECEIPT, language=language, exact=False)))
    assert words in text


def test_an_alerts_subject_names_nobody_and_its_text_the_client() -> None:
    words = templates().render(ALERT)
    assert words.subject == "A message needs you"
    assert "river@client.example" in words.text
    assert "Words found: crisis." in words.text


@pytest.mark.parametrize(
    ("wanted", "own", "given"),
    [("de", "en", "de"), ("de-AT", "en", "de"), ("fr", "de", "de"), ("", "de-CH", "de"), ("fr", "nl", "en")],
)
def test_a_language_without_templates_falls_back_to_the_practices_then_to_english(
    wanted: str, own: str, given: str
) -> None:
    speak = templates(PRACTICE.model_copy(update={"language": own}))
    assert speak.render(replace(ACK, language=wanted)).language == given


@pytest.mark.parametrize("wanted", ["../en", "en/../de", "EN", "x" * 300, "{{ 1 }}", "\0"])
def test_a_language_is_never_a_path(wanted: str) -> None:
    assert templates().render(replace(ACK, language=wanted)).language == "en"


def test_dates_follow_the_practices_own_country() -> None:
    speak = templates(PRACTICE.model_copy(update={"language": "en-AU"}))
    assert "on Friday, 27 November, by 21:10" in flat(speak.render(replace(ACK, read_by=RECEIVED + timedelta(days=4))))


def test_what_stands_in_an_address_is_no_html() -> None:
    words = templates().render(replace(ALERT, author='"<script>"@client.example'))
    assert "<script>" not in words.html
    assert "&lt;script&gt;" in words.html


def test_a_number_to_call_is_not_broken_over_two_lines() -> None:
    long_name = PRACTICE.model_copy(update={"crisis_line": "The line for everyone 13 11 14 or 13 11 15"})
    assert "The line for everyone 13 11 14 or 13 11 15" in templates(long_name).render(ACK).text


def test_a_practices_own_template_comes_before_the_shipped_one(tmp_path: Path) -> None:
    own = tmp_path / "en" / "ack"
    own.mkdir(parents=True)
    (own / "subject.txt").write_text("It is here,\n  {{ practice }}\n")
    words = templates(PRACTICE, tmp_path).render(ACK)
    assert words.subject == "It is here, Hope Street Practice"
    assert "Your message has arrived" in words.text


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("one\n{{ subject }}", r"\S+/en/ack/body.txt:2"),
        ("{{ 1 / 0 }}", r"\S+/en/ack/body.txt:1"),
        ("\n\n{% if %}", r"\S+/en/ack/body.txt:3"),
        ("{{ practice.__class__.__mro__ }}", r"\S+/en/ack/body.txt:1"),
        ("{{ practice + 1 }}", r"\S+/en/ack/body.txt:1"),
        ("{% include 'no/such' %}", r"\S+/en/ack/body.txt:1"),
        ("{% include 'en/ack/body.txt' %}", r"\S+/en/ack/body.txt:1"),
        ("\xe9", "en/ack"),
    ],
)
def test_a_template_that_fails_is_a_value_error_that_names_its_line_and_nobody(
    tmp_path: Path, text: str, place: str
) -> None:
    own = tmp_path / "en" / "ack"
    own.mkdir(parents=True)
    (own / "body.txt").write_text(text, encoding="latin-1")
    with pytest.raises(ValueError, match=f"^template {place} failed: \\w+$") as failed:
        templates(PRACTICE, tmp_path).render(ACK)
    assert "river" not in str(failed.value)
    assert failed.value.__cause__ is None
