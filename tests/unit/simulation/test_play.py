"""A play takes each thing in its turn, and nothing of it leaves the stage."""

from pathlib import Path

import pytest

from gateway.core.effects import Ack, Alert, Receipt
from gateway.core.history import Story
from gateway.core.policy.client import Client
from gateway.simulation import Circumstances, Mail, Played, open_mail, simulate, taken_for_granted
from tests.unit.simulation.playing import CARLA, TOM, answer, found, local, note, played, settings
from tests.unit.simulation.years import write_mbox


def by_name(play: Played) -> dict[str, Story]:
    return {one.received.message_id.split("@")[0].strip("<"): one for one in play.stories if one.received}


def acks(play: Played) -> list[Ack]:
    return [effect for effect in play.said if isinstance(effect, Ack)]


def test_a_message_is_decided_at_the_instant_at_which_it_came(tmp_path: Path) -> None:
    (story,) = played(tmp_path, [note("2026-03-02 21:10")]).stories
    received = story.received
    assert received is not None
    assert (received.at, received.read_by) == (local("2026-03-02 21:10"), local("2026-03-03 09:00"))
    assert story.acknowledged_at == local("2026-03-02 21:10")


def test_a_message_is_read_at_the_end_of_the_next_reading_and_a_receipt_follows(tmp_path: Path) -> None:
    came = [note("2026-03-02 21:10"), note("2026-03-05 12:00", TOM, name="later")]
    story, later = played(tmp_path, came).stories
    assert story.seen is not None
    assert story.seen.at == local("2026-03-03 09:00")
    assert story.receipt is not None
    assert story.receipt.at == local("2026-03-03 09:02")
    assert later.seen is None, "the recorded mail ends before anybody reads it"


def test_an_answer_shows_that_its_message_was_read_before_it(tmp_path: Path) -> None:
    story = played(
        tmp_path, [note("2026-03-02 21:10")], [answer("2026-03-02 22:00", CARLA, "2026-03-02 21:10")]
    ).stories[0]
    assert [event.kind for event in story.events if event.kind in ("seen", "answered")] == ["seen", "answered"]
    assert story.seen is not None
    assert story.seen.at == local("2026-03-02 22:00")


def test_an_answer_closes_what_the_same_person_wrote_before_and_shows_it_read(tmp_path: Path) -> None:
    came = [
        note("2026-03-02 21:00", name="one"),
        note("2026-03-02 21:05", name="two"),
        note("2026-03-02 21:06", TOM, name="his"),
    ]
    told = by_name(played(tmp_path, came, [answer("2026-03-02 22:00", CARLA, "two")]))
    assert {name for name, story in told.items() if story.answered and story.seen} == {"one", "two"}
    assert told["his"].seen is None


def test_what_is_forwarded_is_read_and_not_answered(tmp_path: Path) -> None:
    sent = [answer("2026-03-02 22:00", "colleague@clinic.example", "2026-03-02 21:10")]
    (story,) = played(tmp_path, [note("2026-03-02 21:10")], sent).stories
    assert (story.answered, story.seen is not None) == (None, True)


def test_what_is_marked_unread_is_read_by_its_answer_alone(tmp_path: Path) -> None:
    came = [note("2026-03-02 21:10", name="open", read=False), note("2026-03-02 21:20", TOM, name="closed", read=False)]
    told = by_name(played(tmp_path, came, [answer("2026-03-09 10:00", TOM, "closed")]))
    assert told["open"].seen is None
    assert told["closed"].seen is not None


def test_without_set_hours_a_message_is_read_by_its_answer_alone(tmp_path: Path) -> None:
    known = settings(tmp_path, mornings="answer: {promise: none}\n")
    came = [note("2026-03-02 21:10"), note("2026-03-12 21:10", TOM)]
    assert [story.seen for story in played(tmp_path, came, known=known).stories] == [None, None]


def test_a_second_copy_counts_once(tmp_path: Path) -> None:
    came = [note("2026-03-02 21:10"), note("2026-03-02 21:10"), note("2026-03-02 21:30", name="2026-03-02.21:10")]
    play = played(tmp_path, came)
    assert (len(play.stories), play.again, len(acks(play))) == (1, 2, 1)


def test_who_says_stop_is_heard_until_the_play_ends(tmp_path: Path) -> None:
    proof = "Authentication-Results: mx.hopestreet.example; dkim=pass header.d=client.example"
    came = [note("2026-03-02 21:10", CARLA, "STOP", proof), note("2026-03-04 21:10"), note("2026-03-04 21:11", TOM)]
    known = settings(tmp_path)
    ana = known.gateway.mailboxes["ana"].model_copy(update={"trusted_authserv": "mx.hopestreet.example"})
    gateway = known.gateway.model_copy(update={"mailboxes": {"ana": ana}})
    play = played(tmp_path, came, known=known.model_copy(update={"gateway": gateway}))
    assert [ack.to for ack in acks(play)] == [TOM]


def test_the_roster_decides_where_it_is_given(tmp_path: Path) -> None:
    came = [note("2026-03-02 21:10", CARLA, "Bluebird, please.")]
    with_roster = played(tmp_path, came, roster=(Client(address=CARLA, urgent_word="bluebird"),))
    assert [ack.level.value for ack in acks(with_roster)] == ["urgent"]
    assert [
        ack.known for ack in acks(played(tmp_path / "again", came, roster=(), known=settings(tmp_path / "again")))
    ] == [False]


def test_each_effect_is_said_at_its_own_time(tmp_path: Path) -> None:
    crisis = note("2026-03-02 21:10", CARLA, "I want to end my life.")
    play = played(tmp_path, [crisis, note("2026-03-06 21:10", TOM)])
    said = [(type(effect), effect.due) for effect in play.said if effect.ref == play.stories[0].ref]
    assert (Ack, local("2026-03-02 21:10")) in said
    assert (Alert, local("2026-03-02 21:10")) in said
    assert (Receipt, local("2026-03-03 09:02")) in said


def test_calendars_outside_tell_of_years_that_are_long_over(tmp_path: Path) -> None:
    events = [
        f"BEGIN:VEVENT\r\nUID:{first}\r\nDTSTART;VALUE=DATE:{first}\r\nDTEND;VALUE=DATE:{last}\r\nEND:VEVENT\r\n"
        for first, last in (("20240301", "20240308"), ("20260301", "20260308"))
    ]
    text = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//EN\r\n{''.join(events)}END:VCALENDAR\r\n"
    known = settings(tmp_path, "absences_calendar: away.ics", calendar=text)
    came = [note("2024-03-02 21:10"), note("2025-03-02 21:10", TOM), note("2026-03-02 21:10")]
    play = played(tmp_path, came, known=known)
    assert [str(ack.away_until or "") for ack in acks(play)] == ["2024-03-07", "", "2026-03-07"]
    assert play.unread_calendars == ()


def test_a_calendar_that_can_not_be_read_is_left_out_and_told_of(tmp_path: Path) -> None:
    known = settings(tmp_path, "absences_calendar: away.ics", calendar="This is no calendar.")
    play = played(tmp_path, [note("2026-03-02 21:10")], known=known)
    assert len(acks(play)) == 1
    assert len(play.unread_calendars) == 1
    told = " ".join(taken_for_granted(Circumstances(1, 0, True, None, 2), [found(known, play)]))
    assert f"A calendar could not be read ({play.unread_calendars[0]})" in told


@pytest.mark.parametrize(
    ("field", "recipient"),
    [
        ("Delivered-To: office@hopestreet.example", "office@hopestreet.example"),
        ("Delivered-To: ana+friends@hopestreet.example", "ana+friends@hopestreet.example"),
        ("Delivered-To: somebody@else.example", "ana@hopestreet.example"),
        ("X-Original-To: <office@hopestreet.example>", "office@hopestreet.example"),
        ("Subject: nothing", "ana@hopestreet.example"),
    ],
)
def test_the_recipient_is_the_own_address_that_a_server_noted(tmp_path: Path, field: str, recipient: str) -> None:
    (ack,) = acks(played(tmp_path, [note("2026-03-02 21:10", CARLA, "Hello.", field)]))
    assert ack.sender == recipient


async def test_progress_counts_messages_and_sent_messages(tmp_path: Path) -> None:
    came, went = [note("2026-03-02 21:10"), note("2026-03-06 21:10", TOM)], [answer("2026-03-03 10:00", CARLA, "x")]
    counts: list[int] = []
    inbox, sent = open_mail(write_mbox(tmp_path / "in", came)), open_mail(write_mbox(tmp_path / "out", went))
    await simulate(settings(tmp_path), "ana", "mornings", inbox, sent, progress=counts.append)
    assert counts == [1, 2, 3]


async def test_mail_that_is_gone_meanwhile_ends_the_play(tmp_path: Path) -> None:
    path = write_mbox(tmp_path / "inbox", [note("2026-03-02 21:10")])
    mail = open_mail(path)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        await simulate(settings(tmp_path), "ana", "mornings", mail, Mail(()))
