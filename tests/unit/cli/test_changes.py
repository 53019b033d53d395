"""`handrail policy versions` and `announce`: what clients were told, and how they hear of a change."""

from datetime import datetime, timedelta

import pytest

from tests.unit.cli.conftest import Handrail

NAME = "hope-street"
#: Nobody who looks at a list of changes needs to know these.
PEOPLE = ("client.example", "Carla", "Jean")


@pytest.fixture
def known(handrail: Handrail) -> Handrail:
    """Two clients under the policy, whose first version is kept."""
    handrail("clients", "add", "carla@client.example", "-m", "ana", "--name", "Carla Reyes")
    handrail("clients", "add", "jean@client.example", "-m", "ana", "--name", "Jean Petit", "--language", "de")
    assert handrail("policy", "announce").code == 0
    return handrail


def change(handrail: Handrail, old: str = "messages: 5", new: str = "messages: 2") -> None:
    path = handrail.config / "policies" / f"{NAME}.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_before_the_first_version_there_is_nothing_to_compare_with(handrail: Handrail) -> None:
    said = handrail("policy", "versions", NAME).out
    assert said.startswith(f"No version of {NAME} is kept yet: ")
    assert handrail("policy", "versions", NAME, "--json").json == []
    tried = handrail("policy", "announce", NAME, "--dry-run").out
    assert tried == (
        f"Kept as they are, since a change is told by what was before: {NAME}.\n"
        "Nothing was done; without --dry-run it is.\n"
    )
    assert handrail("policy", "versions", NAME, "--json").json == []
    assert handrail("policy", "announce", NAME).code == 0
    (first,) = handrail("policy", "versions", NAME, "--json").json
    assert (first["number"], first["state"], first["changes"]) == (1, "in force", [])
    assert handrail("policy", "announce", NAME).out == (
        f"{NAME} is as it was last recorded: there is nothing to announce.\n"
    )


def test_a_change_is_shown_before_it_is_announced(known: Handrail) -> None:
    change(known)
    ended = known("policy", "announce", "--dry-run")
    assert (ended.code, ended.err) == (0, "")
    first, *rest = ended.out.splitlines()
    assert first.startswith(f"{NAME}: version 2 holds from ")
    assert first.endswith("; 2 clients are told of it.")
    words = " ".join(" ".join(rest).split())
    assert "1 in en, at " in words
    assert "1 in de, at " in words
    assert "Subject: A change to how email works here" in words
    assert "The limit is 2 messages a week" in words
    assert rest[-1] == "Nothing was done; without --dry-run it is."
    assert not any(name in ended.out for name in PEOPLE)
    assert len(known("policy", "versions", NAME, "--json").json) == 1
    assert known("outbox", "list", "--json").json == []


def test_an_announced_change_waits_for_its_notice_and_everybody_is_written_to_once(known: Handrail) -> None:
    change(known)
    (told,) = known("policy", "announce", NAME, "--json").json["announced"]
    assert (told["policy"], told["version"], told["told"]) == (NAME, 2, 2)
    assert {(letter["language"], letter["clients"]) for letter in told["letters"]} == {("en", 1), ("de", 1)}
    assert [pending["kind"] for pending in known("outbox", "list", "--json").json] == ["notice", "notice"]
    first, second = known("policy", "versions", NAME, "--json").json
    assert (first["state"], second["state"], second["since"]) == ("in force", "coming", told["since"])
    waits = datetime.fromisoformat(second["since"]) - datetime.fromisoformat(second["recorded"])
    assert waits == timedelta(days=14)
    (question,) = second["changes"]
    assert "The limit is 5 messages a week" in question["before"]
    assert "The limit is 2 messages a week" in question["after"]
    assert known("policy", "announce", NAME, "--json").json == {"dry_run": False, "announced": []}
    assert len(known("outbox", "list", "--json").json) == 2


def test_the_newest_version_is_told_first_with_its_difference_in_words(known: Handrail) -> None:
    change(known)
    known("policy", "announce", NAME)
    said = known("policy", "versions", NAME).out.splitlines()
    assert said[0].startswith("version 2: coming, since ")
    assert said[1] == "  May I write as much as I like?"
    assert said[2].startswith("    before: The limit is 5 messages a week")
    assert said[3].startswith("    now:    The limit is 2 messages a week")
    assert said[4].startswith("version 1: in force, since ")


def test_a_change_that_is_taken_back_in_time_is_overtaken_and_nobody_is_written_to(known: Handrail) -> None:
    change(known)
    known("policy", "announce", NAME)
    change(known, "messages: 2", "messages: 5")
    said = known("policy", "announce", NAME).out
    assert said.splitlines()[0].endswith("; nobody is told of it.")
    states = [(one["number"], one["state"]) for one in known("policy", "versions", NAME, "--json").json]
    assert states == [(1, "past"), (2, "overtaken"), (3, "in force")]
    assert not [one for one in known("outbox", "list", "--json").json if one["state"] == "waiting"]


def test_what_no_client_would_notice_holds_at_once(known: Handrail) -> None:
    change(known, "billing: {", "digest: {at: '07:30'}\nbilling: {")
    said = known("policy", "announce", NAME).out
    assert said.splitlines()[0].endswith("; nobody is told of it.")
    assert known("policy", "versions", NAME).out.splitlines()[:2][1] == "  nothing that a client would notice"
    assert known("policy", "versions", NAME, "--json").json[-1]["state"] == "in force"


def test_only_the_named_policy_is_taken_up(known: Handrail) -> None:
    change(known)
    assert known("policy", "announce", "open-door").out == (
        "open-door is as it was last recorded: there is nothing to announce.\n"
    )
    assert len(known("policy", "versions", NAME, "--json").json) == 1


@pytest.mark.parametrize("command", ["versions", "announce"])
def test_a_name_that_means_nothing_is_answered_by_one_that_does(handrail: Handrail, command: str) -> None:
    ended = handrail("policy", command, "hope-stret")
    assert (ended.code, ended.out) == (2, "")
    assert f"NAME: no policy 'hope-stret'; did you mean {NAME}?" in ended.err


def test_versions_of_a_policy_whose_file_is_gone_can_still_be_read(known: Handrail) -> None:
    known.write("policies/short.yaml", "summary: For a while.\n")
    known("policy", "announce", "short")
    (known.config / "policies" / "short.yaml").unlink()
    assert known("policy", "versions", "short").out.startswith("version 1: in force, since ")
