"""`handrail clients` keeps the roster of a mailbox."""

import pytest

from tests.unit.cli.conftest import Handrail

CARLA = ("carla@client.example", "--mailbox", "ana")


def test_a_client_is_added_listed_changed_and_forgotten(handrail: Handrail) -> None:
    agreed = ("--name", "Carla [bold] Reyes", "--urgent-word", "bluebird", "--trusted", "--no-acks", "--language", "de")
    assert handrail("clients", "add", *CARLA, *agreed).code == 0
    head, row = handrail("clients", "list", "-m", "ana").out.splitlines()
    assert head.split("  ")[0] == "address"
    assert " ".join(row.split()) == "carla@client.example Carla [bold] Reyes de bluebird always urgent, no acks"
    assert handrail("clients", "add", *CARLA, "--acks", "--not-trusted", "--language", "").code == 0
    (client,) = handrail("clients", "list", "-m", "ana", "--json").json
    assert client == {
        "address": "carla@client.example",
        "name": "Carla [bold] Reyes",
        "language": "",
        "urgent_word": "bluebird",
        "trusted": False,
        "always_person": False,
        "quiet": False,
        "acks": True,
        "policy": "",
    }
    assert handrail("clients", "forget", *CARLA).out == "Taken off the roster.\n"
    assert handrail("clients", "list", "-m", "ana").out == (
        "Nobody is on the roster of ana yet: `handrail clients add ADDRESS --mailbox ana`.\n"
    )


def test_who_is_not_there_can_not_be_forgotten(handrail: Handrail) -> None:
    ended = handrail("clients", "forget", *CARLA)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == (
        "Nobody with this address is on the roster of ana; `handrail clients list --mailbox ana` shows who is."
    )


@pytest.mark.parametrize("command", [("add", "tom@client.example"), ("list",), ("forget", "tom@client.example")])
def test_a_mailbox_that_is_not_there_is_refused_with_those_that_are(
    handrail: Handrail, command: tuple[str, ...]
) -> None:
    ended = handrail("clients", *command, "--mailbox", "office")
    assert (ended.code, ended.out) == (2, "")
    assert "--mailbox: no mailbox 'office'; known: ana" in ended.err


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((*CARLA, "--policy", "open-dor"), "--policy: no policy 'open-dor'; did you mean open-door?"),
        ((*CARLA, "--language", "German"), "--language: 'German' is no language; write for example en or de-AT"),
        (("Carla Reyes", *CARLA[1:]), "ADDRESS: 'Carla Reyes' is no address; write for example carla@client.example"),
        (("@client.example", *CARLA[1:]), "ADDRESS: '@client.example' is no address"),
        (CARLA[:1], "Missing option '--mailbox'"),
    ],
)
def test_what_can_not_be_is_not_noted(handrail: Handrail, arguments: tuple[str, ...], why: str) -> None:
    ended = handrail("clients", "add", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert why in ended.err
    assert handrail("clients", "list", "-m", "ana", "--json").json == []


def test_what_is_noted_holds_for_the_next_message(handrail: Handrail) -> None:
    explained = ("explain", "--from", CARLA[0], "--to", "ana@hopestreet.example", "--json")
    assert handrail(*explained).json["urgency"]["level"] == "routine"
    handrail("clients", "add", *CARLA, "--trusted", "--policy", "open-door")
    told = handrail(*explained).json
    assert told["urgency"]["level"] == "urgent"
    assert {"name": "X-Handrail-Policy", "value": "open-door"} in told["fields"]
