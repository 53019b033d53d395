"""The sentences that a story may hold, each with what it means. A quotation mark stands for a quote."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any, Literal

from tests.stories import telling
from tests.stories.telling import Letter, StoryError

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
Make = Callable[[re.Match[str], list[str]], Any]

_WHO = r"(?P<who>[A-Z]\w*)"
_NAME = r"(?: the (?P<letter>\w+))?"
_QUOTES = r"(?P<quotes> \"(?:,? \")*)?"
_BY = r"(?P<day>Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?: (?P<date>\d{4}-\d\d-\d\d))? (?P<time>\d\d:\d\d)"
_MAILS: dict[str, telling.Kind] = {
    "ack": "ack",
    "receipt": "receipt",
    "alert": "alert",
    "nudge": "nudge",
    "digest": "digest",
    "notice": "notice",
    "reminder": "reminder",
    "draft": "draft",
    "confirmation": "note-kept",
    "word": "withdrawal",
}
#: Of neither help nor harm to anybody; ten words.
_PADDING = ["and", "then", "I", "went", "on", "walking", "along", "the", "canal", "again"]


def _padded(text: str, words: str | None) -> str:
    missing = int(words or 0) - len(text.split())
    more = [_PADDING[at % len(_PADDING)] for at in range(max(0, missing))]
    return " ".join([*([text] if text else []), *more])


def _letter(goes_on: str) -> Make:
    def make(found: re.Match[str], quotes: list[str]) -> Any:
        rest, known = list(quotes), dict.fromkeys(("asks_for_receipt", "important", "by_machine"), False)
        text = rest.pop(0) if found["text"] else ""
        subject = rest.pop(0) if found["subject"] else Letter.subject
        for clause in filter(None, (found["more"] or "").split(", ")):
            known[_MARKS[clause]] = True
        body = _padded(text, found["words"])
        if not body:
            raise StoryError("nothing is written")
        return telling.Writes(Letter(found["who"], body, subject, found["letter"] or "", goes_on, **known))  # type: ignore[arg-type]

    return make


_MARKS = {"asks for a receipt": "asks_for_receipt", "marks it important": "important", "by a machine": "by_machine"}
_LETTER = (
    rf"{_NAME}(?: (?P<words>\d+) words)?(?P<text> \")?(?P<subject>, subject \")?"
    rf"(?P<more>(?:, (?:{'|'.join(_MARKS)}))*)"
)


def _sends(kind: telling.Kind) -> Make:
    return lambda found, quotes: telling.Sends(kind, tuple(quotes), found.groupdict().get("who") or "")


def _promised(found: re.Match[str], _: list[str]) -> Any:
    at = time.fromisoformat(found["time"])
    on = date.fromisoformat(found["date"]) if found["date"] else date(1, 1, 1 + DAYS.index(found["day"]))
    if found["date"] and DAYS[on.weekday()] != found["day"]:
        raise StoryError(f"{on} is a {DAYS[on.weekday()]}, not a {found['day']}")
    what: Literal["read", "answer"] = "read" if found["what"] == "reading" else "answer"
    return telling.PromisedBy(what, datetime.combine(on, at), found["letter"] or "")


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _tagged(found: re.Match[str], _: list[str]) -> Any:
    tag = {"tags it urgent": "urgent", "tags it scheduling": "scheduling", "does not tag it": ""}[found["how"]]
    return telling.Tagged(tag, found["letter"] or "")  # type: ignore[arg-type]


def _lies_in(found: re.Match[str], _: list[str]) -> Any:
    return telling.LiesIn("INBOX" if found["folder"] == "the inbox" else "Withdrawn", found["letter"] or "")


def _says(found: re.Match[str], quotes: list[str]) -> Any:
    return telling.Says(_MAILS[found["mail"]], found["how"], tuple(quotes))  # type: ignore[arg-type]


def with_block(sentence: str, block: str) -> Any:
    if sentence != "therapist changes the policy:":
        raise StoryError("only `therapist changes the policy:` has lines further in")
    return telling.ChangesPolicy(block)


SENTENCES: tuple[tuple[str, Make], ...] = (
    (rf"{_WHO} writes{_LETTER}", _letter("")),
    (rf"{_WHO} follows up{_LETTER}", _letter("own")),
    (rf"{_WHO} writes back{_LETTER}", _letter("answer")),
    (rf"{_WHO} answers the ack{_LETTER.replace(_NAME, '(?P<letter>)')}", _letter("ack")),
    (r"therapist opens everything", lambda *_: telling.Opens(everything=True)),
    (rf"therapist opens{_NAME}", lambda found, _: telling.Opens(found["letter"] or "")),
    (rf"therapist marks(?: it|{_NAME}) unread", lambda found, _: telling.MarksUnread(found["letter"] or "")),
    (rf"therapist deletes(?: it|{_NAME})", lambda found, _: telling.Deletes(found["letter"] or "")),
    (
        rf"therapist answers{_NAME}(?: in (?P<words>\d+) words)?(?: \")?",
        lambda found, quotes: telling.Answers(_padded("".join(quotes), found["words"]), found["letter"] or ""),
    ),
    (rf"therapist writes to {_WHO} \"", lambda found, quotes: telling.WritesTo(found["who"], quotes[0])),
    (
        r"therapist leaves the note \"(?: until (?P<until>\d{4}-\d\d-\d\d))?",
        lambda found, quotes: telling.LeavesNote(
            quotes[0], date.fromisoformat(found["until"]) if found["until"] else None
        ),
    ),
    (r"therapist takes the note back", lambda *_: telling.LeavesNote("")),
    (r"time passes", lambda *_: telling.TimePasses()),
    (rf"gateway acks(?: {_WHO})?{_QUOTES}", _sends("ack")),
    (rf"gateway sends (?:a )?receipt(?: to {_WHO})?{_QUOTES}", _sends("receipt")),
    (rf"gateway alerts{_QUOTES}", _sends("alert")),
    (rf"gateway tells {_WHO}{_QUOTES}", _sends("alert")),
    (rf"gateway nudges{_QUOTES}", _sends("nudge")),
    (rf"gateway sends a digest{_QUOTES}", _sends("digest")),
    (rf"gateway announces the change(?: to {_WHO})?{_QUOTES}", _sends("notice")),
    (rf"gateway reminds{_QUOTES}", _sends("reminder")),
    (rf"gateway puts a draft{_QUOTES}", _sends("draft")),
    (rf"gateway confirms the note{_QUOTES}", _sends("note-kept")),
    (rf"gateway sends word(?: to {_WHO})?{_QUOTES}", _sends("withdrawal")),
    (r"gateway sends nothing", lambda *_: telling.SendsNothing()),
    (r"gateway (?P<how>tags it urgent|tags it scheduling|does not tag it)(?P<letter>)", _tagged),
    (rf"the (?P<mail>{'|'.join(_MAILS)}) (?P<how>says|does not say|begins with){_QUOTES}", _says),
    (r"(?:the (?P<letter>\w+)|it) lies in (?P<folder>the inbox|Withdrawn)", _lies_in),
    (
        rf"promise(?: of{_NAME})? is (?P<state>kept|broken|open|moot|none)",
        lambda found, _: telling.PromiseIs(found["state"], found["letter"] or ""),
    ),
    (rf"promise(?: of{_NAME})? is (?P<what>reading|an answer) by {_BY}", _promised),
    (
        rf"ledger counts (?P<minutes>\d+\.\d|nothing)(?: minutes)?(?: for{_NAME})?",
        lambda found, _: telling.Counts(found["minutes"].replace("nothing", "0.0"), found["letter"] or ""),
    ),
    (
        r"ledger charges (?P<amount>\d+\.\d\d [A-Z]{3}|nothing)",
        lambda found, _: telling.Charges(found["amount"].replace("nothing", "")),
    ),
    (rf"ledger says \"(?: for{_NAME})?", lambda found, quotes: telling.LedgerSays(quotes[0], found["letter"] or "")),
)
