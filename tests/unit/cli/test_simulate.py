"""`handrail simulate` says what a policy would have made of recorded mail, and touches nothing."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.app.wiring import open_record, settings_from
from gateway.core.policy.client import Client
from tests.unit.cli.conftest import Handrail
from tests.unit.simulation.playing import CARLA, TOM, answer, note
from tests.unit.simulation.years import write_maildir, write_mbox

CAME = [
    note("2026-03-02 21:00", CARLA, "I slept well.", name="one"),
    note("2026-03-04 21:10", TOM, "I want to end my life.", name="two"),
    note("2026-03-09 10:00", CARLA, "Bluebird, please.", name="three"),
]
SENT = [answer("2026-03-03 08:00", CARLA, "one"), answer("2026-03-12 08:00", CARLA, "three")]


def keep(handrail: Handrail, client: Client) -> None:
    """Put somebody on the roster, which makes the record."""

    async def save() -> None:
        async with open_record(settings_from(handrail.config)) as store:
            await store.migrate()
            await store.save("ana", client)

    asyncio.run(save())


@pytest.fixture
def mail(tmp_path: Path) -> tuple[str, str]:
    return str(write_mbox(tmp_path / "inbox", CAME)), str(write_mbox(tmp_path / "sent", SENT))


def lines(out: str) -> dict[str, list[str]]:
    """Each row's label and what stands behind it."""
    rows = [re.split(r"\s{2,}", line.strip()) for line in out.splitlines()]
    return {row[0]: row[1:] for row in rows}


def test_the_table_tells_every_number_and_what_is_taken_for_granted(handrail: Handrail, mail: tuple[str, str]) -> None:
    ended = handrail("simulate", "--policy", "hope-street", mail[0], "--sent", mail[1])
    assert (ended.code, ended.err) == (0, "")
    for row in ("messages", "to messages with words of crisis", "kept", "broken", "minutes counted by the policy"):
        assert f"  {row} " in ended.out
    assert "Nothing was sent, and the practice's own record was not touched." in ended.out
    assert "Promises are held against 2 sent messages" in ended.out
    assert "client.example" not in ended.out


def test_programs_get_the_same_numbers(handrail: Handrail, mail: tuple[str, str]) -> None:
    told = handrail("simulate", "-p", "hope-street", mail[0], "--sent", mail[1], "--json").json
    (found,) = told["policies"]
    assert (found["policy"], found["messages"], found["acks"]["crisis"]) == ("hope-street", 3, 1)
    assert found["promises"] == {"kept": 1, "broken": 2, "open": 0, "moot": 0, "none": 0}
    assert found["urgency"]["crisis"] == {"": 1}
    assert any("2 sent messages" in sentence for sentence in told["taken_for_granted"])
    assert "client.example" not in json.dumps(told)


def test_two_policies_stand_side_by_side(handrail: Handrail, mail: tuple[str, str]) -> None:
    handrail.write("policies/silent.yaml", "acknowledge: {when: never}\n")
    ended = handrail("simulate", "-p", "hope-street", "-p", "silent", mail[0], "--sent", mail[1])
    assert lines(ended.out)["acked"] == ["3", "0"]
    told = handrail("simulate", "-p", "silent", "-p", "hope-street", mail[0], "--json").json
    assert [one["policy"] for one in told["policies"]] == ["silent", "hope-street"]


def test_without_a_policy_it_is_the_mailboxs_own(handrail: Handrail, mail: tuple[str, str]) -> None:
    assert [one["policy"] for one in handrail("simulate", mail[0], "--json").json["policies"]] == ["hope-street"]


def test_a_maildir_brings_its_own_sent_mail(handrail: Handrail, tmp_path: Path) -> None:
    box = write_maildir(tmp_path / "Mail", CAME)
    write_maildir(box / ".Sent", SENT)
    (found,) = handrail("simulate", str(box), "--json").json["policies"]
    assert (found["messages"], found["answers"]) == (3, 2)


def test_a_span_counts_whole_days_of_the_practice(handrail: Handrail, mail: tuple[str, str]) -> None:
    def messages(*span: str) -> int:
        return int(handrail("simulate", mail[0], *span, "--json").json["policies"][0]["messages"])

    assert messages("--since", "2026-03-04") == 2
    assert messages("--until", "2026-03-04") == 2
    assert messages("--since", "2026-03-04", "--until", "2026-03-04") == 1


def test_names_are_told_where_they_are_asked_for(handrail: Handrail, mail: tuple[str, str]) -> None:
    told = handrail("simulate", mail[0], "--sent", mail[1], "--names").out
    assert re.search(rf"^2026-03-04 21:10 +2026-03-05 09:00 +{TOM} +This week$", told, re.MULTILINE)


def test_a_bar_shows_how_far_it_is_where_somebody_looks_on(handrail: Handrail, mail: tuple[str, str]) -> None:
    looker, terminal = os.openpty()
    command = [sys.executable, "-m", "gateway", "simulate", *mail[:1], "--sent", mail[1]]
    with subprocess.Popen(
        [*command, "--config", str(handrail.config)], stdout=subprocess.PIPE, stderr=terminal
    ) as running:
        os.close(terminal)
        seen = b"".join(_until_the_end(looker))
        told, _ = running.communicate()
    os.close(looker)
    assert re.search(rb"hope-street .*5/5", seen)
    assert b"5/5" not in told


def _until_the_end(terminal: int) -> Iterator[bytes]:
    """What is written to a terminal; Linux tells its end by an error."""
    with suppress(OSError):
        while some := os.read(terminal, 4096):
            yield some


def test_the_page_is_written_where_it_is_wanted(handrail: Handrail, mail: tuple[str, str], tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    ended = handrail("simulate", mail[0], "--html", str(page))
    assert ended.out.endswith(f"The page is in {page}.\n")
    assert "<title>Hope Street Practice: hope-street</title>" in page.read_text(encoding="utf-8")


def test_the_roster_decides_as_in_life_and_can_be_left_out(handrail: Handrail, mail: tuple[str, str]) -> None:
    keep(handrail, Client(address=CARLA, urgent_word="bluebird"))
    assert handrail("simulate", mail[0], "--json").json["policies"][0]["acks"]["urgent"] == 1
    told = handrail("simulate", mail[0], "--no-roster", "--json").json
    assert told["policies"][0]["acks"]["urgent"] == 0
    assert any("The roster was left out" in sentence for sentence in told["taken_for_granted"])


def test_the_practices_folder_is_left_as_it_is(handrail: Handrail, mail: tuple[str, str]) -> None:
    def everything() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in handrail.folder.rglob("*") if path.is_file()}

    before = everything()
    assert "there is no record yet" in handrail("simulate", mail[0]).out
    assert everything() == before
    keep(handrail, Client(address=CARLA))
    before = {path: content for path, content in everything().items() if not path.endswith(("-wal", "-shm"))}
    handrail("simulate", mail[0])
    assert {path: content for path, content in everything().items() if not path.endswith(("-wal", "-shm"))} == before


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--policy", "hope-stret"), "--policy: no policy 'hope-stret'; did you mean hope-street?"),
        (("--mailbox", "anna"), "--mailbox: no mailbox 'anna'; did you mean ana?"),
        (("--since", "yesterday"), "--since: 'yesterday' is no date; write for example 2026-11-23"),
        (("--since", "2026-03-04", "--until", "2026-03-03"), "2026-03-03 is before 2026-03-04"),
        (("--sent", "/nowhere"), "/nowhere can't be read (No such file or directory); name an mbox file or a Maildir"),
        (("--html", "/nowhere/page.html"), "/nowhere/page.html can't be written (No such file or directory)"),
    ],
)
def test_what_means_nothing_is_refused_with_the_mend(
    handrail: Handrail, mail: tuple[str, str], arguments: tuple[str, ...], why: str
) -> None:
    ended = handrail("simulate", mail[0], *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert why in ended.err
