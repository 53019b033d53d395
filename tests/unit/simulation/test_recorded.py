"""Recorded mail is read as other programs wrote it: in order, octet by octet, and left alone."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.simulation.recorded import Mail, NoMail, open_mail, sent_beside
from tests.unit.simulation.years import draw, write_maildir, write_mbox

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DATE = "Date: Mon, 02 Mar 2026 12:00:00 +0000"


def mbox(folder: Path, text: str) -> Path:
    path = folder / "recorded.mbox"
    path.write_bytes(text.encode())
    return path


def times(mail: Mail) -> list[datetime]:
    return [one.at for one in mail.messages]


@pytest.mark.parametrize(
    ("line", "fields", "at"),
    [
        (
            "From x Mon Mar  2 23:00:00 2026",
            "Received: by b; Mon, 02 Mar 2026 13:00:00 +0100\nReceived: by a; Mon, 02 Mar 2026 09:00:00 +0000\n"
            "Date: Sun, 01 Mar 2026 08:00:00 +0000",
            NOON,
        ),
        ("From x Mon Mar  2 23:00:00 2026", "Received: from nowhere\nDate: Mon, 02 Mar 2026 22:00:00 +1000", NOON),
        ("From x Mon Mar  2 23:00:00 2026", "Received: by b; Thu, 01 Jan 1970 00:00:00 +0000\n" + DATE, NOON),
        ("From - Mon Mar  2 12:00:00 2026", "Subject: no time", NOON),
        ("From 1790@xxx Mon Mar 02 14:00:00 +0200 2026", "Date: yesterday", NOON),
        ("From a@b.example Mon Mar  2 12:00 2026", "X: y", NOON),
    ],
    ids=["last server", "no time in Received", "a clock never set", "a From line", "its zone", "without seconds"],
)
def test_a_message_came_when_the_last_server_says_so_or_what_comes_nearest(
    tmp_path: Path, line: str, fields: str, at: datetime
) -> None:
    assert times(open_mail(mbox(tmp_path, f"{line}\n{fields}\n\ntext\n"))) == [at]


def test_what_bears_no_time_is_counted_and_left_out(tmp_path: Path) -> None:
    found = open_mail(mbox(tmp_path, f"From x\nSubject: lost\n\none\n\nFrom x\n{DATE}\n\ntwo\n"))
    assert (times(found), found.undated) == ([NOON], 1)


def test_a_line_of_text_that_begins_with_from_begins_no_message(tmp_path: Path) -> None:
    head, body = f"From x Mon Mar  2 12:00:00 2026\n{DATE}", "Hello.\n\nFrom here on I write.\n\n>From there I wrote.\n"
    (one,) = open_mail(mbox(tmp_path, f"{head}\n\n{body}\n")).messages
    assert one.content().endswith(b"\r\n\r\nHello.\r\n\r\nFrom here on I write.\r\n\r\nFrom there I wrote.\r\n")


def test_the_empty_line_between_two_messages_belongs_to_neither(tmp_path: Path) -> None:
    one, two = open_mail(mbox(tmp_path, f"From x\n{DATE}\n\none\n\n\nFrom y\n{DATE}\n\ntwo")).messages
    assert one.content().endswith(b"\r\n\r\none\r\n\r\n")
    assert two.content().endswith(b"\r\n\r\ntwo")


@pytest.mark.parametrize(
    ("marks", "read"),
    [
        (("Status: RO", "Status: O"), [True, False]),
        (("Status: R\nX-Status: A", "Subject: new"), [True, False]),
        (("X-Mozilla-Status: 0001", "X-Mozilla-Status: 0010"), [True, False]),
        (("Subject: one", "Subject: two"), [None, None]),
        (("X-Mozilla-Status: nonsense", "Subject: two"), [None, None]),
    ],
)
def test_marks_tell_what_was_read_and_no_marks_at_all_tell_nothing(
    tmp_path: Path, marks: tuple[str, str], read: list[bool | None]
) -> None:
    text = "\n".join(f"From x\n{DATE}\n{mark}\n\ntext\n" for mark in marks)
    assert [one.read for one in open_mail(mbox(tmp_path, text)).messages] == read


def test_in_a_maildir_the_letters_of_a_name_tell_and_new_mail_is_unread(tmp_path: Path) -> None:
    for part in ("cur", "new", "tmp"):
        (tmp_path / part).mkdir()
    for name in ("cur/1.a:2,RS", "cur/2.b:2,F", "new/3.c", "cur/.hidden", "tmp/4.d"):
        (tmp_path / name).write_bytes(f"{DATE}\n\ntext\n".encode())
    found = open_mail(tmp_path)
    assert {one.path.name: one.read for one in found.messages} == {"1.a:2,RS": True, "2.b:2,F": False, "3.c": False}
    assert found.messages[0].content() == f"{DATE}\r\n\r\ntext\r\n".encode()


def test_sent_mail_is_found_beside_the_inbox_by_the_names_of_the_settings(tmp_path: Path) -> None:
    write_maildir(tmp_path / ".Sent", ())
    write_maildir(tmp_path / "Outbox", ())
    (tmp_path / ".Empty").mkdir()
    assert sent_beside(tmp_path, ("Sent", "Outbox", "Empty")) == (tmp_path / ".Sent", tmp_path / "Outbox")
    assert sent_beside(tmp_path / "no.mbox", ("Sent",)) == ()


@pytest.mark.parametrize("kind", ["mbox", "Maildir"])
def test_years_of_mail_come_back_octet_by_octet_in_the_order_of_time(tmp_path: Path, kind: str) -> None:
    years = draw(120)
    path = tmp_path / "recorded"
    found = open_mail(write_mbox(path, years.inbox) if kind == "mbox" else write_maildir(path, years.inbox))
    assert found.undated == 0
    assert [(one.at, one.read, one.content()) for one in found.messages] == [
        (one.at, one.read, one.content) for one in years.inbox
    ]


def test_several_files_are_one_mail_in_one_order_and_can_be_cut(tmp_path: Path) -> None:
    years = draw(40)
    halves = (write_mbox(tmp_path / "even", years.inbox[::2]), write_mbox(tmp_path / "odd", years.inbox[1::2]))
    both = open_mail(halves[0]) + open_mail(halves[1])
    assert times(both) == [one.at for one in years.inbox]
    middle = years.inbox[20].at
    assert times(both.before(middle)) == [one.at for one in years.inbox if one.at < middle]
    assert both.before(None) == both
    assert both.before(years.inbox[0].at - timedelta(days=1)).messages == ()


def test_reading_changes_neither_the_file_nor_its_time(tmp_path: Path) -> None:
    path = write_mbox(tmp_path / "recorded", draw(10).inbox)
    before = (path.read_bytes(), path.stat().st_mtime_ns, sorted(tmp_path.iterdir()))
    [one.content() for one in open_mail(path).messages]
    assert (path.read_bytes(), path.stat().st_mtime_ns, sorted(tmp_path.iterdir())) == before


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: None, "can't be read (No such file or directory); name an mbox file or a Maildir"),
        (lambda path: path.mkdir(), "is no Maildir: it has neither cur/ nor new/"),
        (lambda path: path.write_text("Subject: hello\n"), "is no mbox file: it does not begin with `From `"),
        (lambda path: path.write_text(""), "is no mbox file"),
    ],
)
def test_what_holds_no_mail_is_named_with_the_mend(tmp_path: Path, make: Callable[[Path], object], why: str) -> None:
    path = tmp_path / "recorded"
    make(path)
    with pytest.raises(NoMail) as error:
        open_mail(path)
    assert str(error.value).startswith(f"{path} {why}")
