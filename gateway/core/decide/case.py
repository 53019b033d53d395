"""One message as every step of its decision sees it: facts, setting and history, and what was found out about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.core import addresses
from gateway.core.decide.decision import Setting
from gateway.core.events import Level, Origin
from gateway.core.history import History
from gateway.core.message.authenticity import verify
from gateway.core.message.facts import Automation, Facts
from gateway.core.policy.allowance import Usage, usage
from gateway.core.policy.client import Client
from gateway.core.policy.promise import Promised, promised
from gateway.core.reasons import Reason, because
from gateway.core.urgency.assess import Assessment


@dataclass(frozen=True, slots=True)
class Case:
    """All that the steps of one decision have in common."""

    facts: Facts
    setting: Setting
    history: History
    now: datetime
    automation: Automation
    verified: bool
    assessment: Assessment
    promised: Promised
    usage: Usage

    @property
    def person(self) -> str:
        """Whom we may write to: the verified author, else the reverse-path."""
        return self.facts.author.address if self.verified else self.facts.envelope.reverse_path

    @property
    def known(self) -> bool:
        """Whether our words may tell of a relation: a forged From must not learn one."""
        client = self.setting.client
        return self.verified or (client is not None and addresses.same(client.address, self.person))

    @property
    def shown(self) -> Level:
        """The urgency that our answer may show: to a stranger, not what a client's entry made of it."""
        if self.known or self.setting.client is None:
            return self.assessment.level
        return self.setting.matcher.assess(self.facts, trust_all=self.setting.policy.urgency.trust_all).level

    @property
    def language(self) -> str:
        """The client's own, else the message's, else the practice's."""
        client = self.setting.client
        return (client.language if client else "") or self.facts.language or self.setting.language

    @property
    def written_to(self) -> str:
        """The own address that the message was written to; a route may cover more than the mailbox's own."""
        return next(iter(self.facts.envelope.recipients), "") or self.setting.address


def person_of(facts: Facts, authserv: str) -> str:
    """Whom an ack would go to: history and roster are looked up by it."""
    verified, _ = verify(facts, authserv)
    return facts.author.address if verified else facts.envelope.reverse_path


def claimed(client: Client | None, person: str) -> Client | None:
    """What a client's entry may decide where we write to `person`: all of it to the client, little to anybody else.

    Whoever forges a From must not tell by language, promise or silence that the address is a client's. What protects
    the client (`quiet`) and what the therapist sees (urgency) holds all the same.
    """
    if client is None or addresses.same(client.address, person):
        return client
    return client.model_copy(update={"policy": "", "language": "", "acks": True})


def examine(facts: Facts, setting: Setting, history: History, now: datetime) -> tuple[Case, list[Reason]]:
    """All that the decision asks of facts, setting and history, and the reasons found on the way."""
    client, policy = setting.client, setting.policy
    verified, how = verify(facts, setting.authserv)
    automation = _automation(facts, setting)
    assessment = setting.matcher.assess(
        facts,
        agreed_word=client.urgent_word if client else "",
        trust_all=policy.urgency.trust_all or bool(client and client.trusted),
    )
    # An absence note changes no promise, whoever's it is.
    nobody = automation.origin is Origin.MACHINE
    due = Promised(None, None) if nobody else promised(policy, setting.zone, now)
    used = usage(policy.allowance, setting.zone, history.messages, now)
    reasons = [because("policy", policy=setting.policy_name), *automation.reasons, how, *assessment.reasons]
    if due.answer_by:
        reasons.append(because("promise", what="an answer", by=f"{due.answer_by:%Y-%m-%dT%H:%MZ}"))
    else:
        reasons.append(because("no-promise"))
    return Case(facts, setting, history, now, automation, verified, assessment, due, used), reasons


def _automation(facts: Facts, setting: Setting) -> Automation:
    client = setting.client
    if client is None or not client.always_person or not facts.envelope.reverse_path:
        return facts.automation
    return Automation(Origin.PERSON, True, (because("always-a-person"),))
