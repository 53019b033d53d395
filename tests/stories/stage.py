"""What a story is played on: the pure core, or a running gateway on real servers. Both do the same few things, and show
the same of what came of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from gateway.core import history
from gateway.core.policy.client import Client
from gateway.core.policy.schema import Policy
from tests.stories.telling import Kind, Story

#: What a story's practice has beside what the story says.
PRACTICE, PHONE, THERAPIST = "Hope Street Practice", "+49 30 5550 120", "Ana"


@dataclass(frozen=True)
class Cast:
    """Who has which address. A stage that many stories share gives each its own, by `suffix`."""

    story: Story
    suffix: str = ""

    @property
    def therapist(self) -> str:
        return f"ana{self.suffix}@hopestreet.example"

    @property
    def control(self) -> str:
        """Where the therapist sends presence notes."""
        return f"ana{self.suffix}+note@hopestreet.example"

    def address(self, name: str) -> str:
        """A person's; covers work where the therapist does."""
        covers = name in {cover.name for cover in self.story.covers}
        return f"{name.lower()}{self.suffix}@{'hopestreet' if covers else 'client'}.example"

    @property
    def names(self) -> Mapping[str, str]:
        """Of everybody, by address."""
        return {self.therapist: THERAPIST, **{self.address(name): name for name in self.story.people}}

    @property
    def roster(self) -> tuple[Client, ...]:
        """The clients with their addresses."""
        return tuple(one.model_copy(update={"address": self.address(one.name)}) for one in self.story.clients)


@dataclass(frozen=True)
class Mail:
    """One mail of the gateway. `to` is a person's name; `text` is the part in plain text."""

    kind: Kind
    to: str
    subject: str
    text: str
    message_id: str


class Stage(Protocol):
    """Played on by one story at a time."""

    cast: Cast

    @property
    def now(self) -> datetime:
        """The story's time."""
        ...

    async def pass_to(self, at: datetime) -> None:
        """Let time pass; what falls due meanwhile happens at its own time."""
        ...

    async def deliver(self, reverse_path: str, content: bytes) -> None:
        """A mail server hands over a message to the therapist; it must be taken, and lie in the mailbox."""
        ...

    async def set_seen(self, message_id: str, *, seen: bool) -> None:
        """The therapist opens a message, or marks it unread."""
        ...

    async def delete(self, message_id: str) -> None:
        """The therapist deletes a message from the inbox."""
        ...

    async def put_into_sent(self, content: bytes) -> None:
        """The therapist's mail program has sent something."""
        ...

    async def change_policy(self, changes: str) -> None:
        """The policy's file says something else beside its preset from here on."""
        ...

    async def mails(self) -> Sequence[Mail]:
        """All that the gateway has sent and every draft that it has put, in order."""
        ...

    async def tags(self, message_id: str) -> frozenset[str]:
        """Which of `urgent` and `scheduling` a message in the mailbox bears."""
        ...

    async def folder_of(self, message_id: str) -> str:
        """Which of `INBOX` and `Withdrawn` a message lies in; empty for neither."""
        ...

    async def stories(self) -> Sequence[history.Story]:
        """What is on record, oldest message first."""
        ...

    def policy_of(self, name: str, version: int) -> Policy:
        """A version of a policy."""
        ...


def policy_file(preset: str, changes: str) -> str:
    """The practice's own file of the preset's name."""
    return f"extends: {preset}\n{changes}\n"


def mail_of(sender: str, to: str, subject: str, text: str, at: datetime, zone: ZoneInfo) -> EmailMessage:
    """A person's mail, its Message-ID and other fields still to be set."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"] = format_datetime(at.astimezone(zone))
    message.set_content(text)
    return message
