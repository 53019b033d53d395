"""`handrail explain` says what would be done with a message, and sends nothing."""

from datetime import datetime, timedelta
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
        "at         Monday 2026-11-23 21:10 AEDT",
        "route      ana@hopestreet.example leads to mailbox ana",
        "client     not on the roster: told nothing that only a client may know",
        "policy     hope-street",
        "origin     person, answerable; author not verified",
        "urgency    routine",
        "category   none",
        "expects    an answer",
        "read by    Tuesday 2026-11-24 09:00 AEDT",
        "answer by  Tuesday 2026-11-24 09:00 AEDT",
        "allowance  1 of 5 messages this week",
        "cost       nothing",
        "ack to tom@client.example (client), at once",
        "nudge to ana@hopestreet.example (therapist), Tuesday 2026-11-24 07:00 AEDT",
        "  Subject: Your message has arrived",
    ):
        assert line in ended.out.splitlines()
    assert "It will be read and answered tomorrow, Tuesday, by 09:00." in " ".join(ended.out.split())
    assert list(handrail.folder.glob("outgoing/new/*")) == []


def test_mail_that_reaches_a_mailbox_without_us_is_explained_as_it_is_found_there(handrail: Handrail) -> None:
    handrail.change("    deliver:", "#   deliver:")
    (handrail.config / "routes.yaml").unlink(missing_ok=True)
    ended = handrail("explain", *TO_ANA, *AT)
    assert (ended.code, ended.err) == (0, "")
    assert "route      it reaches, and is found in, mailbox ana" in ended.out.splitlines()
    assert "ack to tom@client.example (client), at once" in ended.out
    assert "X-Handrail" not in ended.out
    assert handrail("explain", *TO_ANA, *AT, "--json").json["fields"] == []


def test_programs_get_every_step_by_name(handrail: Handrail) -> None:
    told = handrail("explain", *TO_ANA, *AT, "--json").json
    known = ("route", "facts", "urgency", "promise", "allowance", "effects", "fields", "reasons")
    more = ("at", "client", "policy", "origin", "category", "expect", "away", "session", "cost")
    assert set(told) == {*known, *more}
    assert told["route"] == {"pattern": "ana@hopestreet.example", "mailbox": "ana", "policy": "hope-street"}
    assert told["urgency"] == {"level": "routine", "category": "", "hits": []}
    assert told["promise"] == {"read_by": "2026-11-23T22:00:00+00:00", "answer_by": "2026-11-23T22:00:00+00:00"}
    assert told["allowance"] == {
        "used": 1,
        "allowed": 5,
        "per": "week",
        "warn": False,
        "minutes_used": 1,
        "minutes_allowed": None,
        "over": False,
        "left": 4,
    }
    assert told["policy"] == {"name": "hope-street", "version": 0, "tried": False, "coming": None}
    assert (told["client"], told["category"], told["expect"], told["cost"]) == (None, "", "answer", "")
    assert set(told["facts"]) >= {"author", "new_words", "automation"}
    assert not {"text", "new_text", "quoted_text"} & set(told["facts"])
    assert [(effect["kind"], effect["to"], effect["reader"]) for effect in told["effects"]] == [
        ("ack", "tom@client.example", "client"),
        ("nudge", "ana@hopestreet.example", "therapist"),
    ]
    assert [effect["due"] for effect in told["effects"]] == [told["at"], "2026-11-23T20:00:00+00:00"]
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
    assert {effect["kind"] for effect in by_file.json["effects"]} == {"ack", "alert", "nudge"}


def client(handrail: Handrail, *agreed: str) -> None:
    handrail("clients", "add", "tom@client.example", "-m", "ana", "--name", "Tom Okafor", *agreed)


def test_a_client_is_told_of_by_what_was_agreed_and_never_by_name(handrail: Handrail) -> None:
    client(handrail, "--urgent-word", "bluebird", "--messages", "2", "--session", "thu 15:00-15:50")
    said = handrail("explain", *TO_ANA, *AT).out
    told = said.splitlines()
    assert "client     on the roster: an agreed word, 2 messages, sessions thu 15:00-15:50" in told
    assert "session    the next one is on Thursday 2026-11-26 15:00 AEDT" in told
    assert "allowance  1 of 2 messages this week" in told
    assert "Okafor" not in said
    assert "bluebird" not in said
    known = handrail("explain", *TO_ANA, *AT, "--json")
    assert (known.json["client"]["told_as_one"], known.json["client"]["messages"]) == (True, 2)
    assert known.json["session"]["start"] == "2026-11-26T04:00:00+00:00"
    assert "Okafor" not in known.out
    assert "bluebird" not in known.out


def test_an_absence_is_told_with_who_covers(handrail: Handrail) -> None:
    handrail.change(
        "    policy: hope-street",
        "    policy: hope-street\n    absences: [{from: 2026-11-23, until: 2026-11-27, cover: ben}]\n"
        "covers: {ben: {name: Ben Adler, address: ben@cover.example}}",
    )
    told = handrail("explain", *TO_ANA, *AT)
    assert "away       until the end of Friday 2026-11-27, ben covers" in told.out.splitlines()
    assert handrail("explain", *TO_ANA, *AT, "--json").json["away"] == {"until": "2026-11-27", "cover": "ben"}


def test_words_of_urgency_are_shown_where_they_stand(handrail: Handrail) -> None:
    told = handrail("explain", *TO_ANA, *AT, "-", stdin=CRISIS).out
    assert any(
        line.startswith("           crisis: ") and "I want to end my life." in line for line in told.splitlines()
    )
    assert "alert to ana@hopestreet.example (therapist), at once" in told


def test_another_policy_can_be_tried_before_the_clients_own(handrail: Handrail) -> None:
    client(handrail, "--policy", "open-door")
    assert "policy     open-door" in handrail("explain", *TO_ANA, *AT).out.splitlines()
    said = handrail("explain", *TO_ANA, *AT, "--policy", "clear-limits").out.splitlines()
    assert "policy     clear-limits (on trial)" in said
    assert "allowance  1 of 5 messages this week" in said
    told = handrail("explain", *TO_ANA, *AT, "--policy", "clear-limits", "--json").json
    assert (told["policy"]["name"], told["policy"]["tried"]) == ("clear-limits", True)
    ended = handrail("explain", *TO_ANA, "--policy", "clear-limit")
    assert (ended.code, ended.out) == (2, "")
    assert "--policy: no policy 'clear-limit'; did you mean clear-limits?" in ended.err


def test_it_is_decided_and_said_by_the_version_that_holds_at_the_time(handrail: Handrail) -> None:
    client(handrail)
    handrail("policy", "announce", "hope-street")
    path = handrail.config / "policies" / "hope-street.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("messages: 5", "messages: 2"), encoding="utf-8")
    (change,) = handrail("policy", "announce", "hope-street", "--json").json["announced"]
    later = datetime.fromisoformat(change["since"]) + timedelta(days=1)
    before = datetime.fromisoformat(change["since"]) - timedelta(days=1)
    told = handrail("explain", *TO_ANA, "--at", before.isoformat(), "--json").json
    assert (told["policy"]["version"], told["allowance"]["allowed"]) == (1, 5)
    assert told["policy"]["coming"] == {"version": 2, "since": change["since"]}
    assert "message 1 of 5" in " ".join(told["effects"][0]["body"].split())
    assert [effect["kind"] for effect in told["effects"]][:2] == ["ack", "notice"]
    told = handrail("explain", *TO_ANA, "--at", later.isoformat(), "--json").json
    assert (told["policy"]["version"], told["policy"]["coming"], told["allowance"]["allowed"]) == (2, None, 2)
    assert "message 1 of 2" in " ".join(told["effects"][0]["body"].split())


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
