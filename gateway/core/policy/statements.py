"""What a policy card can say: ten questions, and the statements that answer them, without words.

A statement is a code with typed values. `STATEMENTS` is the whole list: `card` makes no other, and the words of a
language have a macro for each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: The ten questions, in the order in which they are asked.
QUESTIONS = ("limit", "answer", "when", "receipt", "charge", "days", "crisis", "record", "change", "back")

#: Every statement that there is, with the names of its values. The words of a language have a macro for each.
STATEMENTS: Mapping[str, tuple[str, ...]] = {
    "no_limit": (),
    "limit_messages": ("count", "per"),
    "limit_minutes": ("time", "per", "words_per_minute"),
    "limit_without_sessions": (),
    "limit_told": (),
    "limit_near_messages": ("count",),
    "limit_near_minutes": ("time",),
    "limit_not_told": (),
    "limit_never_lost": (),
    "answer_always": (),
    "answer_always_by": (),
    "answer_always_only": ("categories",),
    "answer_on_request": ("words",),
    "answer_if_urgent": (),
    "answer_sometimes": (),
    "answer_never": (),
    "answer_only": ("categories",),
    "answer_rest_in_session": (),
    "answer_brief": ("words",),
    "answer_from_therapist": ("count", "per"),
    "ack_always": (),
    "ack_first": (),
    "ack_outside_hours": (),
    "ack_on_request": ("words",),
    "ack_if_urgent": (),
    "ack_not_else": (),
    "ack_never": (),
    "ack_meaning": (),
    "ack_at_most": ("every",),
    "ack_latest": ("age",),
    "ack_subject": (),
    "ack_stop": (),
    "urgent_all": (),
    "urgent_words": ("words",),
    "urgent_agreed": (),
    "urgent_found": (),
    "urgent_alert": (),
    "presence_note": ("lasts",),
    "read_hours": ("days", "spans"),
    "read_days": ("days",),
    "read_no_days": (),
    "read_zone": ("zone",),
    "read_before_session": (),
    "promise_none": (),
    "promise_within": ("time",),
    "promise_within_else": (),
    "promise_within_reading": ("time",),
    "promise_same_day": (),
    "promise_next_reading": (),
    "promise_next_working_day": (),
    "promise_before_session": (),
    "promise_counts_from_opening": (),
    "receipt_always": (),
    "receipt_on_request": (),
    "receipt_important": (),
    "receipt_if_urgent": (),
    "receipt_never": (),
    "receipt_grace": ("time",),
    "receipt_meaning": (),
    "receipt_meaning_or_marked": (),
    "receipt_bulk": ("count",),
    "charge_nothing": (),
    "charge_no_rate": (),
    "charge_rate": ("price", "increment"),
    "charge_round_up": ("increment",),
    "charge_round_down": ("increment",),
    "charge_round_nearest": ("increment",),
    "charge_free": ("time",),
    "charge_free_cluster": ("time",),
    "charge_cluster": ("count", "within", "increment"),
    "charge_suspended": ("first", "last"),
    "charge_told": (),
    "charge_not_told": (),
    "charge_waiver": (),
    "charge_account": (),
    "counted_read": ("words_per_minute",),
    "counted_answer": ("words_per_minute",),
    "counted_never": ("categories",),
    "counted_never_crisis": (),
    "touchpoint": ("words",),
    "days_any": (),
    "days_unread": ("days",),
    "holidays_unread": ("region",),
    "holidays_read": (),
    "vacations_unread": (),
    "vacations_read": (),
    "away": ("first", "last"),
    "away_covered": ("first", "last", "cover", "phone"),
    "away_told": (),
    "crisis_not_by_email": (),
    "crisis_dont_wait": (),
    "crisis_call": ("numbers",),
    "crisis_emergency": (),
    "crisis_unread": (),
    "crisis_delivered": (),
    "crisis_alert": (),
    "crisis_cover": ("cover",),
    "record_mailbox": (),
    "record_kept": (),
    "record_kept_without_subject": (),
    "record_erased": ("time",),
    "record_letters": (),
    "record_seen_by_therapist": (),
    "record_seen_by_practice": (),
    "record_compared": (),
    "change_notice": ("time",),
    "change_at_once": (),
    "change_card": (),
    "welcome_card": (),
    "back_never": (),
    "back_unread": (),
}


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that is so, with its values by name: numbers, durations, spans, weekdays, money, dates, names."""

    code: str
    values: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """One of `QUESTIONS` with what answers it; there is always something."""

    question: str
    statements: tuple[Statement, ...]
