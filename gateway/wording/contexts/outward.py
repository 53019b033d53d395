"""What a client may be told: one frozen dataclass a template.

What is not in a context can't be said: nothing of a body, a subject only where the policy repeats it, and in
`NeutralAckWords` nothing of a relation. What a policy lacks is None, False or empty here, so that no text states it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gateway.core.decide.withdrawal import offers, word_for
from gateway.core.effects import Ack, Notice, Receipt, Reminder, Staying, Withdrawal
from gateway.core.events import Expect, Level
from gateway.core.policy.schema import AnswerWhen, Policy, ReceiptSend
from gateway.core.policy.sheet import Change, Passage
from gateway.settings.schema import Mailbox
from gateway.wording.contexts.moments import Moment, Teller
from gateway.wording.contexts.parts import Away, Cost, Count, PresenceNote, away, cost, counts, presence_note, repeated
from gateway.wording.premises import Premises

Expected = Literal["answer", "maybe", "none"]
_EXPECTED: dict[Expect, Expected] = {Expect.ANSWER: "answer", Expect.MAYBE: "maybe", Expect.NONE: "none"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AckWords:
    """`ack`: to somebody whom the practice knows."""

    language: str
    practice: str
    phone: str
    crisis_line: str
    #: Then phone and crisis line come before everything else.
    crisis: bool
    #: It counts as urgent already, so that nobody is asked to say so.
    urgent: bool
    #: Email is never for a crisis, which is said before anything but a crisis' own words.
    never_for_crisis: bool
    #: None: it is not repeated. Empty: there was none.
    subject: str | None
    read_by: Moment | None
    #: It is read before the client's next session, and no sooner time is sure.
    read_before_session: bool
    #: None: no time is promised for an answer.
    answer_by: Moment | None
    answer_before_session: bool
    #: An `answer` is owed; `maybe` there is one; `none` comes by email.
    expect: Expected
    #: The categories that alone are answered; empty where it does not hang on that.
    only: tuple[str, ...]
    #: The one of these that this message is of; empty where it is of none.
    about: str
    #: Words with which an answer is asked for; empty where this message has done so, or needs not.
    ask: str
    #: Only urgent messages are answered, and this one is none.
    only_urgent: bool
    #: What is not answered is taken up in the next session.
    rest: bool
    #: When that is, where it is known.
    session: Moment | None
    #: About how many words an answer has at most; None where nothing is said of that.
    brief: int | None
    #: A word that makes a message urgent; empty where there is none, or this one is urgent already.
    urgent_word: str
    #: The policy sends a receipt for every message, and the mailbox is watched, so that it can.
    receipt_follows: bool
    #: Of messages and of minutes. None: no limit, or not the time to speak of one.
    allowance: Count | None
    minutes: Count | None
    cost: Cost | None
    away: Away | None
    note: PresenceNote | None
    #: The word that takes this message back while it is unread; empty where nothing does.
    withdraw: str
    #: The policy card, with a client's very first message; else empty.
    card: tuple[Passage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NeutralAckWords:
    """`ack-neutral`: to somebody who is on no roster and not verified. A forged From must not learn a relation."""

    language: str
    address: str
    phone: str
    crisis_line: str
    crisis: bool
    read_by: Moment | None
    answer_by: Moment | None
    #: As in `AckWords`: it tells nobody of a relation, and a stranger, too, may regret what they wrote.
    withdraw: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptWords:
    """`receipt`: the message was read. The human part of an MDN and the plain receipt say the same."""

    language: str
    #: The practice's name, or the address alone for somebody whom it does not know.
    signed: str
    received: Moment
    seen: Moment
    #: Whether `seen` may be said: else only that it was read.
    exact: bool
    answer_by: Moment | None
    answer_before_session: bool
    expect: Expected
    rest: bool
    session: Moment | None
    #: It is answered, or the promised time has passed: neither a promise nor its absence can be claimed.
    overdue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalWords:
    """`withdrawal`: whether a message was taken back, as its writer asked."""

    language: str
    #: As in `ReceiptWords`.
    signed: str
    phone: str
    crisis_line: str
    #: When the message had come.
    received: Moment
    #: Why it stays: it was `seen`, there are words of a `crisis` in it, it is `gone` from the inbox, or a `policy` that
    #: has changed since; empty where it was taken back.
    staying: Staying


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeWords:
    """`notice`: the rules change, from when on, and how each answer of the card reads before and after."""

    language: str
    practice: str
    phone: str
    crisis_line: str
    since: Moment
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftWords:
    """`draft`: the beginning of the therapist's own message between two sessions, in their Drafts."""

    language: str
    practice: str
    #: Empty where nobody noted one.
    client_name: str
    session: Moment


def ack_words(effect: Ack, premises: Premises, tell: Teller, language: str, card: tuple[Passage, ...]) -> AckWords:
    """Of an ack to somebody known; `card` is said where the effect asks for it."""
    policy, crisis = premises.policy(effect), effect.level is Level.CRISIS
    messages, minutes = counts(effect, policy)
    return AckWords(
        language=language,
        practice=premises.practice.name,
        phone=premises.practice.phone,
        crisis_line=premises.crisis_line(effect.country),
        crisis=crisis,
        urgent=effect.level.rank >= Level.URGENT.rank,
        never_for_crisis=policy is not None and not policy.urgency.by_email,
        subject=repeated(effect.subject) if policy and policy.acknowledge.subject else None,
        read_by=tell.deadline(effect.read_by),
        read_before_session=_is_session(effect.read_by, effect.session),
        answer_by=tell.deadline(effect.answer_by),
        answer_before_session=_is_session(effect.answer_by, effect.session),
        expect=_EXPECTED[effect.expect],
        only=policy.answer.only if policy else (),
        about=effect.category if policy and effect.category in policy.answer.only else "",
        ask=_ask(effect, policy),
        only_urgent=_only_urgent(effect, policy),
        rest=_rest(policy),
        session=tell.moment(effect.session) if effect.session else None,
        brief=policy.answer.words if policy and effect.expect is not Expect.NONE else None,
        urgent_word=_urgent_word(effect, policy),
        receipt_follows=receipt_follows(premises.mailboxes.get(effect.ref.mailbox), policy),
        allowance=None if crisis else messages,
        minutes=None if crisis else minutes,
        cost=None if crisis else cost(effect, policy.billing if policy else None, tell.locale),
        away=away(effect, premises.covers.get(effect.cover), tell),
        note=presence_note(effect.note, effect.note_written, tell),
        withdraw=_withdraw(effect, premises, language),
        card=card,
    )


def neutral_words(effect: Ack, premises: Premises, tell: Teller, language: str) -> NeutralAckWords:
    """Of an ack to somebody unknown."""
    return NeutralAckWords(
        language=language,
        address=effect.sender,
        phone=premises.practice.phone,
        crisis_line=premises.crisis_line(effect.country),
        crisis=effect.level is Level.CRISIS,
        read_by=tell.deadline(effect.read_by),
        answer_by=tell.deadline(effect.answer_by),
        withdraw=_withdraw(effect, premises, language),
    )


def receipt_words(effect: Receipt, premises: Premises, tell: Teller, language: str) -> ReceiptWords:
    """Of a receipt; whom the practice does not know hears of no session."""
    overdue = effect.answered or (effect.answer_by is not None and effect.answer_by <= effect.seen)
    session = effect.session if effect.known else None
    return ReceiptWords(
        language=language,
        signed=premises.practice.name if effect.known else effect.sender,
        received=tell.moment(effect.received),
        seen=tell.moment(effect.seen),
        exact=effect.exact,
        answer_by=None if overdue else tell.deadline(effect.answer_by),
        answer_before_session=_is_session(effect.answer_by, session),
        expect=_EXPECTED[effect.expect],
        rest=effect.known and _rest(premises.policy(effect)),
        session=tell.moment(session) if session else None,
        overdue=overdue,
    )


def withdrawal_words(effect: Withdrawal, premises: Premises, tell: Teller, language: str) -> WithdrawalWords:
    """Of a message that was to be taken back."""
    return WithdrawalWords(
        language=language,
        signed=premises.practice.name if effect.known else effect.sender,
        phone=premises.practice.phone,
        crisis_line=premises.crisis_line(effect.country),
        received=tell.moment(effect.received),
        staying=effect.staying,
    )


def notice_words(
    effect: Notice, premises: Premises, tell: Teller, language: str, changes: tuple[Change, ...]
) -> NoticeWords:
    """Of a change to come."""
    return NoticeWords(
        language=language,
        practice=premises.practice.name,
        phone=premises.practice.phone,
        crisis_line=premises.crisis_line(effect.country),
        since=tell.moment(effect.since),
        changes=changes,
    )


def draft_words(effect: Reminder, premises: Premises, tell: Teller, language: str) -> DraftWords:
    """Of the draft that goes with a reminder."""
    return DraftWords(
        language=language,
        practice=premises.practice.name,
        client_name=repeated(effect.client_name),
        session=tell.moment(effect.session),
    )


def receipt_follows(mailbox: Mailbox | None, policy: Policy | None) -> bool:
    """Whether a receipt can be told of beforehand."""
    watched = mailbox is not None and mailbox.watch is not None
    return watched and policy is not None and policy.receipt.send is ReceiptSend.ALWAYS


def _withdraw(effect: Ack, premises: Premises, language: str) -> str:
    """Nobody in a crisis is asked whether they would rather not have written."""
    policy, mailbox = premises.policy(effect), premises.mailboxes.get(effect.ref.mailbox)
    watched = mailbox is not None and mailbox.watch is not None
    if policy is None or effect.level is Level.CRISIS or not offers(policy, watched=watched):
        return ""
    return word_for(language)


def _is_session(at: datetime | None, session: datetime | None) -> bool:
    return at is not None and at == session


def _rest(policy: Policy | None) -> bool:
    return policy is not None and policy.answer.rest == "session"


def _ask(effect: Ack, policy: Policy | None) -> str:
    if policy is None or effect.expect is Expect.ANSWER or policy.answer.when is not AnswerWhen.ON_REQUEST:
        return ""
    return next(iter(policy.answer.request), "")


def _only_urgent(effect: Ack, policy: Policy | None) -> bool:
    return policy is not None and policy.answer.when is AnswerWhen.IF_URGENT and effect.expect is Expect.NONE


def _urgent_word(effect: Ack, policy: Policy | None) -> str:
    if policy is None or effect.level.rank >= Level.URGENT.rank:
        return ""
    return next(iter(policy.urgency.words), "")
