"""A message arrives: facts, setting, history and now in; one decision out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from gateway.core import addresses
from gateway.core.decide.decision import Decision, Setting
from gateway.core.effects import Ack, Alert, Effect
from gateway.core.events import Level, Origin, Received, Ref
from gateway.core.history import History
from gateway.core.message.authenticity import verify
from gateway.core.message.facts import Automation, Facts
from gateway.core.message.mdn import receipt_address
from gateway.core.policy.allowance import Usage, usage
from gateway.core.policy.calendar import within_hours
from gateway.core.policy.promise import Promised, promised
from gateway.core.policy.schema import AckWhen, Client, in_units
from gateway.core.reasons import Reason, because
from gateway.core.urgency.assess import Assessment

#: What a client writes, and nothing else, to get no more acks.
STOP = frozenset({"STOP", "STOPP"})
#: Nothing older is acked, whatever brought it: an import or an outage must not wake old mail.
OLDEST_TO_ACK = timedelta(days=1)
#: Acks in one thread between two answers, and to one person a day; two robots can't keep each other awake.
ACKS_IN_THREAD = 2
ACKS_TO_PERSON_DAY = 20
#: Acks of one practice in an hour: beyond it something is wrong, and silence is the smaller harm.
ACKS_IN_ALL_HOUR = 200
#: An address in `References` beyond this many adds nothing to threading (RFC 5322 3.6.4 sets no bound).
REFERENCES = 20


@dataclass(frozen=True, slots=True)
class _Case:
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


def decide(
    facts: Facts, setting: Setting, history: History, now: datetime, via: Literal["smtp", "mailbox"] = "smtp"
) -> Decision:
    """Decide what is to be done about one message. Never raises on any facts."""
    case, reasons = _examine(facts, setting, history, now)
    effects: list[Effect] = []
    refused = _why_no_ack(case)
    reasons.append(refused or because("ack", when=setting.policy.acknowledge.when.value))
    if refused is None:
        effects.append(_ack(case))
    if (alert := _alert(case)) is not None:
        effects.append(alert)
        reasons.append(because("alert", level=case.assessment.level.value))
    ref = Ref(setting.mailbox, facts.key)
    received = _received(case, tuple(reasons), via)
    # Our token in it shows that the ack came to who asks; a From alone shows nothing.
    proven = case.verified or history.refers_to_ours
    stopped = _without_acks(case) if asks_to_stop(facts) and proven and case.known else None
    fields = _fields(case, refused)
    return Decision(ref, received, tuple(effects), fields, case.assessment, case.promised, case.usage, stopped)


def _examine(facts: Facts, setting: Setting, history: History, now: datetime) -> tuple[_Case, list[Reason]]:
    client, policy = setting.client, setting.policy
    verified, how = verify(facts, setting.authserv)
    automation = _automation(facts, setting)
    assessment = setting.matcher.assess(
        facts,
        agreed_word=client.urgent_word if client else "",
        trust_all=policy.urgency.trust_all or bool(client and client.trusted),
    )
    nobody = automation.origin is Origin.MACHINE and client is None
    due = Promised(None, None) if nobody else promised(policy, setting.zone, now)
    used = usage(policy.allowance, setting.zone, history.messages, now)
    reasons = [because("policy", policy=setting.policy_name), *automation.reasons, how, *assessment.reasons]
    if due.answer_by:
        reasons.append(because("promise", what="an answer", by=f"{due.answer_by:%Y-%m-%dT%H:%MZ}"))
    else:
        reasons.append(because("no-promise"))
    return _Case(facts, setting, history, now, automation, verified, assessment, due, used), reasons


def _automation(facts: Facts, setting: Setting) -> Automation:
    client = setting.client
    if client is None or not client.always_person or not facts.envelope.reverse_path:
        return facts.automation
    return Automation(Origin.PERSON, True, (because("always-a-person"),))


def _why_no_ack(case: _Case) -> Reason | None:
    """The first reason against an ack; the order is from what harms most."""
    return _unsafe(case) or _unanswerable(case) or _said_enough(case) or _policy_is_silent(case)


def _unsafe(case: _Case) -> Reason | None:
    client = case.setting.client
    if client and client.quiet:
        return because("client-quiet")
    if case.facts.answering_unsafe:
        return because("answering-unsafe")
    return None


def _unanswerable(case: _Case) -> Reason | None:
    if not case.person:
        return because("null-reverse-path")
    if addresses.key(case.person) in case.setting.own:
        return because("own-address")
    if not case.automation.answerable or case.automation.origin is not Origin.PERSON:
        return next(iter(case.automation.reasons), because("maybe-automatic", sign="unsure"))
    sent = case.facts.sent_at
    if sent is not None and case.now - sent > OLDEST_TO_ACK:
        return because("ack-too-old", age=in_units(OLDEST_TO_ACK))
    return None


def _said_enough(case: _Case) -> Reason | None:
    """Loops stop without header fields: our own memory decides."""
    history = case.history
    if not history.known:
        return because("history-unknown")
    if history.story is not None:
        return because("ack-said")
    if history.refers_to_ours and history.acks_after_ours >= 1:
        return because("ack-refers-to-ours")
    if history.acks_in_thread >= ACKS_IN_THREAD:
        return because("ack-thread-cap", count=history.acks_in_thread)
    if history.acks_to_person_day >= ACKS_TO_PERSON_DAY:
        return because("ack-person-cap", count=history.acks_to_person_day)
    if history.acks_in_all_hour >= ACKS_IN_ALL_HOUR:
        return because("ack-practice-cap", count=history.acks_in_all_hour)
    return None


def _policy_is_silent(case: _Case) -> Reason | None:
    rule, level, history = case.setting.policy.acknowledge, case.shown, case.history
    client = case.setting.client
    if asks_to_stop(case.facts):
        return because("client-stops-acks")
    if client and not client.acks:
        return because("client-no-acks")
    if rule.when is AckWhen.NEVER:
        return because("ack-off")
    rises = level.rank >= Level.URGENT.rank and level.rank > history.last_ack_level.rank
    if rises:
        return None
    if rule.when is AckWhen.IF_URGENT and level.rank < Level.URGENT.rank:
        return because("ack-urgent-only")
    if rule.when is AckWhen.FIRST and history.acks_in_thread:
        return because("ack-first-only")
    if rule.when is AckWhen.OUTSIDE_HOURS and within_hours(case.setting.policy.hours, case.setting.zone, case.now):
        return because("ack-outside-hours-only")
    if history.last_ack_at is not None and case.now - history.last_ack_at < rule.at_most_every:
        return because("ack-too-soon", interval=in_units(rule.at_most_every))
    return None


def _ack(case: _Case) -> Ack:
    facts, setting = case.facts, case.setting
    return Ack(
        ref=Ref(setting.mailbox, facts.key),
        due=case.now,
        to=case.person,
        sender=_written_to(case),
        in_reply_to=facts.message_id,
        references=thread_of(facts),
        subject=facts.subject,
        language=case.language,
        policy=setting.policy_name,
        known=case.known,
        level=case.shown,
        received=case.now,
        read_by=case.promised.read_by,
        answer_by=case.promised.answer_by,
        used=case.usage.used,
        allowed=case.usage.allowed,
        per=case.usage.per,
        warn=case.usage.warn,
    )


def thread_of(facts: Facts) -> tuple[str, ...]:
    """The References of an answer to this message (RFC 5322 3.6.4), the oldest id and the newest ones kept."""
    ids = facts.references or facts.in_reply_to[:1]
    ids = (*ids, facts.message_id) if facts.message_id else ids
    return ids if len(ids) <= REFERENCES else (ids[0], *ids[-REFERENCES + 1 :])


def _written_to(case: _Case) -> str:
    """The own address that the message was written to; a route may cover more than the mailbox's own."""
    return next(iter(case.facts.envelope.recipients), "") or case.setting.address


def _alert(case: _Case) -> Alert | None:
    policy, level, setting = case.setting.policy, case.assessment.level, case.setting
    threshold = policy.urgency.alert
    if threshold == "never" or level.rank < Level(threshold).rank or not case.history.known:
        return None
    if case.automation.origin is Origin.MACHINE and setting.client is None:
        return None
    own = addresses.key(case.facts.author.address) in setting.own
    if own or not _is_news(case):
        return None
    return Alert(
        ref=Ref(setting.mailbox, case.facts.key),
        due=case.now,
        to=setting.alert_to,
        sender=setting.address,
        language=setting.language,
        policy=setting.policy_name,
        level=level,
        received=case.now,
        author=case.facts.author.address or case.facts.envelope.reverse_path,
        again=case.facts.digest[:16] if case.history.story else "",
    )


def _is_news(case: _Case) -> bool:
    """Some programs give every message one Message-ID: other bytes that are more urgent must not go under."""
    story = case.history.story
    if story is None or story.received is None:
        return story is None
    told = story.received
    return told.digest != case.facts.digest and told.level.rank < case.assessment.level.rank


def asks_to_stop(facts: Facts) -> bool:
    """Whether all that the message says is that no more acks are wanted."""
    return facts.new_text.strip(" .!\t\r\n").upper() in STOP


def _without_acks(case: _Case) -> Client:
    client = case.setting.client or Client(address=case.person)
    return client.model_copy(update={"acks": False})


def _fields(case: _Case, refused: Reason | None) -> tuple[tuple[str, str], ...]:
    level, facts = case.assessment.level, case.facts
    hits = "; ".join(f"words found: {hit.phrase} ({hit.lexicon}): {hit.sentence}" for hit in case.assessment.hits[:5])
    origin = case.automation.origin.value
    signs = ", ".join(str(reason) for reason in case.automation.reasons)
    fields = [
        ("X-Handrail-Policy", case.setting.policy_name),
        ("X-Handrail-Urgency", f"{level.value}; {hits}" if hits else _urgency_in_words(case)),
        ("X-Handrail-Origin", f"{origin}; {signs}" if signs else origin),
        ("X-Handrail-Ack", f"no; {refused}" if refused else "yes"),
        ("X-Handrail-Words", f"new={facts.new_words}; quoted={facts.quoted_words}; attached={facts.attachment_words}"),
    ]
    if case.assessment.category:
        fields.append(("X-Handrail-Category", case.assessment.category))
    if case.promised.answer_by:
        fields.append(("X-Handrail-Answer-By", f"{case.promised.answer_by:%Y-%m-%dT%H:%M:%SZ}"))
    return tuple(fields)


def _urgency_in_words(case: _Case) -> str:
    reasons = "; ".join(str(reason) for reason in case.assessment.reasons)
    level = case.assessment.level.value
    return f"{level}; {reasons}" if reasons else level


def _received(case: _Case, reasons: tuple[Reason, ...], via: Literal["smtp", "mailbox"]) -> Received:
    facts, setting = case.facts, case.setting
    asked = receipt_address(facts)
    if asked and not addresses.same(asked, case.person):
        asked = None  # signed by its author, but sent on by somebody else, who wants to hear of it
    if facts.receipt_to and not asked:
        reasons = (*reasons, because("receipt-wrong-address"))
    unsafe = because("answering-unsafe") if facts.answering_unsafe else None
    if unsafe and unsafe not in reasons:
        reasons = (*reasons, unsafe)
    return Received(
        at=case.now,
        via=via,
        digest=facts.digest,
        message_id=facts.message_id,
        thread=facts.thread,
        reverse_path=facts.envelope.reverse_path,
        author=facts.author.address or facts.envelope.reverse_path,
        author_name=facts.author.name,
        author_verified=case.verified,
        recipient=_written_to(case),
        subject=facts.subject,
        receipt_to=asked or "",
        important=facts.important,
        sent_at=facts.sent_at,
        language=case.language,
        new_words=facts.new_words,
        quoted_words=facts.quoted_words,
        attachment_words=facts.attachment_words,
        origin=case.automation.origin,
        answerable=case.automation.answerable,
        level=case.assessment.level,
        category=case.assessment.category,
        policy=setting.policy_name,
        read_by=case.promised.read_by,
        answer_by=case.promised.answer_by,
        reasons=reasons,
    )
