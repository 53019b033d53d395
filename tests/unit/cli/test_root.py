"""What every command has in common: it teaches, and it ends in words and an exit code that mean something."""

import re

import click
import pytest
import typer

from gateway import __version__
from gateway.cli.root import app
from tests.unit.cli.conftest import Handrail


def commands(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = [path]
    for name, command in group.commands.items():
        inner = (*path, name)
        found += commands(command, inner) if hasattr(command, "commands") else [inner]
    return found


EVERY = commands(typer.main.get_command(app))  # type: ignore[arg-type]
#: Those that read a config folder: a command line that is complete but for it.
ON_CONFIG = {
    "check": (),
    "serve": (),
    "status": (),
    "explain": ("--from", "a@b.example", "--to", "ana@hopestreet.example"),
    "promises": (),
    "ledger": (),
    "note set": ("By the sea.",),
    "note show": (),
    "note end": (),
    "clients add": ("tom@client.example", "--mailbox", "ana"),
    "clients list": ("--mailbox", "ana"),
    "clients show": ("tom@client.example", "--mailbox", "ana"),
    "clients forget": ("tom@client.example", "--mailbox", "ana"),
    "clients import": ("roster.csv", "--mailbox", "ana"),
    "clients export": ("--mailbox", "ana"),
    "policy list": (),
    "policy show": ("open-door",),
    "policy card": ("open-door",),
    "policy versions": ("open-door",),
    "policy announce": (),
    "outbox list": (),
    "outbox retry": ("1",),
    "outbox drop": ("1", "--yes"),
}


def test_the_version_is_told(handrail: Handrail) -> None:
    ended = handrail.bare("--version")
    assert (ended.code, ended.out) == (0, f"handrail {__version__}\n")


@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_every_command_and_each_of_its_options_says_what_it_is_for(handrail: Handrail, path: tuple[str, ...]) -> None:
    ended = handrail.bare(*path, "--help")
    assert ended.code == 0
    said = [line for line in ended.out.splitlines() if line.strip() and "Usage:" not in line]
    assert re.match(r" [A-Z].{20,}", said[0])
    command = typer.main.get_command(app)
    for name in path:
        command = command.commands[name]  # type: ignore[attr-defined]
    wordless = {
        option.name
        for option in command.params
        if not getattr(option, "help", None) and not getattr(option, "hidden", False)
    }
    assert wordless <= {"help"}, wordless


@pytest.mark.parametrize("path", [path for path in EVERY if path and path[0] not in {"demo", "status"}], ids=" ".join)
def test_commands_with_something_to_fill_in_show_an_example(handrail: Handrail, path: tuple[str, ...]) -> None:
    command = typer.main.get_command(app)
    for name in path:
        command = command.commands[name]  # type: ignore[attr-defined]
    if any(option.required for option in command.params):
        assert f"handrail {' '.join(path)} " in " ".join(handrail.bare(*path, "--help").out.split())


@pytest.mark.parametrize("command", ON_CONFIG)
def test_a_folder_that_is_not_there_ends_every_command_with_the_mend(handrail: Handrail, command: str) -> None:
    nowhere = str(handrail.folder / "nowhere")
    ended = handrail.bare(*command.split(), *ON_CONFIG[command], "--config", nowhere)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == f"{nowhere}: no such folder; make one with: handrail init"


@pytest.mark.parametrize("command", ON_CONFIG)
def test_a_fault_in_the_files_ends_every_command_with_file_line_and_mend(handrail: Handrail, command: str) -> None:
    handrail.change("policy: hope-street", "policy: hope-stret")
    ended = handrail(*command.split(), *ON_CONFIG[command])
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == ("gateway.yaml:18:13: mailboxes.ana.policy: no policy 'hope-stret'; did you mean hope-street?")


@pytest.mark.parametrize("command", ["explain", "ledger", "clients list", "outbox list"])
def test_a_record_that_can_not_be_opened_is_down_and_says_where_to_look(handrail: Handrail, command: str) -> None:
    handrail.change(f"{handrail.folder}/handrail.db", f"{handrail.folder}/config/gateway.yaml/handrail.db")
    ended = handrail(*command.split(), *ON_CONFIG[command])
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith("Not possible now: ")
    assert "see store.url" in ended.err


@pytest.mark.parametrize("command", ["explain", "ledger", "clients list", "outbox list", "status"])
def test_another_key_than_the_databases_is_wrong_and_says_the_mend(handrail: Handrail, command: str) -> None:
    assert handrail("outbox", "list").code == 0
    handrail.write("handrail.key", "ab" * 32)
    ended = handrail(*command.split(), *ON_CONFIG[command])
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("the database was sealed with another key; put the first key back")


def test_a_secret_that_is_not_there_is_wrong_and_says_the_mend(handrail: Handrail) -> None:
    handrail.change('handrail.db"}', 'handrail.db", key: {env: HANDRAIL_TEST_NO_SUCH_KEY}}')
    ended = handrail("ledger")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("the environment variable HANDRAIL_TEST_NO_SUCH_KEY is not set; set it, or write")


def test_a_command_prints_nothing_but_what_it_has_to_say(handrail: Handrail) -> None:
    ended = handrail("clients", "add", "tom@client.example", "--mailbox", "ana")
    assert ended.out == "Noted for ana. It holds from the next message on.\n"
    assert ended.err == ""
