"""`handrail explain` says what would be done with a message, and sends nothing."""

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Handrail

TO_ANA = ("--from", "tom@client.example", "--to", "ana@hopestreet.example")
AT = ("--at", "2026-11-23T21:10")
CRISIS = b"From: Mia <mia@client.example>\nTo: ana@hopestreet.example\nSubject: x\n\nI want to end my life.\n"


def test_it_tells_each_step_and_the_very_ack(handrail: Handrail) -> None:
    ended = handrail("explain", *TO_ANA, *AT)
    assert (ended.code, ended.err) == (0, "")
    for line in (
        "route      ana@hopestreet.example leads to mailbox ana",
        "policy     hope-street",
        "urgency    routine",
        "answer by  Tuesday 2026-11-24 09:00 AEDT",
        "allowance  1 of 5 this week",
        "ack to tom@client.example",
        "  Subject: Your message has arrived",
    ):
        assert line in ended.out.splitlines()
    assert "It will be read and answered tomorrow, Tuesday, by 09:00." in " ".join(ended.out.split())
    assert list(handrail.folder.glob("outgoing/new/*")) == []


def test_programs_get_every_step_by_name(handrail: Handrail) -> None:
    told = handrail("explain", *TO_ANA, *AT, "--json").json
    assert list(told) == ["route", "facts", "urgency", "promise", "allowance", "effects", "fields", "reasons"]
    assert told["route"] == {"pattern": "ana@hopestreet.example", "mailbox": "ana", "policy": "hope-street"}
    assert told["urgency"] == {"level": "routine", "category": "", "hits": []}
    assert told["promise"] == {"read_by": "2026-11-23T22:00:00+00:00", "answer_by": "2026-11-23T22:00:00+00:00"}
    assert told["allowance"] == {"used": 1, "allowed": 5, "per": "week", "warn": False}
    assert set(told["facts"]) >= {"author", "new_words", "automation"}
    assert not {"text", "new_text", "quoted_text"} & set(told["facts"])
    assert [(effect["kind"], effect["to"]) for effect in told["effects"]] == [("ack", "tom@client.example")]
    assert "Lifeline 13 11 14" in told["effects"][0]["body"]
    assert {"name": "X-Handrail-Urgency", "value": told["fields"][1]["value"]} in told["fields"]
    assert {"code": "ack", "why": "an ack is due: always"} in told["reasons"]


def test_a_file_and_standard_input_are_read_alike(handrail: Handrail, tmp_path: Path) -> None:
    (tmp_path / "crisis.eml").write_bytes(CRISIS)
    by_file = handrail("explain", *TO_ANA, *AT, "--json", str(tmp_path / "crisis.eml"))
    by_input = handrail("explain", *TO_ANA, *AT, "--json", "-", stdin=CRISIS)
    by_wire = handrail("explain", *TO_ANA, *AT, "--json", "-", stdin=CRISIS.replace(b"\n", b"\r\n"))
    assert by_file.json == by_input.json == by_wire.json
    assert by_file.json["urgency"]["level"] == "crisis"
    assert {effect["kind"] for effect in by_file.json["effects"]} == {"ack", "alert"}


def test_the_null_reverse_path_gets_nothing(handrail: Handrail) -> None:
    ended = handrail("explain", "--from", "<>", "--to", "ana@hopestreet.example", *AT)
    assert ended.code == 0
    assert ended.out.endswith("Nothing would be sent.\n")


def test_a_refused_recipient_is_a_finding_and_says_what_there_is(handrail: Handrail) -> None:
    ended = handrail("explain", "--from", "tom@client.example", "--to", "nobody@hopestreet.example")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == (
        "Refused at RCPT: 550 5.1.1 No such mailbox here "
        "No route takes nobody@hopestreet.example; there are routes for ana@hopestreet.example."
    )
    told = handrail("explain", "--from", "tom@client.example", "--to", "x@elsewhere.example", "--json")
    assert (told.code, told.json) == (1, {"refused": "550 5.7.1 Relaying denied"})


def test_a_file_that_can_not_be_read_is_named_with_the_mend(handrail: Handrail, tmp_path: Path) -> None:
    for name, why in (("nothing.eml", "No such file or directory"), (".", "Is a directory")):
        ended = handrail("explain", *TO_ANA, str(tmp_path / name))
        assert (ended.code, ended.out) == (2, "")
        assert ended.err == (f"{tmp_path / name} can't be read ({why}); name a message (.eml), or - for standard input")


@pytest.mark.parametrize("at", ["tomorrow", "2026-13-01", "9999-12-31T23:59", "0001-01-01"])
def test_a_time_that_is_none_is_refused_with_an_example(handrail: Handrail, at: str) -> None:
    ended = handrail("explain", *TO_ANA, "--at", at)
    assert (ended.code, ended.out) == (2, "")
    assert f"--at: {at!r} is no time; write for example 2026-11-23T21:10" in ended.err


def test_a_time_may_name_its_own_zone(handrail: Handrail) -> None:
    there = handrail("explain", *TO_ANA, "--json", "--at", "2026-11-23T11:10+01:00").json
    assert there["promise"] == handrail("explain", *TO_ANA, *AT, "--json").json["promise"]


def test_a_template_that_fails_is_named_and_points_to_the_check(handrail: Handrail) -> None:
    handrail.write("templates/en/ack-neutral/body.txt", "{{ fone }}")
    ended = handrail("explain", *TO_ANA)
    assert (ended.code, ended.out) == (1, "")
    assert "templates/en/ack-neutral/body.txt:1 failed: UndefinedError; `handrail check` says why" in ended.err


def test_odd_bytes_move_no_terminal_and_break_no_json(handrail: Handrail) -> None:
    odd = b"From: \x1b[2J\xff <tom@client.example>\nSubject: \xff\x1b]0;x\x07\nMessage-ID: <\xe4@x>\n\nhello \xff\n"
    for option in ("--json",), ():
        ended = handrail("explain", *TO_ANA, *AT, *option, "-", stdin=odd)
        assert ended.code == 0
        assert "\x1b" not in ended.out
