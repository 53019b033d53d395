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
        "country": "",
        "timezone": "",
        "messages": None,
        "exempt": False,
        "sessions": [],
        "calendar_name": "",
    }
    assert handrail("clients", "forget", *CARLA).out == "Taken off the roster.\n"
    assert handrail("clients", "list", "-m", "ana").out == (
        "Nobody is on the roster of ana yet: `handrail clients add ADDRESS --mailbox ana`.\n"
    )


@pytest.mark.parametrize("command", ["forget", "show"])
def test_who_is_not_there_can_not_be_forgotten_or_shown(handrail: Handrail, command: str) -> None:
    ended = handrail("clients", command, *CARLA)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == (
        "Nobody with this address is on the roster of ana; `handrail clients list --mailbox ana` shows who is."
    )


MORE = (
    *("--country", "fr", "--timezone", "Europe/Paris", "--messages", "3", "--exempt", "--calendar-name", "CR"),
    *("--session", "thu 15:00-15:50", "--session", "mon 9:00-9:50 every 2 weeks from 2026-11-23"),
)


def test_all_that_the_policies_know_of_a_client_is_noted_and_taken_back(handrail: Handrail) -> None:
    assert handrail("clients", "add", *CARLA, *MORE).code == 0
    (noted,) = handrail("clients", "list", "-m", "ana", "--json").json
    sessions = ["thu 15:00-15:50", "mon 09:00-09:50 every 2 weeks from 2026-11-23"]
    told = {name: noted[name] for name in ("country", "timezone", "messages", "exempt", "calendar_name", "sessions")}
    assert told == {
        "country": "FR",
        "timezone": "Europe/Paris",
        "messages": 3,
        "exempt": True,
        "calendar_name": "CR",
        "sessions": sessions,
    }
    row = handrail("clients", "list", "-m", "ana").out.splitlines()[1]
    assert " ".join(row.split()) == f"{CARLA[0]} FR Europe/Paris {'; '.join(sessions)} 3 messages, never charged"
    back = (
        "--country",
        "",
        "--timezone",
        "",
        "--messages",
        "0",
        "--not-exempt",
        "--calendar-name",
        "",
        "--session",
        "",
    )
    assert handrail("clients", "add", *CARLA, *back).code == 0
    (again,) = handrail("clients", "list", "-m", "ana", "--json").json
    assert [again[name] for name in told] == ["", "", None, False, "", []]


def test_a_country_without_known_lines_is_told_of(handrail: Handrail) -> None:
    assert "No crisis lines" not in handrail("clients", "add", *CARLA, "--country", "FR").out
    said = handrail("clients", "add", *CARLA, "--country", "AQ").out
    assert said.endswith("No crisis lines of AQ are known here, so what we write names the practice's own.\n")


def test_one_client_is_shown_whole_with_the_policy_that_holds_and_the_next_session(handrail: Handrail) -> None:
    handrail("policy", "announce", "open-door")
    handrail("clients", "add", *CARLA, *MORE[:-4], "--session", "thu 15:00-15:50", "--policy", "open-door", "--quiet")
    said = handrail("clients", "show", "CARLA@client.example", "-m", "ana").out.splitlines()
    assert "country      FR" in said
    assert "sessions     thu 15:00-15:50" in said
    assert "agreed       quiet, 3 messages, never charged" in said
    assert "policy       open-door (their own, version 1)" in said
    assert said[-1].startswith("next seen    Thursday ")
    assert said[-1].endswith(" 15:00-15:50")
    told = handrail("clients", "show", *CARLA, "--json").json
    assert told["in_force"] == {"name": "open-door", "version": 1}
    assert told["next_session"].keys() == {"start", "end"}
    handrail("clients", "add", "tom@client.example", "-m", "ana")
    assert handrail("clients", "show", "tom@client.example", "-m", "ana").out == (
        "address      tom@client.example\npolicy       hope-street (the mailbox's)\nnext seen    no session is known\n"
    )


def test_a_table_is_tried_taken_and_given_back(handrail: Handrail) -> None:
    handrail("clients", "add", *CARLA, "--name", "Carla Reyes")
    table = b"address,quiet,sessions\ncarla@client.example,yes,thu 15:00-15:50; fri 9:00-9:50\ntom@client.example,,\n"
    tried = handrail("clients", "import", "-", "-m", "ana", "--dry-run", stdin=table)
    assert tried.out == (
        "line 2: changed\nline 3: new\nIt would be noted for ana: 1 new, 1 changed. Without --dry-run it is done.\n"
    )
    assert len(handrail("clients", "list", "-m", "ana", "--json").json) == 1
    assert handrail("clients", "import", "-", "-m", "ana", stdin=table).out == "Noted for ana: 1 new, 1 changed.\n"
    carla, tom = handrail("clients", "list", "-m", "ana", "--json").json
    assert (carla["name"], carla["quiet"], carla["sessions"]) == (
        "Carla Reyes",
        True,
        ["thu 15:00-15:50", "fri 09:00-09:50"],
    )
    assert tom["address"] == "tom@client.example"
    exported = handrail("clients", "export", "-m", "ana").out
    path = handrail.write("roster.csv", exported)
    again = handrail("clients", "import", str(path), "-m", "ana", "--json").json
    assert again["lines"] == [{"line": 2, "what": "unchanged"}, {"line": 3, "what": "unchanged"}]


def test_where_one_line_of_a_table_is_wrong_nothing_is_noted(handrail: Handrail) -> None:
    table = b"address,policy\ntom@client.example,open-door\nmia@client.example,open-dor\n"
    ended = handrail("clients", "import", "-", "-m", "ana", stdin=table)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == (
        "line 3, policy: no policy 'open-dor'; did you mean open-door? "
        "Nothing was noted: mend these, and import it again."
    )
    told = handrail("clients", "import", "-", "-m", "ana", "--json", stdin=table)
    assert (told.code, told.json["faults"][0]["line"]) == (1, 3)
    assert handrail("clients", "list", "-m", "ana", "--json").json == []


def test_a_table_that_can_not_be_read_is_named_with_the_mend(handrail: Handrail) -> None:
    missing = handrail("clients", "import", "nothing.csv", "-m", "ana")
    assert (missing.code, missing.out) == (2, "")
    assert missing.err.startswith("nothing.csv can't be read (No such file or directory); name a table (.csv), or -")
    odd = handrail("clients", "import", "-", "-m", "ana", stdin="address,name\nbjörn@x.example\n".encode("latin-1"))
    assert (odd.code, odd.out) == (2, "")
    assert "is no text in UTF-8; save it as CSV in UTF-8; the columns are address, name," in odd.err


@pytest.mark.parametrize(
    "command",
    [
        ("add", "tom@client.example"),
        ("list",),
        ("show", "tom@client.example"),
        ("forget", "tom@client.example"),
        ("import", "-"),
        ("export",),
    ],
)
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
        ((*CARLA, "--country", "Germany"), "--country: 'Germany' is no country; did you mean DE?"),
        ((*CARLA, "--timezone", "Berlin"), "--timezone: 'Berlin' is no time zone; did you mean Europe/Berlin?"),
        ((*CARLA, "--session", "thursdays"), "--session: 'thursdays' is no session; write thu 15:00-15:50, or"),
        ((*CARLA, "--messages", "-1"), "Invalid value for '--messages'"),
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
