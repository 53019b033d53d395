"""A message arrives: facts, setting, history and now in; one decision out."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from gateway.core import addresses
from gateway.core.decide.ack import ack_for, asks_to_stop, why_no_ack, without_acks
from gateway.core.decide.case import Case, examine
from gateway.core.decide.decision import Decision, Setting
from gateway.core.effects import Alert, Effect
from gateway.core.events import Level, Origin, Received, Ref
from gateway.core.history import History
from gateway.core.message.facts import Facts
from gateway.core.message.mdn import receipt_address
from gateway.core.reasons import Reason, because


def decide(
    facts: Facts, setting: Setting, history: History, now: datetime, via: Literal["smtp", "mailbox"] = "smtp"
) -> Decision:
    """Decide what is to be done about one message. Never raises on any facts."""
    case, reasons = examine(facts, setting, history, now)
    effects: list[Effect] = []
    refused = why_no_ack(case)
    reasons.append(refused or because("ack", when=setting.policy.acknowledge.when.value))
    if refused is None:
        effects.append(ack_for(case))
    if (alert := _alert(case)) is not None:
        effects.append(alert)
        reasons.append(because("alert", level=case.assessment.level.value))
    ref = Ref(setting.mailbox, facts.key)
    received = _received(case, tuple(reasons), via)
    # Our token in it shows that the ack came to who asks; a From alone shows nothing.
    proven = case.verified or history.refers_to_ours
    stopped = without_acks(case) if asks_to_stop(facts) and proven and case.known else None
    fields = _fields(case, refused)
    return Decision(ref, received, tuple(effects), fields, case.assessment, case.promised, case.usage, stopped)


def _alert(case: Case) -> Alert | None:
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


def _is_news(case: Case) -> bool:
    """Some programs give every message one Message-ID: other bytes that are more urgent must not go under."""
    story = case.history.story
    if story is None or story.received is None:
        return story is None
    told = story.received
    return told.digest != case.facts.digest and told.level.rank < case.assessment.level.rank


def _fields(case: Case, refused: Reason | None) -> tuple[tuple[str, str], ...]:
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


def _urgency_in_words(case: Case) -> str:
    reasons = "; ".join(str(reason) for reason in case.assessment.reasons)
    level = case.assessment.level.value
    return f"{level}; {reasons}" if reasons else level


def _received(case: Case, reasons: tuple[Reason, ...], via: Literal["smtp", "mailbox"]) -> Received:
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
        recipient=case.written_to,
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
