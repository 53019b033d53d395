"""What the pages say is held to the code: links, RFCs, the sample config, commands, words, numbers."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from gateway.cli.root import app
from gateway.core.decide import ack
from gateway.core.message import mime, read
from gateway.mailbox.protocol import MAX_LITERAL
from gateway.outbox.worker import LEASE
from gateway.settings.load import load
from tests.reference import reference

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
RFC = re.compile(r"\bRFC (\d{3,5})\b")
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def rows(page: str, columns: int) -> Iterator[list[str]]:
    """The rows of a page's tables that have so many columns, without heads."""
    for line in text_of(page).splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" |")]
        if line.startswith("|") and len(cells) == columns and not set("".join(cells)) <= set("- "):
            yield cells


def slugs(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    links = LINK.findall(FENCED.sub("", page.read_text(encoding="utf-8")))
    for link in (link for link in links if not link.startswith(("https:", "http:", "mailto:"))):
        path, _, fragment = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        assert not fragment or fragment in slugs(target), link


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, ahead = set[Path](), [ROOT / "README.md", *(ROOT / "docs" / "decisions").glob("*.md")]
    while ahead:
        page = ahead.pop()
        if page not in reached and page.suffix == ".md":
            reached.add(page)
            links = (link.partition("#")[0] for link in LINK.findall(page.read_text(encoding="utf-8")))
            ahead += [(page.parent / link).resolve() for link in links if not link.startswith("http") and link]
    assert set(PAGES) <= reached


def cited() -> dict[str, set[str]]:
    """Each RFC that the code cites, and the files that cite it."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "gateway").rglob("*.py"):
        for number in RFC.findall(path.read_text(encoding="utf-8")):
            found.setdefault(number, set()).add(path.relative_to(ROOT).as_posix())
    return found


def test_each_cited_rfc_stands_in_the_table_and_the_table_names_files_that_cite_it() -> None:
    table = {
        match[1]: {link.removeprefix("../") for link in LINK.findall(cells[3])}
        for cells in rows("docs/rfcs.md", 4)
        if (match := RFC.fullmatch(cells[0]))
    }
    code = cited()
    assert table.keys() == code.keys()
    assert {number: files - code[number] for number, files in table.items() if files - code[number]} == {}
    assert all(table.values())


def test_the_sample_config_of_the_readme_loads(tmp_path: Path) -> None:
    sample, policy = re.findall(r"^```yaml\n(.*?)^```$", text_of("README.md"), re.MULTILINE | re.DOTALL)
    (tmp_path / "gateway.yaml").write_text(sample, encoding="utf-8")
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "my-mornings.yaml").write_text(policy, encoding="utf-8")
    settings = load(tmp_path)
    assert settings.policies["my-mornings"].extends == "mornings-billed"
    assert len(sample.splitlines()) <= 10
    assert settings.gateway.mailboxes["ana"].watch == "imaps://ana@mail.example"
    assert [route.to for route in settings.routes] == ["ana@hopestreet.example"]


def test_a_sample_of_a_command_is_a_command_and_each_has_its_line_in_the_readme() -> None:
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    for page in PAGES:
        for name, second in re.findall(r"`handrail ([a-z]+)(?: ([a-z]+))?", page.read_text(encoding="utf-8")):
            assert name in root.commands, f"{page.name}: handrail {name}"
            command = root.commands[name]
            assert not second or not isinstance(command, TyperGroup) or second in command.commands, (page.name, second)
    table = {match[1] for cells in rows("README.md", 2) if (match := re.fullmatch(r"`handrail ([a-z]+)`", cells[0]))}
    assert table == set(root.commands)


def test_a_make_target_that_a_page_names_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    for page in PAGES:
        named = re.findall(r"(?:`|^)make ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert set(named) <= targets, page.name


def test_a_decision_has_its_number_and_four_parts() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert text.startswith(f"# {int(page.name[:4])}. "), page.name
        assert re.findall(r"^(?:## (\w+)|\*\*(Status):\*\* .+)$", text, re.MULTILINE) == [
            ("", "Status"),
            ("Context", ""),
            ("Decision", ""),
            ("Consequences", ""),
        ], page.name


def never() -> list[str]:
    """The words of the glossary's last column that a machine can look for: those set as code."""
    return [word for cells in rows("docs/glossary.md", 4) for word in re.findall(r"`([^`]+)`", cells[3])]


def written() -> Iterator[tuple[str, str]]:
    for path in (ROOT / "gateway").rglob("*.py"):
        yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
    for folder in ("config", "templates"):
        for path in (path for path in (ROOT / folder).rglob("*") if path.suffix in (".yaml", ".txt", ".html")):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
    for page in (page for page in PAGES if page.name != "glossary.md"):
        yield page.relative_to(ROOT).as_posix(), page.read_text(encoding="utf-8")


def test_words_that_the_glossary_refuses_stand_nowhere() -> None:
    words = "|".join(re.escape(word) for word in never())
    # Names of header fields and of others' pages (`x-autoreply`, `arp242.net/autoreply`) are not ours to choose.
    refused = re.compile(rf"(?<![\w/-])(?:{words})(?![\w-])", re.IGNORECASE)
    found = {name: sorted(set(refused.findall(text))) for name, text in written()}
    assert {name: words for name, words in found.items() if words} == {}


def test_the_limits_that_pages_name_are_those_of_the_code() -> None:
    bounds = f"{read.MOST_CHARACTERS:,} characters, {mime.MOST_DEPTH} levels of nesting or {mime.MOST_PARTS} parts"
    assert bounds in text_of("docs/known-limits.md")
    assert f"{MAX_LITERAL // 2**20} MiB" in text_of("docs/known-limits.md")
    walked = f"to a depth of {mime.MOST_DEPTH} and {mime.MOST_PARTS} parts"
    assert walked in text_of("docs/decisions/0011-own-reading.md")
    assert f"after {LEASE.seconds // 60} minutes" in text_of("docs/architecture.md")
    caps = (ack.ACKS_IN_THREAD, ack.ACKS_TO_PERSON_DAY, ack.ACKS_IN_ALL_HOUR)
    assert caps == (2, 20, 200), "docs/security.md says these in words"


def test_the_reference_of_policies_is_what_the_schema_says() -> None:
    assert text_of("docs/policies.md").endswith(reference()), "run: make docs"
