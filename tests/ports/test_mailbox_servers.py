"""The test servers do what the tests believe of them."""

from __future__ import annotations

import smtplib
import threading
import uuid

import pytest

from tests.ports.observed import letter
from tests.servers.dovecot import dovecot
from tests.servers.postfix import postfix

pytestmark = pytest.mark.server


def test_mail_with_a_null_reverse_path_goes_through_postfix_into_a_dovecot_mailbox() -> None:
    with (
        dovecot({"cleo@client.example": "pw"}) as server,
        postfix({"client.example": server.lmtp_port}) as smarthost,
        server.open("cleo@client.example") as program,
    ):
        one = f"<{uuid.uuid4().hex}@hopestreet.example>"
        with smtplib.SMTP("127.0.0.1", smarthost.smtp_port, timeout=30) as peer:
            peer.sendmail("", ["cleo@client.example"], letter(one))
        uid = None
        for _ in range(500):
            uid = program.find(one)
            if uid is not None:
                break
            threading.Event().wait(0.02)
        assert uid is not None, smarthost.log
        assert program.content(uid).startswith(b"Return-Path: <>")
        assert "status=sent" in smarthost.log
