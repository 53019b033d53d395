"""The page about receipts is held to the tests that it names."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "receipts.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" |")]
    for line in PAGE.partition("statement by statement")[2].splitlines()
    if line.startswith("|") and not line.startswith(("| ---", "| section"))
]
#: Statements that nothing can show, since we do none of it.
NOT_DONE = ("not done", "ORCPT is not offered")
#: Every section of RFC 8098 that asks something of whoever generates a notification.
SECTIONS = {"2.1", "2.2", "2.3", "2.4", "3", "3.1", "3.2.1", "3.2.2", "3.2.3", "3.2.4", "3.2.5", "3.2.6"} | {
    "3.2.6.1",
    "3.2.6.2",
    "3.2.6.3",
    "3.2.7",
    "3.3",
    "6.1",
    "6.2",
    "6.4",
}


def names_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}: {row[1][:40]}")
def test_every_statement_names_a_test_that_is_there_or_is_not_done(row: list[str]) -> None:
    _, _, done, shown = row
    named = re.fullmatch(r"`([\w/.]+)::(\w+)`", shown)
    if named is None:
        assert shown == ""
        assert done.startswith(NOT_DONE)
        return
    (path,) = [found for found in (ROOT / "tests" / "unit").rglob(Path(named[1]).name) if f"/{named[1]}" in str(found)]
    assert named[2] in names_in(path)


def test_every_section_that_asks_something_of_us_has_its_rows() -> None:
    told = {section for row in ROWS for section in re.findall(r"\d(?:\.\d)*", row[0])}
    assert told >= SECTIONS
