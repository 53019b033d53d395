"""A message arrives: facts, setting, history and now in; one decision out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Literal

from gateway.core import addresses
from gateway.core.decide.ack import ack_for, asks_to_stop, why_no_ack, without_acks
from gateway.core.decide.alert import alerts_for
from gateway.core.decide.case import Case, examine
from gateway.core.decide.change import notice_of
from gateway.core.decide.command import not_proven, order_in
from gateway.core.decide.decision import Decision, Order, Setting
from gateway.core.decide.observation import nudge_of
from gateway.core.decide.presence import is_command, is_control, note_from
from gateway.core.decide.withdrawal import withdrawal_for
from gateway.core.effects import Effect, Withdrawal
from gateway.core.events import Expect, Level, Origin, Received, Ref
from gateway.core.history import History
from gateway.core.message.facts import Facts
from gateway.core.message.request import receipt_address
from gateway.core.policy.promise import Promised
from gateway.core.policy.schema import AckWhen, Policy
from gateway.core.reasons import Reason, because


def decide(
    facts: Facts, setting: Setting, history: History, now: datetime, via: Literal["smtp", "mailbox"] = "smtp"
) -> Decision:
    """Decide what is to be done about one message. Never raises on any facts."""
    case, reasons = examine(facts, setting, history, now)
    effects: list[Effect] = []
    if is_control(facts.envelope.recipients, setting):
        proven = case.verified and addresses.same(facts.author.address, setting.address)
        order = order_in(facts, setting, now)
        if proven and (order is not None or is_command(facts, setting)):
            return _by_therapist(case, reasons, via, order)
        reasons.append(because("control-not-proven"))
        effects += [not_proven(setting, order, now)] if order is not None else []
    if (taking := withdrawal_for(case)) is not None:
        return _by_withdrawal(case, reasons, via, taking)
    refused = why_no_ack(case)
    reasons.append(refused or because("ack", when=_when(setting.policy)))
    if refused is None:
        ack = ack_for(case)
        effects.append(ack)
        reasons += [because("ack-welcome")] if ack.welcome else []
        effects += _change_to_come(case) if ack.welcome else []
    for effect, why in (*alerts_for(case), *_nudges(case)):
        effects.append(effect)
        reasons.append(why)
    ref = Ref(setting.mailbox, facts.key)
    received = _received(case, tuple(reasons), via)
    # Our token in it shows that the ack came to who asks; a From alone shows nothing.
    theirs = case.verified or history.refers_to_ours
    stopped = without_acks(case) if asks_to_stop(facts) and theirs and case.known else None
    fields = _fields(case, refused)
    taken = _takes_request(case)
    return Decision(ref, received, tuple(effects), fields, case.assessment, case.promised, case.usage, stopped, taken)


def _takes_request(case: Case) -> bool:
    """Not from a machine's mail, which is nobody's to change; and not while the record is away: then the request is
    read when the message is found in the mailbox.
    """
    wanted = case.setting.policy.receipt.take_request and case.history.known
    return wanted and case.automation.origin is not Origin.MACHINE


def _when(policy: Policy) -> str:
    return " or ".join(when.value for when in AckWhen if when in policy.acknowledge.when)


def _by_therapist(case: Case, reasons: list[Reason], via: Literal["smtp", "mailbox"], order: Order | None) -> Decision:
    """The therapist's own command, or presence note: it causes nothing else."""
    note = note_from(case.facts, case.setting, case.now) if order is None else None
    kept = because("note-kept" if note.text else "note-taken-back") if note is not None else None
    reasons.append(kept or because("command"))
    received = replace(
        _received(case, tuple(reasons), via), expect=Expect.NONE, read_by=None, answer_by=None, answerable=False
    )
    ref, fields = Ref(case.setting.mailbox, case.facts.key), _fields(case, reasons[-1])
    nothing = Promised(None, None)
    return Decision(ref, received, (), fields, case.assessment, nothing, case.usage, note=note, order=order)


def _by_withdrawal(case: Case, reasons: list[Reason], via: Literal["smtp", "mailbox"], taking: Withdrawal) -> Decision:
    """A client takes a message back: what tells them so is all that follows, and nobody has to read this one."""
    reasons.append(because("withdraw", at=f"{taking.received:%Y-%m-%dT%H:%MZ}"))
    case = replace(case, promised=Promised(None, None), category="")
    received = replace(
        _received(case, tuple(reasons), via),
        request="withdraw",
        expect=Expect.NONE,
        answerable=False,
        level=Level.ROUTINE,
        receipt_to="",
    )
    ref, fields = Ref(case.setting.mailbox, case.facts.key), _fields(case, reasons[-1])
    return Decision(ref, received, (taking,), fields, case.assessment, case.promised, case.usage)


def _nudges(case: Case) -> list[tuple[Effect, Reason]]:
    """The reminder of a promise; one that an earlier message of this client has already is enough."""
    setting, by, standing = case.setting, case.promised.answer_by, case.history.promised
    known = case.history.known and case.history.story is None
    if by is None or not known or (standing is not None and standing <= by):
        return []
    nudge = nudge_of(Ref(setting.mailbox, case.facts.key), _received(case, (), "smtp"), setting, case.now)
    if nudge is None:
        return []
    return [(nudge, because("nudge", at=f"{nudge.due:%Y-%m-%dT%H:%MZ}"))]


def _change_to_come(case: Case) -> list[Effect]:
    """Who is new while a change is announced hears of it as well as of the rules that still hold."""
    setting, coming = case.setting, case.setting.coming
    if coming is None:
        return []
    return [notice_of(setting, case.person, case.language, coming, case.now)]


def _fields(case: Case, refused: Reason | None) -> tuple[tuple[str, str], ...]:
    level, facts = case.assessment.level, case.facts
    hits = "; ".join(f"words found: {hit.phrase} ({hit.lexicon}): {hit.sentence}" for hit in case.assessment.hits[:5])
    origin = case.automation.origin.value
    signs = ", ".join(str(reason) for reason in case.automation.reasons)
    fields = [
        ("X-Handrail-Policy", _policy_in_words(case.setting)),
        ("X-Handrail-Urgency", f"{level.value}; {hits}" if hits else _urgency_in_words(case)),
        ("X-Handrail-Origin", f"{origin}; {signs}" if signs else origin),
        ("X-Handrail-Ack", f"no; {refused}" if refused else "yes"),
        ("X-Handrail-Words", f"new={facts.new_words}; quoted={facts.quoted_words}; attached={facts.attachment_words}"),
    ]
    if case.category:
        fields.append(("X-Handrail-Category", case.category))
    if case.promised.answer_by:
        fields.append(("X-Handrail-Answer-By", f"{case.promised.answer_by:%Y-%m-%dT%H:%M:%SZ}"))
    return tuple(fields)


def _policy_in_words(setting: Setting) -> str:
    return f"{setting.policy_name}; version {setting.version}" if setting.version else setting.policy_name


def _urgency_in_words(case: Case) -> str:
    reasons = "; ".join(str(reason) for reason in case.assessment.reasons)
    level = case.assessment.level.value
    return f"{level}; {reasons}" if reasons else level


def _why_not_asked(facts: Facts) -> Reason:
    """Why a request for a receipt counts as none."""
    if facts.receipt_requires:
        return because("receipt-option-required")
    return because("receipt-no-reverse-path" if facts.envelope.assumed else "receipt-wrong-address")


def _received(case: Case, reasons: tuple[Reason, ...], via: Literal["smtp", "mailbox"]) -> Received:
    facts, setting = case.facts, case.setting
    asked = receipt_address(facts)
    if asked and not addresses.same(asked, case.person):
        asked = None  # signed by its author, but sent on by somebody else, who wants to hear of it
    if facts.receipt_to and not asked:
        reasons = (*reasons, _why_not_asked(facts))
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
        subject=facts.subject if setting.policy.record.subject else "",
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
        category=case.category,
        policy=setting.policy_name,
        read_by=case.promised.read_by,
        answer_by=case.promised.answer_by,
        reasons=reasons,
        version=setting.version,
        expect=case.expect,
        original_recipient=facts.original_recipient,
    )
