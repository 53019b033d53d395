"""A digest's links, clicked: from the digest that really went out, by a mail as mail programs write it, to the ledger.

client --SMTP--> gateway --LMTP--> Dovecot: the therapist's mailbox
                   |  ^                |
       the digest: '--|--SMTP--> Postfix --LMTP--> Dovecot: INBOX -- a link, clicked --> a mail to the control address
                      |                                                   |
                      '--- SMTP, with Authentication-Results -------------+--> IMAP APPEND to Sent: the watch sees it
"""

from __future__ import annotations

import asyncio
import os
import shutil
import smtplib
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from gateway.core.billing.ledger import Line
from gateway.core.decide.command import PROOF
from gateway.core.decide.tokens import LIFETIME
from tests.e2e.house import HouseStage, Servers, open_servers, open_stage
from tests.e2e.practice import parse as as_read
from tests.servers.dovecot import Dovecot, MailProgram
from tests.stories.grammar import parse
from tests.stories.practice import MAILBOX
from tests.stories.stage import Mail

STORY = """\
policy mornings-billed with:
    digest: {at: "07:30"}
    acknowledge: {when: always}
client Carla

Mon 2015-11-23 20:00  client writes "It all began in spring."
"""
SERVER = "mx.hopestreet.example"
WAIVE, APPOINTMENT, MUTE = "Charge nothing for it", "It is about an appointment", "No more confirmations to them"


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with open_servers() as found:
        yield found


class VerifiedStage(HouseStage):
    """Whose server vouches for its own people."""

    @staticmethod
    def ways(dovecot: Dovecot) -> dict[str, Any]:
        return {**HouseStage.ways(dovecot), "trusted_authserv": SERVER}

    async def in_inbox(self, message_id: str) -> EmailMessage:
        """A mail as it lies in the therapist's inbox."""

        def content(program: MailProgram) -> bytes:
            uid = program.find(message_id)
            assert uid is not None
            return program.content(uid)

        return as_read(await self._call(self.cast.therapist, "INBOX", content))


class Links(HTMLParser):
    """The links of a page, as who reads it sees them: words and where they lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._href = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._href = dict(attrs).get("href") or "" if tag == "a" else self._href

    def handle_data(self, data: str) -> None:
        if self._href:
            self.found.setdefault(data, self._href)

    def handle_endtag(self, tag: str) -> None:
        self._href = "" if tag == "a" else self._href


@dataclass
class Therapist:
    """What the therapist has before them, and does."""

    stage: VerifiedStage
    digest: EmailMessage
    letters: int = 0

    @property
    def links(self) -> dict[str, str]:
        return links_of(self.digest)

    def click(self, url: str, *, text: str = "", before: str = "") -> bytes:
        """The mail that a mail program opens for a link, sent as it is, or with words added."""
        self.letters += 1
        parts = urlsplit(url)
        asked = parse_qs(parts.query)
        mail = EmailMessage(policy=SMTP)
        mail["From"] = f"Ana Hope <{self.stage.cast.therapist}>"
        mail["To"] = unquote(parts.path)
        mail["Subject"] = before + asked["subject"][0]
        mail["Date"] = format_datetime(self.stage.now)
        mail["Message-ID"] = f"<click-{self.letters}@hopestreet.example>"
        mail.set_content(asked.get("body", [""])[0] + text + "\n\n-- \nAna Hope, psychologist: 030 5550120\n")
        return mail.as_bytes()

    async def by_smtp(self, content: bytes, *, proven: bool, reverse_path: str = "") -> None:
        proof = f"Authentication-Results: {SERVER}; dmarc=pass header.from=hopestreet.example\r\n" if proven else ""
        host, port = self.stage.house.smtp_address

        def hand_over() -> None:
            with smtplib.SMTP(host, port, "mail.elsewhere.example", timeout=30) as peer:
                who = reverse_path or self.stage.cast.therapist
                peer.sendmail(who, [self.stage.cast.control], proof.encode() + content)

        await asyncio.to_thread(hand_over)
        await self.settle()

    async def by_sent(self, content: bytes) -> None:
        await self.stage.put_into_sent(content)

    async def settle(self, minutes: float = 0) -> None:
        """Until there is nothing left to do at this time, or some minutes later."""
        await self.stage.pass_to(self.stage.now + timedelta(minutes=minutes))

    async def told(self) -> list[Mail]:
        """The words back about links so far."""
        return [one for one in await self.stage.mails() if one.kind == "action-told"]

    async def line(self) -> Line:
        (line,) = await self.stage.house.queries.ledger_for(MAILBOX, None, None)
        return line


def links_of(mail: EmailMessage) -> dict[str, str]:
    """The links of a mail by their words; text and HTML have the same ones, in the text each on a line of its own."""
    page, text = (mail.get_body((kind,)) for kind in ("html", "plain"))
    assert page is not None
    assert text is not None
    found = Links(page.get_content()).found
    assert set(found.values()) <= set(text.get_content().splitlines())
    return found


@asynccontextmanager
async def practising(servers: Servers, root: Path, suffix: str, told: str = STORY) -> AsyncIterator[Therapist]:
    """Tuesday, 07:31: Carla's long letter of the night was read, and the digest is there."""
    story = parse(told, "digest-actions")
    night = story.steps[0].at
    async with open_stage(story, servers, root, suffix, VerifiedStage) as stage:
        assert isinstance(stage, VerifiedStage)
        await stage.pass_to(night)
        carla = stage.cast.address("Carla")
        await stage.deliver(carla, letter(carla, stage.cast.therapist, night, "one"))
        await stage.set_seen("<one@client.example>", seen=True)
        await stage.pass_to(night + timedelta(hours=11, minutes=31))
        (digest,) = [one for one in await stage.mails() if one.kind == "digest"]
        yield Therapist(stage, await stage.in_inbox(digest.message_id))


def letter(carla: str, ana: str, at: datetime, name: str) -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = carla, ana, "This week"
    mail["Date"], mail["Message-ID"] = format_datetime(at), f"<{name}@client.example>"
    mail.set_content("It all began in spring.\n" * 1000)
    return mail.as_bytes()


async def test_a_charge_is_waived_by_a_click_whose_mail_lies_in_sent(servers: Servers, tmp_path: Path) -> None:
    async with practising(servers, tmp_path, "-sent") as therapist:
        before = await therapist.line()
        assert before.charge is not None
        await therapist.by_sent(therapist.click(therapist.links[WAIVE], text="the first one is on me"))
        after = await therapist.line()
        assert after.charge is None
        assert after.exempt == "waived: the first one is on me"
        (word,) = await therapist.told()
        assert (word.to, word.subject) == ("Ana", "It is done")
        assert "the first one is on me" in word.text


async def test_a_charge_is_waived_by_a_click_whose_mail_comes_by_smtp_and_is_verified(
    servers: Servers, tmp_path: Path
) -> None:
    async with practising(servers, tmp_path, "-smtp") as therapist:
        content = therapist.click(therapist.links[WAIVE], before="Re: ")
        await therapist.by_smtp(content, proven=True)
        await therapist.by_sent(content)  # as it lies there as well
        assert (await therapist.line()).exempt == "waived by the therapist"
        assert [word.subject for word in await therapist.told()] == ["It is done"]


async def test_a_forger_waives_nothing_and_the_therapist_alone_is_told(servers: Servers, tmp_path: Path) -> None:
    async with practising(servers, tmp_path, "-forger") as therapist:
        said = len(await therapist.stage.mails())
        carla = therapist.stage.cast.address("Carla")
        await therapist.by_smtp(therapist.click(therapist.links[WAIVE]), proven=False, reverse_path=carla)
        await therapist.settle(PROOF / timedelta(minutes=1) + 1)
        assert (await therapist.line()).charge is not None
        words = (await therapist.stage.mails())[said:]
        assert [(word.to, word.subject) for word in words] == [("Ana", "Nothing was done")]


async def test_a_link_works_once_and_until_it_runs_out(servers: Servers, tmp_path: Path) -> None:
    async with practising(servers, tmp_path, "-once") as therapist:
        await therapist.by_sent(therapist.click(therapist.links[APPOINTMENT]))
        assert (await therapist.line()).exempt == "scheduling is exempt by the policy"
        await therapist.by_sent(therapist.click(therapist.links[APPOINTMENT], before="Fwd: "))
        await therapist.settle(LIFETIME / timedelta(minutes=1))
        await therapist.by_sent(therapist.click(therapist.links[WAIVE]))
        subjects = [word.subject for word in await therapist.told()]
        assert subjects == ["It is done", "It was done before", "Nothing was done"]
        assert (await therapist.line()).exempt == "scheduling is exempt by the policy"


async def test_what_neomutt_makes_of_a_link_is_understood_and_so_is_a_subject_that_it_cuts_into_encoded_words(
    servers: Servers, tmp_path: Path
) -> None:
    async with practising(servers, tmp_path, "-neomutt", "language de\n" + STORY) as therapist:
        link = therapist.links["Es geht um einen Termin"]
        await therapist.by_sent(await asyncio.to_thread(neomutt, link, tmp_path))
        assert (await therapist.line()).exempt == "scheduling is exempt by the policy"
        (word,) = await therapist.told()
        undo = links_of(await therapist.stage.in_inbox(word.message_id))["Wieder einordnen wie zuvor"]
        content = await asyncio.to_thread(neomutt, undo, tmp_path)
        assert b"Subject: =?utf-8?" in content
        await therapist.by_sent(content)
        assert (await therapist.line()).exempt == ""
        assert [word.subject for word in await therapist.told()] == ["Es ist getan", "Es ist getan"]


def neomutt(url: str, folder: Path) -> bytes:
    """What neomutt sends for a link."""
    assert shutil.which("neomutt"), "neomutt is missing: run `make packages`"
    sent, settings = folder / "sent.eml", folder / "neomuttrc"
    sendmail = folder / "sendmail"
    sendmail.write_text(f"#!/bin/sh\ncat > {sent}\n")
    sendmail.chmod(0o700)
    settings.write_text(f'set sendmail="{sendmail}"\nset from="ana@hopestreet.example"\nset copy=no\n')
    command = ["neomutt", "-n", "-F", str(settings), url]
    subprocess.run(
        command, input=b"\n", check=True, capture_output=True, timeout=60, env=os.environ | {"HOME": str(folder)}
    )
    return sent.read_bytes().replace(b"\n", b"\r\n")


async def test_a_client_is_muted_by_a_click_and_let_in_again_by_the_link_of_the_word_back(
    servers: Servers, tmp_path: Path
) -> None:
    async with practising(servers, tmp_path, "-mute") as therapist:
        stage = therapist.stage
        carla = stage.cast.address("Carla")

        async def acks_to(name: str) -> int:
            before = sum(one.kind == "ack" for one in await stage.mails())
            await stage.deliver(carla, letter(carla, stage.cast.therapist, stage.now, name))
            return sum(one.kind == "ack" for one in await stage.mails()) - before

        await therapist.by_sent(therapist.click(therapist.links[MUTE]))
        assert await acks_to("two") == 0
        (word,) = await therapist.told()
        undo = links_of(await stage.in_inbox(word.message_id))["Confirmations to them again"]
        await therapist.by_sent(therapist.click(undo))
        assert await acks_to("three") == 1
