"""A policy card to print: a sheet in, a PDF of A4 pages out, with its fonts, its language and its title in it.

The same sheet gives the same bytes. DejaVu Sans carries Latin, Greek, Cyrillic, Arabic, Hebrew and more, so that people
and places can be called what they are called; of it only the letters that are used go into the file.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from fpdf import FPDF, ViewerPreferences
from fpdf.enums import Align, MethodReturnValue, TextDirection, XPos, YPos
from fpdf.fonts import TTFFont

from gateway.core.policy.sheet import Passage, Sheet

_FONTS = Path(__file__).parent / "fonts"
_FONT = "DejaVu"
#: Millimetres.
_MARGIN, _FOOT, _RULE = 22.0, 14.0, 0.6
#: Greys and the blue of the pages (templates/web/style.css).
_INK, _SOFT, _ACCENT, _LINE = (29, 35, 39), (86, 97, 106), (31, 92, 122), (217, 214, 205)
#: A card holds no instant of its own: it is as its policy is. Some date a PDF must have.
UNDATED = datetime(2000, 1, 1, tzinfo=UTC)


def pdf(sheet: Sheet, made: datetime = UNDATED) -> bytes:
    """The file's octets; `made` is written into it as the date of its creation."""
    paper = _Paper(sheet)
    try:
        paper.set_creation_date(made)
        paper.write_all()
        return bytes(paper.output())
    finally:
        paper.close_fonts()


class _Paper(FPDF):
    """A4 pages with the title and the page's number at the foot."""

    def __init__(self, sheet: Sheet) -> None:
        super().__init__(orientation="portrait", unit="mm", format="A4")
        self._sheet = sheet
        self.c_margin = 0
        rtl = sheet.direction == "rtl"
        self._align = Align.R if rtl else Align.L
        self.set_margins(_MARGIN, _MARGIN)
        self.set_auto_page_break(True, margin=_FOOT + 11)
        self.add_font(_FONT, "", _FONTS / "DejaVuSans.ttf")
        self.add_font(_FONT, "B", _FONTS / "DejaVuSans-Bold.ttf")
        self.set_title(sheet.title)
        self.set_lang(sheet.language)
        self.set_creator("Handrail")
        self.viewer_preferences = ViewerPreferences(display_doc_title=True)
        if rtl:
            self.set_text_shaping(use_shaping_engine=False, direction=TextDirection.RTL)

    def write_all(self) -> None:
        """The whole sheet."""
        self.add_page()
        self._head()
        for passage in self._sheet.passages:
            self._passage(passage)

    def close_fonts(self) -> None:
        """The library leaves their files open."""
        for font in self.fonts.values():
            if isinstance(font, TTFFont):
                font.close()

    def _head(self) -> None:
        """The title, and the therapist's own words beside a line."""
        self._write(self._sheet.title, 20, 9.5, _INK, "B")
        self.ln(2)
        if self._sheet.summary:
            top = self.get_y()
            self._write(self._sheet.summary, 11.5, 6.2, _SOFT, indent=5)
            self.set_fill_color(*_ACCENT)
            self.rect(_MARGIN, top, _RULE, self.get_y() - top, style="F")
            self.ln(3)

    def _passage(self, passage: Passage) -> None:
        """A question with its answer; a question does not stand alone at the foot of a page."""
        paragraphs = passage.answer.split("\n")
        if self.will_page_break(8 + 7 + min(self._height(paragraphs[0], 9.5, 5.2), 22)):
            self.add_page()
        self.ln(4)
        self.start_section(passage.question)
        self._write(passage.question, 12, 6.6, _ACCENT, "B")
        self.ln(0.8)
        for paragraph in paragraphs:
            self._write(paragraph, 9.5, 5.2, _INK)
            self.ln(1.2)

    def footer(self) -> None:
        """Called by the library at the end of each page."""
        self.set_y(-_FOOT)
        self.set_draw_color(*_LINE)
        self.line(_MARGIN, self.get_y(), self.w - _MARGIN, self.get_y())
        self.ln(2)
        self.set_font(_FONT, "", 8)
        self.set_text_color(*_SOFT)
        # How many pages there are is put in when all are written, so the room for it is that of one figure.
        number = self.get_string_width("9 / 9")
        self.cell(self.epw - number, 5, self._fitting(self._sheet.title, self.epw - 2 * number), align=Align.L)
        self.cell(number, 5, f"{self.page_no()} / {self.str_alias_nb_pages}", align=Align.L)

    def _fitting(self, text: str, width: float) -> str:
        """As much of a line as there is room for."""
        kept = text
        while kept and self.get_string_width(f"{kept}…") > width:
            kept = kept[:-1].rstrip()
        return text if self.get_string_width(text) <= width else f"{kept}…"

    def _write(
        self,
        text: str,
        size: float,
        height: float,
        ink: tuple[int, int, int],
        style: Literal["", "B"] = "",
        indent: float = 0,
    ) -> None:
        self.set_font(_FONT, style, size)
        self.set_text_color(*ink)
        self.set_x(_MARGIN + (indent if self._align is Align.L else 0))
        width = self.epw - indent
        self.multi_cell(width, height, text, align=self._align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _height(self, text: str, size: float, height: float) -> float:
        self.set_font(_FONT, "", size)
        found = self.multi_cell(self.epw, height, text, dry_run=True, output=MethodReturnValue.HEIGHT)
        return float(found)  # type: ignore[arg-type]
