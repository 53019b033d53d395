"""What others wrote is printed, but it commands nothing."""

import io
from contextlib import redirect_stdout

import pytest

from gateway.cli.output import clean, print_json, print_table


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
