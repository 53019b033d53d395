"""The therapist's commands, carried out: a token is read, spent, and what it brings about stored with it, once.

In go orders whose sender is proven (`arrival` and `observation` see to that); what became of each is told to the
therapist alone. One that comes twice, in Sent and by SMTP, is done once and told once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog

from gateway.core.decide.command import NEWS, carry_out, not_carried_out, takes_back
from gateway.core.decide.decision import Order, Setting
from gateway.core.decide.observation import person_behind
from gateway.core.decide.tokens import Token
from gateway.core.effects import Cancel
from gateway.core.events import Ref
from gateway.core.history import Story
from gateway.core.news import Action, Fate
from gateway.core.policy.client import Client
from gateway.flow.in_force import InForce
from gateway.ports import Record, Roster, Tokens

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Commands:
    """Carries orders out."""

    tokens: Tokens
    record: Record
    roster: Roster
    in_force: InForce

    async def __call__(self, setting: Setting, order: Order, now: datetime) -> None:
        """Carry out what an order of the therapist's asks for, or tell them why not. Raises Unavailable."""
        token = self._read(setting, order.token, setting.mailbox)
        if token is None:
            await self._refuse(setting, order, self._why_none_of_ours(setting, order), None, now)
        elif token.until <= now:
            await self._refuse(setting, order, "expired", token.action, now)
        else:
            await self._spend(setting, order, token, now)

    async def _spend(self, setting: Setting, order: Order, token: Token, now: datetime) -> None:
        nothing = Ref(setting.mailbox, "")
        story = await self.record.story(Ref(setting.mailbox, token.message)) if token.message else None
        done = carry_out(setting, order, token, story, await self._client(story))
        if token.action is Action.NOTE and done.note is None:
            # Nothing to carry out is nothing spent: the same link may be used again.
            await self.record.cause(done.effects)
            return
        effects = (Cancel(ref=nothing, target=takes_back(setting, order)), *done.effects)
        ref = story.ref if story is not None and done.events else nothing
        fresh = await self.tokens.spend(
            token.id, token.until, ref, done.events, effects, client=done.client, note=done.note
        )
        if not fresh:
            await self._refuse(setting, order, "before", token.action, now)
            return
        log.info("command", mailbox=setting.mailbox, action=token.action.value, message=token.message[:12])

    async def _client(self, story: Story | None) -> Client | None:
        received = story.received if story else None
        person = person_behind(received) if received else ""
        return await self.roster.client(story.ref.mailbox, person) if story and person else None

    def _read(self, setting: Setting, token: str, mailbox: str) -> Token | None:
        return setting.signer.read(token, mailbox) if setting.signer else None

    def _why_none_of_ours(self, setting: Setting, order: Order) -> Fate:
        others = self.in_force.settings.gateway.mailboxes.keys() - {setting.mailbox}
        found = any(self._read(setting, order.token, one) for one in others)
        return "elsewhere" if found else "unknown"

    async def _refuse(self, setting: Setting, order: Order, fate: Fate, action: Action | None, now: datetime) -> None:
        """Tell it while it is news: what lies in Sent for long may be met anew."""
        log.info("command-not-carried-out", mailbox=setting.mailbox, why=fate)
        if now - order.at <= NEWS:
            await self.record.cause([not_carried_out(setting, order, fate, action, now)])
