"""Delivery into a Maildir, as downstream and as smart host."""

from __future__ import annotations

import contextlib
import errno
import mailbox
from pathlib import Path

import pytest

from gateway.core.message.facts import Envelope
from gateway.core.replies import UNKNOWN
from gateway.transport import smarthost_for, transport_for
from gateway.transport.maildir import FULL, refusal_for

ENVELOPE = Envelope("kim@client.example", ("ana@hopestreet.example",))


async def test_a_message_lies_in_new_with_the_line_ends_of_a_mailbox(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "Maildir"
    async with transport_for(f"maildir:{folder}", helo="gw.example") as transport:
        assert (await transport.relay(ENVELOPE, b"Subject: x\r\n\r\n.dot\r\n")).accepted
    (file,) = (folder / "new").iterdir()
    assert file.read_bytes() == b"Return-Path: <kim@client.example>\nSubject: x\n\n.dot\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == dict.fromkeys(
        ("cur", "new", "tmp"), 0o700
    )
    assert list((folder / "tmp").iterdir()) == []
    assert mailbox.Maildir(folder)[file.name]["Subject"] == "x"


async def test_a_hundred_messages_have_a_hundred_names(tmp_path: Path) -> None:
    async with transport_for(f"maildir://{tmp_path}", helo="gw.example") as transport:
        for _ in range(100):
            await transport.relay(ENVELOPE, b"x\r\n")
    assert len(list((tmp_path / "new").iterdir())) == 100


async def test_a_relative_path_is_relative_to_the_working_folder(tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path):
        async with transport_for("maildir:var/ana", helo="gw.example") as transport:
            assert (await transport.relay(ENVELOPE, b"x\r\n")).accepted
    assert len(list((tmp_path / "var/ana/new").iterdir())) == 1


async def test_a_folder_that_can_not_be_made_is_451(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    async with transport_for(f"maildir:{tmp_path}/file/x", helo="gw.example") as transport:
        assert await transport.relay(ENVELOPE, b"x\r\n") == UNKNOWN


@pytest.mark.parametrize(("number", "reply"), [(errno.ENOSPC, FULL), (errno.EDQUOT, FULL), (errno.EACCES, UNKNOWN)])
def test_every_fault_of_a_disk_is_transient(number: int, reply: object) -> None:
    assert refusal_for(OSError(number, "")) == reply


async def test_the_smart_hosts_maildir_shows_the_envelope(tmp_path: Path) -> None:
    async with smarthost_for(f"maildir:{tmp_path}", helo="gw.example") as smarthost:
        assert (await smarthost.submit("", "kim@client.example", b"Subject: ack\r\n\r\nHello\r\n")).accepted
    (file,) = (tmp_path / "new").iterdir()
    assert file.read_bytes() == (
        b"Return-Path: <>\nDelivered-To: kim@client.example\nX-Handrail-Envelope-To: kim@client.example\n"
        b"Subject: ack\n\nHello\n"
    )
