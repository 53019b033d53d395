"""What `handrail demo` says of a message is what the record says, and it leaves no folder of anybody's in disorder."""

from datetime import UTC, datetime
from pathlib import Path

from gateway.core.events import Acknowledged, Level, Origin, Relayed, Tagged
from gateway.core.history import Story
from gateway.core.reasons import because
from gateway.demo.telling import rows
from tests.ports.record_samples import received, ref
from tests.unit.cli.conftest import Handrail

AT = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


def words(story: Story) -> dict[str, str]:
    return {what: said for what, _, said in rows(story)}


def test_a_tag_is_told_with_its_level_how_it_shows_and_why() -> None:
    urgent = received(level=Level.URGENT, category="scheduling", reasons=(because("agreed-word"),))
    told = rows(Story(ref(), (urgent, Relayed(at=AT, reply="250 ok"), Tagged(at=AT, how="flagged"))))
    assert [row[2] for row in told if row[0] == "tagged"] == [
        "urgent, a star in the mailbox: the agreed word was found",
        "scheduling, in the header field X-Handrail-Category",
    ]


def test_an_ack_that_did_not_go_out_says_why() -> None:
    machine = received(origin=Origin.MACHINE, reasons=(because("null-reverse-path"),))
    assert words(Story(ref(), (machine,)))["no ack"].startswith("its reverse-path is null")
    person = received(origin=Origin.PERSON, reasons=(because("person"), because("client-no-acks")))
    assert words(Story(ref(), (person,)))["no ack"] == "the client has switched acks off"
    waiting = received(origin=Origin.PERSON, reasons=())
    assert words(Story(ref(), (waiting,)))["no ack"] == "not yet"
    acked = Acknowledged(at=AT, message_id="<a@hopestreet.example>")
    assert "no ack" not in words(Story(ref(), (person, acked)))


def test_a_folder_that_holds_something_is_left_alone(handrail: Handrail, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter").write_text("mine")
    ended = handrail.bare("demo", "--folder", str(tmp_path / "full"))
    assert (ended.code, ended.out) == (2, "")
    assert "--folder: " in ended.err
    assert "name a new folder" in ended.err
