"""What others wrote is printed, but it commands nothing."""

import io
from contextlib import redirect_stdout

import pytest

from gateway.cli.output import clean, fold, print_account, print_json, print_table, stacked


@pytest.mark.parametrize("sign", ["\x1b", "\x07", "\r", "\x9b", "\N{RIGHT-TO-LEFT OVERRIDE}", "\udcff"])
def test_what_would_command_a_terminal_is_shown_as_such(sign: str) -> None:
    assert clean(f"a{sign}b\nü 中") == "a\N{REPLACEMENT CHARACTER}b\nü 中"


def test_a_row_is_a_line_where_no_terminal_bounds_it() -> None:
    printed = io.StringIO()
    with redirect_stdout(printed):
        print_table([("[red]a[/]", "word " * 200), (":smile:", "b\x1b[2J")], ("one", "two"))
    assert printed.getvalue().splitlines() == [
        "one        two",
        f"[red]a[/]  {'word ' * 200}".rstrip(),
        ":smile:    b\N{REPLACEMENT CHARACTER}[2J",
    ]


def test_half_characters_are_no_fault_in_json() -> None:
    printed = io.StringIO()
    with redirect_stdout(printed):
        print_json({"subject": "gr\udcfcn"})
    assert printed.getvalue().encode() == b'{\n  "subject": "gr?n"\n}\n'


def test_a_line_is_broken_between_words_and_continues_where_it_began() -> None:
    assert fold("  mend: take the key out of there\nshort", 20, "  ") == "  mend: take the key\n    out of there\nshort"


def test_what_is_there_to_be_copied_is_never_broken() -> None:
    command = "`handrail explain --from tom@client.example --to ana@hopestreet.example`"
    assert fold(f"See {command} for more.", 30) == f"See\n{command}\nfor more."
    path = "/tmp/handrail-demo-1/config/policies/hope-street.yaml"
    assert fold(f"the policy {path}", 20) == f"the policy\n{path}"


def test_a_sentence_that_has_no_room_beside_its_row_stands_below() -> None:
    rows = [("carla@client.example", "0.2", "54 new words ÷ 238 words a minute = 0.2 min to read")]
    assert stacked(rows, ("from", "read", "how"), frozenset({"read"}), 50) == [
        "from                  read",
        "carla@client.example   0.2",
        "  54 new words ÷ 238 words a minute = 0.2 min to",
        "  read",
    ]


def test_without_a_terminal_the_sentence_stands_beside_its_row() -> None:
    printed = io.StringIO()
    with redirect_stdout(printed):
        print_account([("carla@client.example", "word " * 50)], ("from", "how"))
    assert len(printed.getvalue().splitlines()) == 2
