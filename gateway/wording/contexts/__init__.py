"""All that a template may say: one frozen dataclass a template, made from an effect and what it hangs on.

`outward` is what clients read, `inward` what therapists do; both are put together from `moments` and `parts`.
Instants become civil time in the reader's zone, in the words of their language.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from gateway.core.effects import (
    Ack,
    ActionTold,
    Alert,
    Digest,
    Mail,
    NoteKept,
    Notice,
    Nudge,
    Receipt,
    Reminder,
    Withdrawal,
)
from gateway.core.policy.sheet import Change, Passage
from gateway.wording.contexts.inward import (
    ActionWords,
    AlertWords,
    CoverAlertWords,
    DigestWords,
    NoteKeptWords,
    NudgeWords,
    ReminderWords,
    action_words,
    alert_words,
    digest_words,
    note_kept_words,
    nudge_words,
    reminder_words,
)
from gateway.wording.contexts.moments import Teller, locale_for, teller
from gateway.wording.contexts.outward import (
    AckWords,
    DraftWords,
    NeutralAckWords,
    NoticeWords,
    ReceiptWords,
    WithdrawalWords,
    ack_words,
    draft_words,
    neutral_words,
    notice_words,
    receipt_words,
    withdrawal_words,
)
from gateway.wording.premises import Premises

Context = (
    AckWords
    | NeutralAckWords
    | ReceiptWords
    | NoticeWords
    | DraftWords
    | AlertWords
    | CoverAlertWords
    | NudgeWords
    | DigestWords
    | ReminderWords
    | NoteKeptWords
    | ActionWords
    | WithdrawalWords
)

#: Context -> folder of its templates.
FOLDERS: Mapping[type[Context], str] = {
    AckWords: "ack",
    NeutralAckWords: "ack-neutral",
    ReceiptWords: "receipt",
    NoticeWords: "notice",
    DraftWords: "draft",
    AlertWords: "alert",
    CoverAlertWords: "alert-cover",
    NudgeWords: "nudge",
    DigestWords: "digest",
    ReminderWords: "reminder",
    NoteKeptWords: "note-kept",
    ActionWords: "action-told",
    WithdrawalWords: "withdrawal",
}

_PLAIN: Mapping[type[Mail], str] = {
    Receipt: "receipt",
    Notice: "notice",
    Nudge: "nudge",
    Digest: "digest",
    Reminder: "reminder",
    NoteKept: "note-kept",
    ActionTold: "action-told",
    Withdrawal: "withdrawal",
}


def folder_for(effect: Mail) -> str:
    """Which templates an effect is said with."""
    if isinstance(effect, Ack):
        return "ack" if effect.known else "ack-neutral"
    if isinstance(effect, Alert):
        return "alert-cover" if effect.cover else "alert"
    return _PLAIN[type(effect)]


def context_for(
    effect: Mail,
    premises: Premises,
    language: str,
    card: tuple[Passage, ...] = (),
    changes: tuple[Change, ...] = (),
) -> Context:
    """What may be said of an effect. `card` goes with an ack that welcomes, `changes` with a notice."""
    tell = _teller(effect, premises, language)
    match effect:
        case Ack(known=True):
            return ack_words(effect, premises, tell, language, card if effect.welcome else ())
        case Ack():
            return neutral_words(effect, premises, tell, language)
        case Receipt():
            return receipt_words(effect, premises, tell, language)
        case Notice():
            return notice_words(effect, premises, tell, language, changes)
        case Alert():
            return alert_words(effect, premises, tell, language)
        case Nudge():
            return nudge_words(effect, premises, tell, language)
        case Digest():
            return digest_words(effect, premises, tell, language)
        case Reminder():
            return reminder_words(effect, premises, tell, language)
        case NoteKept():
            return note_kept_words(effect, premises, tell, language)
        case ActionTold():
            return action_words(effect, premises, tell, language)
        case Withdrawal():
            return withdrawal_words(effect, premises, tell, language)


def draft_for(effect: Reminder, premises: Premises, language: str) -> DraftWords:
    """What the draft that goes with a reminder begins with."""
    return draft_words(effect, premises, _teller(effect, premises, language), language)


def _teller(effect: Mail, premises: Premises, language: str) -> Teller:
    """For the reader of an effect, at the instant to which its `today` and `tomorrow` belong."""
    zone = effect.timezone if isinstance(effect, Ack | Receipt | Notice | Withdrawal) else ""
    practice = premises.practice
    return teller(_told(effect), practice, locale_for(language, effect.language, practice.language), zone)


def _told(effect: Mail) -> datetime:
    match effect:
        case Ack() | Alert():
            return effect.received
        case Receipt():
            return effect.seen
        case _:
            return effect.due
