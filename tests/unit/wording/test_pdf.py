"""A policy card is printed: what lies on paper is read back by another program, word for word."""

import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway import shipped
from gateway.core.policy.schema import Policy
from gateway.core.policy.sheet import Passage, Sheet
from gateway.wording.cards import Cards
from gateway.wording.pdf import pdf
from tests.unit.core.policy.knobs import ABOUT, LANGUAGES

CARDS = Cards([shipped.folder("templates")])
NAMES = "Žofia Ćwiklińska, Şükrü Çağ, Παύλος Κώστα, Ольга Щукина"


def sheet(language: str = "en", practice: str = "Hope Street", **written: object) -> Sheet:
    return CARDS.sheet(Policy.model_validate(written), ABOUT, practice, language)


def told(program: str, content: bytes, folder: Path, *options: str) -> str:
    """What a program of Poppler's prints of the file."""
    path = folder / "card.pdf"
    path.write_bytes(content)
    ending = ["-"] if program == "pdftotext" else []
    run = [program, *options, str(path), *ending]
    return subprocess.run(run, check=True, capture_output=True, encoding="utf-8").stdout


def squeezed(text: str) -> str:
    """Without blanks and line ends, which a page has where it likes."""
    return re.sub(r"\s", "", text)


@pytest.mark.server
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_the_card_is_on_paper(tmp_path: Path, language: str) -> None:
    card = sheet(language, summary="I answer each morning.")
    content = pdf(card)
    pages = [page for page in told("pdftotext", content, tmp_path, "-layout").split("\f") if page.strip()]
    foots = [page.rstrip().splitlines().pop() for page in pages]
    numbers = [squeezed(foot).removeprefix(squeezed(card.title)) for foot in foots]
    assert numbers == [f"{number}/{len(pages)}" for number in range(1, len(pages) + 1)]
    text = squeezed("".join(page.rstrip().rpartition("\n")[0] for page in pages))
    assert squeezed(card.title) in text
    for question, answer in card.passages:
        assert squeezed(question) + squeezed(answer) in text


@pytest.mark.server
def test_the_file_says_its_title_and_has_the_questions_as_bookmarks(tmp_path: Path) -> None:
    content = pdf(sheet(), made=datetime(2026, 11, 23, 9, 30, tzinfo=UTC))
    about = told("pdfinfo", content, tmp_path, "-isodates")
    assert re.search(r"^Title: +Email with Hope Street$", about, re.MULTILINE)
    assert re.search(r"^CreationDate: +2026-11-23T09:30:00", about, re.MULTILINE)
    assert re.search(r"^Page size: .*A4", about, re.MULTILINE)
    assert b"/Lang (en)" in content
    assert content.count(b"/Dest") >= 10


@pytest.mark.server
def test_people_can_be_called_what_they_are_called(tmp_path: Path) -> None:
    assert squeezed(NAMES) in squeezed(told("pdftotext", pdf(sheet(practice=NAMES)), tmp_path))


@pytest.mark.server
def test_the_fonts_are_in_the_file(tmp_path: Path) -> None:
    fonts = told("pdffonts", pdf(sheet()), tmp_path).splitlines()[2:]
    assert len(fonts) == 2
    for font in fonts:
        embedded, subset, unicode = font.split()[-5:-2]
        assert "DejaVuSans" in font
        assert (embedded, subset, unicode) == ("yes", "yes", "yes")


def test_the_same_card_is_the_same_file() -> None:
    assert pdf(sheet("de")) == pdf(sheet("de"))
    assert pdf(sheet("de")) != pdf(sheet("de", receipt={"send": "always"}))
    assert len(pdf(sheet("de"))) < 80_000


@pytest.mark.server
def test_a_long_card_goes_on_over_pages_and_leaves_no_question_alone(tmp_path: Path) -> None:
    passages = tuple(Passage(f"Question {number}?", "An answer of several words. " * 40) for number in range(20))
    pages = told("pdftotext", pdf(Sheet("A title", "", passages, "en")), tmp_path, "-layout").split("\f")[:-1]
    assert len(pages) > 3
    for page in pages:
        lines = [line for line in page.splitlines() if line.strip()]
        assert "?" not in lines[-2], "a question at the foot of a page"
    assert sum(page.count("Question ") for page in pages) == 20


@pytest.mark.server
def test_a_language_from_right_to_left_is_set_from_the_right(tmp_path: Path) -> None:
    card = Sheet("שלום", "", (Passage("מתי?", "מחר בבוקר."),), "he", "rtl")
    boxes = told("pdftotext", pdf(card), tmp_path, "-bbox")
    right = [float(x) for x in re.findall(r'xMax="([\d.]+)"[^>]*>[^<]*[א-ת]', boxes)]
    assert max(right) > 520


@pytest.mark.server
def test_a_long_name_leaves_room_for_the_pages_number(tmp_path: Path) -> None:
    lines = told("pdftotext", pdf(sheet(practice="Hope Street " * 20)), tmp_path, "-layout").rstrip().splitlines()
    assert squeezed(lines[-1]).endswith("…2/2")
