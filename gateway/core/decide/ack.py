"""Whether a message is acked, and with what: refusals from what harms most to what the policy says (RFC 3834).

Loops stop without header fields, by what the record remembers.
"""

from __future__ import annotations

from datetime import datetime

from gateway.core import addresses
from gateway.core.decide.case import Case
from gateway.core.decide.expectation import asks
from gateway.core.effects import Ack
from gateway.core.events import Level, Origin, Ref
from gateway.core.history import Note
from gateway.core.message.facts import Facts
from gateway.core.policy.calendar import within_hours
from gateway.core.policy.client import Client
from gateway.core.policy.schema import AckWhen
from gateway.core.policy.units import in_units
from gateway.core.reasons import Reason, because

#: What a client writes, and nothing else, to get no more acks.
STOP = frozenset({"STOP", "STOPP"})
#: Acks in one thread between two answers, and to one person a day; two robots can't keep each other awake.
ACKS_IN_THREAD = 2
ACKS_TO_PERSON_DAY = 20
#: Acks of one practice in an hour: beyond it something is wrong, and silence is the smaller harm.
ACKS_IN_ALL_HOUR = 200
#: An address in `References` beyond this many adds nothing to threading (RFC 5322 3.6.4 sets no bound).
REFERENCES = 20


def why_no_ack(case: Case) -> Reason | None:
    """The first reason against an ack; the order is from what harms most."""
    return _unsafe(case) or _unanswerable(case) or _said_enough(case) or _policy_is_silent(case)


def _unsafe(case: Case) -> Reason | None:
    client = case.setting.client
    if client and client.quiet:
        return because("client-quiet")
    if case.facts.answering_unsafe:
        return because("answering-unsafe")
    return None


def _unanswerable(case: Case) -> Reason | None:
    if not case.person:
        return because("null-reverse-path")
    if addresses.key(case.person) in case.setting.own:
        return because("own-address")
    if case.forged is not None:
        return case.forged
    if not case.automation.answerable or case.automation.origin is not Origin.PERSON:
        return next(iter(case.automation.reasons), because("maybe-automatic", sign="unsure"))
    if case.now > _until(case):
        return because("ack-too-old", age=in_units(case.setting.policy.acknowledge.latest))
    return None


def _until(case: Case) -> datetime:
    """Nothing is said to it later, whatever keeps it: an import or an outage must not wake old mail."""
    written = min(case.facts.sent_at or case.now, case.now)
    return written + case.setting.policy.acknowledge.latest


def _said_enough(case: Case) -> Reason | None:
    """Loops stop without header fields: our own memory decides."""
    history = case.history
    if not history.known:
        return because("history-unknown")
    if history.story is not None:
        return because("ack-said")
    if history.answered:
        return because("ack-answered")
    if history.refers_to_ours and history.acks_after_ours >= 1:
        return because("ack-refers-to-ours")
    if history.acks_in_thread >= ACKS_IN_THREAD:
        return because("ack-thread-cap", count=history.acks_in_thread)
    if history.acks_to_person_day >= ACKS_TO_PERSON_DAY:
        return because("ack-person-cap", count=history.acks_to_person_day)
    if history.acks_in_all_hour >= ACKS_IN_ALL_HOUR:
        return because("ack-practice-cap", count=history.acks_in_all_hour)
    return None


def _policy_is_silent(case: Case) -> Reason | None:
    rule, level, history = case.setting.policy.acknowledge, case.shown, case.history
    client = case.setting.client
    if asks_to_stop(case.facts):
        return because("client-stops-acks")
    if client and not client.acks:
        return because("client-no-acks")
    if AckWhen.NEVER in rule.when:
        return because("ack-off")
    rises = level.rank >= Level.URGENT.rank and level.rank > history.last_ack_level.rank
    if rises or welcomes(case):
        return None
    if (reason := _none_of(case)) is not None:
        return reason
    if history.last_ack_at is not None and case.now - history.last_ack_at < rule.at_most_every:
        return because("ack-too-soon", interval=in_units(rule.at_most_every))
    return None


def _none_of(case: Case) -> Reason | None:
    """Why the message is none of those that the policy acks."""
    wanted = case.setting.policy.acknowledge.when
    missed = {when: reason for when in AckWhen if when in wanted and (reason := _missed(case, when)) is not None}
    if len(missed) < len(wanted):
        return None
    if len(missed) == 1:
        return next(iter(missed.values()))
    return because("ack-none-of", when=", ".join(when.value for when in missed))


def _missed(case: Case, when: AckWhen) -> Reason | None:
    """Why a message is not of one sort, None where it is."""
    setting, rule = case.setting, case.setting.policy.acknowledge
    match when:
        case AckWhen.IF_URGENT:
            return None if case.shown.rank >= Level.URGENT.rank else because("ack-urgent-only")
        case AckWhen.FIRST:
            return because("ack-first-only") if case.history.acks_in_thread else None
        case AckWhen.OUTSIDE_HOURS:
            inside = within_hours(setting.policy.hours, setting.calendar, case.now)
            return because("ack-outside-hours-only") if inside else None
        case AckWhen.ON_REQUEST:
            asked = bool(case.facts.receipt_to) or asks(rule.request, case.facts)
            return None if asked else because("ack-not-asked")
        case AckWhen.ALWAYS | AckWhen.NEVER:
            return None


def welcomes(case: Case) -> bool:
    """Whether this is the first word of a client who is to get the card with its ack."""
    return case.setting.policy.welcome.card and case.known and case.history.known and case.history.first


def ack_for(case: Case) -> Ack:
    """The ack that nothing speaks against."""
    facts, setting, usage, note = case.facts, case.setting, case.usage, _note_for(case)
    client = setting.client if case.known else None
    return Ack(
        ref=Ref(setting.mailbox, facts.key),
        due=case.now,
        to=case.person,
        sender=case.written_to,
        in_reply_to=facts.message_id,
        references=thread_of(facts),
        subject=facts.subject if setting.policy.acknowledge.subject else "",
        language=case.language,
        policy=setting.policy_name,
        version=setting.version,
        known=case.known,
        level=case.shown,
        category=case.category,
        expect=case.expect,
        received=case.now,
        read_by=case.promised.read_by,
        answer_by=case.promised.answer_by,
        used=usage.used,
        allowed=usage.allowed,
        per=usage.per,
        warn=usage.warn,
        minutes_used=usage.minutes_used,
        minutes_allowed=usage.minutes_allowed,
        welcome=welcomes(case),
        session=case.session.start if case.session and client else None,
        away_until=case.absence.last if case.absence else None,
        cover=case.absence.cover if case.absence else "",
        note=note.text if note else "",
        note_written=note.written if note else None,
        cost=case.cost,
        country=client.country if client else "",
        timezone=client.timezone if client else "",
        messages=client.messages if client else None,
        exempt=bool(client and client.exempt),
        until=_until(case),
    )


def _note_for(case: Case) -> Note | None:
    """The presence note is for clients, and not for a moment in which it could be read as an answer to a crisis."""
    note, client = case.history.note, case.setting.client
    carried = note is not None and note.expires > case.now and case.setting.policy.presence.carry
    return note if carried and client and case.known and case.shown is not Level.CRISIS else None


def thread_of(facts: Facts) -> tuple[str, ...]:
    """The References of an answer to this message (RFC 5322 3.6.4), the oldest id and the newest ones kept."""
    ids = facts.references or facts.in_reply_to[:1]
    ids = (*ids, facts.message_id) if facts.message_id else ids
    return ids if len(ids) <= REFERENCES else (ids[0], *ids[-REFERENCES + 1 :])


def asks_to_stop(facts: Facts) -> bool:
    """Whether all that the message says is that no more acks are wanted."""
    return facts.new_text.strip(" .!\t\r\n").upper() in STOP


def without_acks(case: Case) -> Client:
    """What the roster is to say of somebody who wants no more acks."""
    client = case.setting.client or Client(address=case.person)
    return client.model_copy(update={"acks": False})
