"""A small practice in plain values: settings, and in-memory objects that satisfy the ports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway.admin.queries import Condition, Queries, SignInStatus
from gateway.core.addresses import same
from gateway.core.billing.ledger import PolicyOf
from gateway.core.events import Level, Origin
from gateway.core.history import Note, Story
from gateway.core.policy.client import Client
from gateway.core.policy.schema import Policy
from gateway.core.urgency.lexicon import Lexicon
from gateway.ports import Pending, Unavailable
from gateway.settings.schema import Gateway, RouteRule, Settings
from tests.unit.core.billing.lives import MONDAY

SOUND_POLICY: dict[str, Any] = {
    "summary": "I answer each morning.",
    "hours": {"reading": "07:00-09:00", "days": "mon-fri"},
    "answer": {"promise": "next-reading-time"},
}
SCHEDULING = Lexicon(
    name="appointments", language="en", category="scheduling", source="own", licence="CC0-1.0", phrases=("appointment",)
)
URGENT = Lexicon(
    name="urgent", language="en", level=Level.URGENT, source="own", licence="CC0-1.0", phrases=("can't wait",)
)


def settings(
    policies: Mapping[str, dict[str, Any]] | None = None,
    mailbox: Mapping[str, Any] | None = None,
    routes: tuple[RouteRule, ...] = (),
    **house: Any,
) -> Settings:
    """Hope Street Practice, about which nothing is to be found; what is given replaces what it has."""
    ana = {
        "address": "ana@hopestreet.example",
        "deliver": "lmtp://127.0.0.1:24",
        "watch": "imaps://ana@mail.hopestreet.example",
        "password": {"env": "ANA_PASSWORD"},
        "policy": "mornings-billed",
        "alert": "ana@phone.example",
    }
    usual = {
        "practice": {
            "name": "Hope Street Practice",
            "timezone": "Australia/Sydney",
            "phone": "02 5550 1234",
            "region": "AU-NSW",
        },
        "smarthost": {
            "url": "smtp+starttls://gateway@mail.hopestreet.example:587",
            "password": {"env": "SMARTHOST_PASSWORD"},
        },
        "mailboxes": {"ana": ana | dict(mailbox or {})},
    }
    written = {"mornings-billed": SOUND_POLICY} if policies is None else policies
    return Settings(
        folder=Path("config"),
        gateway=Gateway.model_validate(usual | house),
        routes=routes,
        policies={name: Policy.model_validate(knobs) for name, knobs in written.items()},
        lexicons=(SCHEDULING, URGENT),
    )


@dataclass
class Memory:
    """Stories, outbox desk, roster, notes and alerts of a practice; `down` makes each of them Unavailable."""

    kept: list[Story] = field(default_factory=list)
    effects: list[Pending] = field(default_factory=list)
    roster: dict[tuple[str, str], Client] = field(default_factory=dict)
    notes: dict[str, Note] = field(default_factory=dict)
    troubles: dict[str, str] = field(default_factory=dict)
    down: bool = False

    def _answer(self) -> None:
        if self.down:
            raise Unavailable("the database does not answer")

    async def stories(self, mailbox: str | None, since: datetime | None, until: datetime | None) -> tuple[Story, ...]:
        self._answer()
        return tuple(
            story
            for story in sorted(self.kept, key=lambda story: story.events[0].at)
            if (mailbox is None or story.ref.mailbox == mailbox)
            and (since is None or story.events[0].at >= since)
            and (until is None or story.events[0].at < until)
        )

    async def waiting(self, mailbox: str, author: str) -> tuple[Story, ...]:
        found = await self.stories(mailbox, None, None)
        return tuple(
            story for story in found if story.received and same(story.received.author, author) and not story.answered
        )

    async def open(self, mailbox: str, since: datetime) -> tuple[Story, ...]:
        found = await self.stories(mailbox, since, None)
        written = (story for story in found if story.received and story.received.origin is not Origin.MACHINE)
        return tuple(story for story in written if not story.answered)

    async def note(self, mailbox: str) -> Note | None:
        self._answer()
        return self.notes.get(mailbox)

    async def keep_note(self, mailbox: str, note: Note | None) -> None:
        self._answer()
        self.notes.pop(mailbox, None)
        self.notes |= {mailbox: note} if note else {}

    async def pending(self) -> tuple[Pending, ...]:
        self._answer()
        return tuple(self.effects)

    async def retry(self, number: int) -> bool:
        self._answer()
        found = [effect for effect in self.effects if effect.id == number]
        self.effects = [replace(one, state="pending") if one.id == number else one for one in self.effects]
        return bool(found)

    async def drop(self, number: int) -> bool:
        self._answer()
        before = len(self.effects)
        self.effects = [effect for effect in self.effects if effect.id != number]
        return len(self.effects) < before

    async def client(self, mailbox: str, address: str) -> Client | None:
        self._answer()
        return self.roster.get((mailbox, address))

    async def clients(self, mailbox: str) -> tuple[Client, ...]:
        self._answer()
        return tuple(client for (where, _), client in sorted(self.roster.items()) if where == mailbox)

    async def save(self, mailbox: str, client: Client) -> None:
        self._answer()
        self.roster[mailbox, client.address] = client

    async def save_all(self, mailbox: str, several: Sequence[Client]) -> None:
        for client in several:
            await self.save(mailbox, client)

    async def forget(self, mailbox: str, address: str) -> bool:
        self._answer()
        return self.roster.pop((mailbox, address), None) is not None

    def tell(self, code: str, **ids: str) -> None:
        self.troubles[code] = " ".join([code, *ids.values()])

    def standing(self) -> Mapping[str, str]:
        return self.troubles

    def clear(self, code: str, **ids: str) -> None:
        self.troubles.pop(code, None)


@dataclass(frozen=True)
class Watch:
    """How a watch is doing."""

    state: str = "idle"
    since: datetime | None = MONDAY
    tags: str = "keyword"
    looked: datetime | None = MONDAY
    why: str = ""


def pending(number: int, state: str = "pending") -> Pending:
    return Pending(number, "ack", "ana", state, attempts=1, due=MONDAY, error="451 4.4.1")


def queries(
    memory: Memory,
    given: Settings | None = None,
    watches: Mapping[str, Condition] | None = None,
    policy_of: PolicyOf | None = None,
    sign_ins: tuple[SignInStatus, ...] = (),
) -> Queries:
    """Asks this memory; every version of a policy is as its file says, unless `policy_of` knows better."""
    known = given or settings()

    async def signed() -> tuple[SignInStatus, ...]:
        return sign_ins

    return Queries(
        settings=lambda: known,
        stories=memory,
        desk=memory,
        roster=memory,
        notes=memory,
        alerts=memory,
        watches=lambda: watches,
        policy_of=policy_of or (lambda name, _: known.policies.get(name)),
        version="0.1.0",
        sign_ins=signed,
    )
