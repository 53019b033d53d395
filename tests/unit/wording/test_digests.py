"""What the therapist reads of digests and their links: what comes first, what each line says, where links lead."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from gateway.core.decide.tokens import token_in
from gateway.core.effects import ActionTold, Digest
from gateway.core.events import Level, Ref
from gateway.core.news import Action, Beyond, Charging, Link, Noted, Open, Unacked
from gateway.ports import Words
from gateway.wording.letter import as_text, paragraphs
from tests.unit.wording.made import LANGUAGES, RECEIVED, TOMORROW_AT_NINE, flat, shared

ANA, CONTROL = "ana@hopestreet.example", "ana+handrail@hopestreet.example"
RIVER = "river@client.example"
TOKEN = "0" + "a2" * 49 + "9"
INNER: dict[str, Any] = {
    "ref": Ref("ana", ""),
    "due": TOMORROW_AT_NINE,
    "to": ANA,
    "sender": ANA,
    "language": "en",
    "policy": "plain",
    "version": 0,
}
OPEN = Open(author=RIVER, received=RECEIVED, answer_by=None, level=Level.ROUTINE, read=False)


def digest(**said: Any) -> Words:
    return shared().render(Digest(**{**INNER, "messages": (OPEN,), **said}))


def told(**said: Any) -> Words:
    usual = {"message": "0" * 64, "fate": "done", "author": RIVER, "received": RECEIVED, "control": CONTROL}
    return shared().render(ActionTold(**{**INNER, **usual, **said}))


def urls(words: Words) -> list[str]:
    return [line for line in words.text.splitlines() if line.startswith("mailto:")]


def test_what_is_switched_on_stands_first_and_until_when() -> None:
    words = digest(note_until=RECEIVED + timedelta(days=9), away_until=date(2026, 12, 6), given_up=1)
    assert words.text.startswith("Your presence note is carried until Wednesday, December 2, at 21:10. You")
    assert "1 mail of ours could not be sent and was given up" in flat(words)


def test_who_may_be_a_machine_is_told_with_the_field_that_says_so() -> None:
    words = digest(messages=(replace(OPEN, unsure=True, sign="Precedence"),))
    assert "whether a person wrote it (header field Precedence), so it got no confirmation" in flat(words)


@pytest.mark.parametrize(
    ("why", "line"),
    [
        ("often", "too many messages within a short time; it goes on by itself"),
        ("muted", "confirmations are switched off"),
        ("quiet", "nothing automatic is sent to them"),
        ("unsafe", "the message says that answering is unsafe"),
    ],
)
def test_who_got_no_confirmation_is_told_why(why: Any, line: str) -> None:
    assert line in flat(digest(unacked=(Unacked(author=RIVER, received=RECEIVED, why=why),)))


def test_news_without_anything_open_say_that_nothing_is() -> None:
    text = flat(digest(messages=(), withdrawn=(Noted(RIVER, RECEIVED),), away=(Noted(RIVER, RECEIVED),)))
    assert "No message is open, for ana@hopestreet.example." in text
    assert "Taken back by their writers before you read them: - river@client.example, arrived" in text
    assert "Absence notes came from: - river@client.example, on Monday" in text


def test_a_charge_that_comes_and_an_allowance_that_is_used_up_are_told_in_figures() -> None:
    near = Charging(author=RIVER, over=False, minutes=13, free=timedelta(minutes=15), messages=1, cluster=4)
    text = flat(
        digest(charging=(near,), beyond=(Beyond(author=RIVER, used=6, allowed=5, unit="messages", per="week"),))
    )
    assert "river@client.example: close to what is free; 13 minutes of reading, 15 minutes free; 1 message; 4" in text
    assert "river@client.example: 6 of 5 messages, this week" in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("action", list(Action))
def test_a_link_opens_a_mail_to_the_control_address_with_its_token(language: str, action: Action) -> None:
    listed = replace(OPEN, links=(Link(action, TOKEN),))
    words = digest(language=language, messages=(listed,), control=CONTROL)
    (url,) = urls(words)
    parts = urlsplit(url)
    assert unquote(parts.path) == CONTROL
    assert "+" not in url, "some mail programs take it for a blank"
    assert token_in(parse_qs(parts.query)["subject"][0]) == TOKEN
    assert f'href="{url.replace("&", "&amp;")}"' in words.html


def test_a_waiver_asks_for_its_reason_and_a_new_note_begins_with_the_one_that_stands() -> None:
    listed = replace(OPEN, links=(Link(Action.WAIVE, TOKEN),))
    note = "By the sea.\n\nI think of you & yours?"
    waive, leave = urls(digest(messages=(listed,), control=CONTROL, note_link=Link(Action.NOTE, TOKEN), note=note))
    assert parse_qs(urlsplit(waive).query)["body"] == ["Reason: "]
    assert parse_qs(urlsplit(leave).query)["body"] == [note]


def test_without_an_address_for_commands_nothing_is_said_of_links() -> None:
    words = digest()
    assert "mailto:" not in words.text + words.html
    assert "link" not in words.text


@pytest.mark.parametrize(
    ("action", "line"),
    [
        (Action.WAIVE, "Nothing is charged for the message from river@client.example that arrived on Monday"),
        (Action.SCHEDULING, "From now on this counts as a message about an appointment: the message from river@client"),
        (Action.AS_FOUND, "This counts again as what it was taken for when it came: the message from river@client"),
        (Action.MUTE, "river@client.example gets no more confirmations. Their messages reach you as ever."),
        (Action.UNMUTE, "river@client.example gets confirmations again."),
    ],
)
def test_what_was_done_is_told_and_no_subject_names_anybody(action: Action, line: str) -> None:
    words = told(action=action)
    assert line in flat(words)
    assert words.subject == "It is done"


@pytest.mark.parametrize(
    ("fate", "line"),
    [
        ("before", "This had been done before, so nothing was changed."),
        ("expired", "This link is too old, so nothing was changed."),
        ("elsewhere", "This link is of another mailbox, so nothing was changed."),
        ("unknown", "holds no link of ours, or one that was changed on its way."),
        ("unproven", "nobody can tell that you sent it. Nothing was done."),
        ("gone", "What this link is about is on record no more"),
        ("empty", "The mail held no words, so your presence note stays as it was."),
    ],
)
def test_what_was_not_done_is_told_with_its_reason(fate: Any, line: str) -> None:
    assert line in flat(told(fate=fate, action=None, author="", received=None))


def test_a_reason_goes_into_the_word_back_and_the_way_back_is_a_link() -> None:
    assert "Your reason, for the statement: “a gift”" in flat(told(action=Action.WAIVE, reason="a gift"))
    (url,) = urls(told(action=Action.MUTE, undo=Link(Action.UNMUTE, TOKEN)))
    assert token_in(parse_qs(urlsplit(url).query)["subject"][0]) == TOKEN


def test_a_link_of_a_letter_is_a_mail_and_nothing_else() -> None:
    (link,) = paragraphs("@ Send it <mailto:a@x.example?subject=b>")
    assert (link.kind, link.url) == ("link", "mailto:a@x.example?subject=b")
    assert as_text((link,), ()) == "Send it:\nmailto:a@x.example?subject=b\n"
    for other in ("@ Go <https://x.example>", "@ Go <javascript:alert(1)>", '@ Go <mailto:a"onclick=b>'):
        (plain,) = paragraphs(other)
        assert (plain.kind, plain.url) == ("plain", "")
