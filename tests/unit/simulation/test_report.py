"""The page stands alone, says every number in words as well, and lets nobody's markup in."""

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gateway.simulation import Circumstances, Findings, page, sections, taken_for_granted
from gateway.simulation.telling import in_words
from tests.unit.simulation.playing import CARLA, SYDNEY, TOM, answer, found, note, played, settings

ABOUT = Circumstances(messages=4, undated=0, marked=True, sent=2, roster=2)
VOID = frozenset({"meta", "rect", "line", "br"})


class Reader(HTMLParser):
    """Every element closed where it should be, with attributes and text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture
def both(tmp_path: Path) -> list[Findings]:
    """Two policies beside each other."""
    known = settings(tmp_path, never="acknowledge: {when: never}\n")
    came = [
        note("2026-02-02 21:00", CARLA, "I slept well.", name="one"),
        note("2026-03-02 21:10", TOM, "I want to end my life.", name="two"),
        note("2026-03-03 21:00", '"<script>alert(1)</script>"@client.example', name="three"),
        note("2026-03-09 10:00", CARLA, name="four"),
    ]
    sent = [answer("2026-03-03 08:00", TOM, "two"), answer("2026-03-19 08:00", CARLA, "four")]
    return [
        found(known, played(tmp_path, came, sent, known=known, policy=policy), names=True)
        for policy in ("mornings", "never")
    ]


def written(numbers: list[Findings], *, names: bool = False) -> str:
    return page(numbers, ABOUT, practice="Hope & Street", mailbox="ana", zone=SYDNEY, names=names)


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    return reader


def test_the_page_asks_for_nothing_from_anywhere(both: list[Findings]) -> None:
    text = written(both)
    assert not re.search(r"(?:https?:)?//|@import|url\(|<script|<link|<img|<iframe", text)
    names = {name for _, name, _ in read(text).attributes}
    assert not names & {"src", "href", "srcset", "xlink:href", "action", "onload", "onclick", "onerror"}


def test_every_number_of_the_table_stands_on_the_page(both: list[Findings]) -> None:
    text = " ".join(read(written(both)).text)
    for section in sections(both):
        assert section.title in text
        for row in section.rows:
            assert row.label in text
            assert len(row.cells) == 2
    for sentence in taken_for_granted(ABOUT, both):
        assert sentence in text
    assert "2026-02-02 to 2026-03-09" in text


def test_every_chart_is_told_in_words_and_fits_its_frame(both: list[Findings]) -> None:
    text = written(both)
    pictures = re.findall(r"<svg[^>]*>", text)
    assert pictures
    assert all('aria-label="' in one or 'aria-hidden="true"' in one for one in pictures)
    bars = re.findall(r'<svg class="bar".*?aria-label="([^"]*)">(.*?)</svg>', text, re.DOTALL)
    assert bars[0][0] == "mornings: ordinary 1, welcome 1, neutral 1, urgent 0, crisis 1, not acked 0"
    for _, drawn in bars:
        assert sum(float(width) for width in re.findall(r'width="([\d.]+)"', drawn)) <= 100.01


def test_names_are_on_the_page_only_where_they_are_asked_for_and_are_no_markup(both: list[Findings]) -> None:
    assert "client.example" not in written(both)
    text = written(both, names=True)
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text
    assert CARLA in text


def test_a_span_without_mail_is_a_page_too(both: list[Findings]) -> None:
    empty = replace(
        both[0], first=None, last=None, messages=0, months=(), late=(), silent=(), decided_by={}, answered_in=None
    )
    assert "No message came in this span." in " ".join(read(written([empty])).text)


def test_a_practice_may_put_its_own_page_in_the_place(both: list[Findings], tmp_path: Path) -> None:
    own = tmp_path / "templates" / "web"
    own.mkdir(parents=True)
    (own / "simulation.html").write_text("{{ practice }}: {{ found[0].messages }}", encoding="utf-8")
    text = page(both, ABOUT, practice="Hope & Street", mailbox="ana", zone=SYDNEY, own=own.parent)
    assert text == "Hope &amp; Street: 4"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"marked": False}, "since this mailbox marks nothing as read"),
        ({"sent": None}, "No sent mail was given"),
        ({"sent": 1}, "Promises are held against 1 sent message;"),
        ({"roster": None}, "The roster was left out"),
        ({"roster": None, "no_roster": "there is no record yet"}, "could not be read (there is no record yet)"),
        ({"undated": 3}, "3 messages without any time"),
    ],
)
def test_what_is_taken_for_granted_is_said(both: list[Findings], change: dict[str, object], said: str) -> None:
    assert said in " ".join(taken_for_granted(replace(ABOUT, **change), both))


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "0 min"), (59, "59 min"), (60, "1 h 0 min"), (200, "3 h 20 min"), (1440, "1 d 0 h"), (3120, "2 d 4 h")],
)
def test_a_time_is_told_as_people_tell_it(minutes: int, words: str) -> None:
    assert in_words(timedelta(minutes=minutes)) == words
    assert in_words(None) == "-"
