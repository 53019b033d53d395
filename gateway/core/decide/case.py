"""One message as every step of its decision sees it: facts, setting and history, and what was found out about them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from gateway.core import addresses
from gateway.core.billing.charge import category_of, cost_ahead
from gateway.core.decide.decision import Setting
from gateway.core.decide.expectation import expected
from gateway.core.events import Expect, Level, Origin
from gateway.core.history import CRISIS, History
from gateway.core.message.authenticity import verify
from gateway.core.message.facts import Automation, Facts
from gateway.core.policy.allowance import Usage, usage
from gateway.core.policy.calendar import Absence, Session, absence_at
from gateway.core.policy.client import Client
from gateway.core.policy.promise import Promised, promised
from gateway.core.policy.schema import Policy
from gateway.core.policy.sessions import last_session, next_session
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
    #: Whether our words may tell of a relation: a forged From must not learn one.
    known: bool
    assessment: Assessment
    #: The urgency that our answer may show: to a stranger, not what a client's entry made of it.
    shown: Level
    category: str
    expect: Expect
    promised: Promised
    usage: Usage
    cost: Literal["", "may", "will"]
    #: The client's next session, where one is known; never of somebody who may not be them.
    session: Session | None
    #: The absence that it came in, where mail is not read meanwhile.
    absence: Absence | None
    #: Why it is not from whom it claims to be; None where nothing shows that.
    forged: Reason | None = None

    @property
    def person(self) -> str:
        """Whom we may write to: the verified author, else the reverse-path."""
        return self.facts.author.address if self.verified else self.facts.envelope.reverse_path

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
    return client.model_copy(update=_NOTHING_TOLD)


_TOLD = ("policy", "language", "country", "timezone", "acks", "messages", "exempt", "sessions", "calendar_name")
_NOTHING_TOLD = {name: Client.model_fields[name].default for name in _TOLD}


def examine(facts: Facts, setting: Setting, history: History, now: datetime) -> tuple[Case, list[Reason]]:
    """What is known of the message, and why. Never raises on any facts."""
    client, policy, calendar = setting.client, setting.policy, setting.calendar
    verified, how = verify(facts, setting.authserv)
    known = _known(facts, setting, verified)
    automation = _automation(facts, setting, known)
    assessment = setting.matcher.assess(
        facts,
        agreed_word=client.urgent_word if client else "",
        trust_all=policy.urgency.trust_all or bool(client and client.trusted),
        words=policy.urgency.words,
    )
    category = _category(facts, assessment, policy)
    shown = assessment if known or client is None else _by_stranger(facts, setting)
    expect, expecting = _expected(facts, setting, shown)
    session = next_session(client, calendar, now) if known else None
    last = last_session(client, calendar, now) if known else None
    words = facts.new_words + facts.attachment_words
    costly = CRISIS if assessment.level is Level.CRISIS else category
    case = Case(
        facts=facts,
        setting=setting,
        history=history,
        now=now,
        automation=automation,
        verified=verified,
        known=known,
        assessment=assessment,
        shown=shown.level,
        category=category,
        expect=expect,
        promised=promised(policy, calendar, now, session),
        usage=usage(policy, client, calendar, history.earlier, words, now, last),
        cost=cost_ahead(words, history.earlier, policy.billing, client, calendar, costly, now),
        session=session,
        absence=absence_at(calendar, now) if policy.hours.vacations == "closed" else None,
        forged=how if how.code == "forged-author" else None,
    )
    case, promising = _with_promise(case)
    reasons = [because("policy", policy=setting.policy_name), *automation.reasons, how, *assessment.reasons]
    return case, [*reasons, *_circumstances(case), expecting, *promising]


def _known(facts: Facts, setting: Setting, verified: bool) -> bool:
    client = setting.client
    return verified or (client is not None and addresses.same(client.address, facts.envelope.reverse_path))


def _by_stranger(facts: Facts, setting: Setting) -> Assessment:
    """The urgency that it would have had from anybody."""
    rule = setting.policy.urgency
    return setting.matcher.assess(facts, trust_all=rule.trust_all, words=rule.words)


def _expected(facts: Facts, setting: Setting, shown: Assessment) -> tuple[Expect, Reason]:
    """What our answer may tell its writer to expect: that, too, must not tell of a client's entry."""
    if _is_ours(facts, setting):
        return Expect.NONE, because("own-address")
    policy = setting.policy
    return expected(policy.answer, facts, shown.level, _category(facts, shown, policy))


def _is_ours(facts: Facts, setting: Setting) -> bool:
    return addresses.key(facts.author.address) in setting.own


def _category(facts: Facts, assessment: Assessment, policy: Policy) -> str:
    """Nothing urgent is a mere touchpoint."""
    if assessment.level.rank >= Level.MENTION.rank:
        return assessment.category
    return category_of(assessment.category, facts.new_words, policy.billing)


def _with_promise(case: Case) -> tuple[Case, list[Reason]]:
    """The promise as it holds for this message: none by a machine, and an earlier one that is open goes before it."""
    due = case.promised
    if case.automation.origin is Origin.MACHINE:
        # An absence note changes no promise, whoever's it is.
        return replace(case, promised=Promised(None, None)), [because("no-promise-to-machines")]
    if _is_ours(case.facts, case.setting):
        # What the practice writes to itself, such as a note to the control address, waits for no answer.
        return replace(case, promised=Promised(None, None)), []
    reading = [because("read-by", by=_stamp(due.read_by))] if due.read_by else []
    if case.expect is not Expect.ANSWER or due.answer_by is None:
        return replace(case, promised=Promised(due.read_by, None)), [*reading, because("no-promise")]
    standing = case.history.promised
    if standing is not None and case.now < standing < due.answer_by:
        reading.append(because("promise-stands"))
        due = Promised(due.read_by, standing)
    answer_by = due.answer_by or case.now
    return replace(case, promised=due), [*reading, because("promise", what="an answer", by=_stamp(answer_by))]


def _circumstances(case: Case) -> list[Reason]:
    found = [because("category", category=case.category)] if case.category else []
    if case.absence is not None:
        found.append(because("away", until=case.absence.last))
    if case.session is not None:
        found.append(because("session", at=_stamp(case.session.start)))
    usage = case.usage
    if usage.allowed is not None:
        found.append(because("allowance", used=usage.used, allowed=usage.allowed, unit="messages", per=usage.per))
    if usage.minutes_allowed is not None:
        used, allowed = usage.minutes_used, usage.minutes_allowed
        found.append(because("allowance", used=used, allowed=allowed, unit="minutes", per=usage.per))
    return [*found, because("cost", cost=case.cost)] if case.cost else found


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%MZ}"


def _automation(facts: Facts, setting: Setting, known: bool) -> Automation:
    client, found = setting.client, facts.automation
    if client is None or not client.always_person or not facts.envelope.reverse_path:
        return found
    always = because("always-a-person")
    if known:
        return Automation(Origin.PERSON, True, (always,))
    # Whether there is an ack must not tell whoever forges a From of the entry.
    return Automation(Origin.PERSON, found.answerable and found.origin is Origin.PERSON, (*found.reasons, always))
