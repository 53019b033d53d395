"""The mailbox changes: a story and a change of flags in; events, and a receipt or its cancelling, out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from gateway.core import addresses
from gateway.core.decide.decision import Outcome, Setting
from gateway.core.effects import Cancel, Effect, Nudge, Receipt, nudge_key
from gateway.core.events import Answered, Event, Level, Origin, ReceiptSent, Received, Ref, Seen, Unseen
from gateway.core.history import Story
from gateway.core.message.read import is_made_id
from gateway.core.policy.promise import nudge_at
from gateway.core.policy.schema import ReceiptSend
from gateway.core.policy.sessions import next_session
from gateway.core.reasons import Reason, because
from gateway.core.tracking import ANSWERED, MDN_SENT, SEEN, FlagChange

#: Two looks so close that the second one's instant may be told as the time of reading.
EXACT = timedelta(minutes=10)


def flags_changed(
    story: Story, change: FlagChange, setting: Setting, since: datetime | None, now: datetime, together: int = 1
) -> Outcome:
    """What follows from one copy's flags; nothing where the story knows it already.

    `together` is how many messages became `\\Seen` within a second of this one, itself counted.
    """
    events: list[Event] = []
    effects: list[Effect] = []
    reasons: list[Reason] = []
    if change.now.has(MDN_SENT) and story.receipt is None:
        events.append(ReceiptSent(at=now, by="program", form="mdn"))
        reasons.append(because("receipt-by-program"))
    if change.now.has(SEEN) and story.seen is None:
        seen = Seen(at=now, since=_known_unseen(story, since), bulk=_in_bulk(setting, together))
        events.append(seen)
        by_program, answered = change.now.has(MDN_SENT), change.now.has(ANSWERED)
        receipt, why = receipt_for(story, setting, seen, by_program=by_program, answered=answered, together=together)
        reasons += [because("seen"), why]
        effects += [receipt] if receipt else []
    elif not change.now.has(SEEN) and change.before.has(SEEN) and story.seen is not None:
        events.append(Unseen(at=now))
        effects.append(Cancel(ref=story.ref, target=_receipt_key(story)))
        reasons.append(because("unseen"))
    if change.now.has(ANSWERED) and story.answered is None:
        events.append(Answered(at=now, witness="flag", words=None, answer=""))
        effects += [Cancel(ref=story.ref, target=nudge_key(story.ref)), *_receipt_after(story, setting, now)]
        reasons.append(because("answered", witness="\\Answered"))
    return Outcome(tuple(events), tuple(effects), tuple(reasons))


def opens(change: FlagChange) -> bool:
    """Whether the copy became `\\Seen`."""
    return change.now.has(SEEN) and not change.before.has(SEEN)


def marked_together(story: Story, setting: Setting, together: int) -> Outcome:
    """What follows for a message that was seen at first with fewer others than were seen within the second.

    Nothing where its client was told already that it was read, or where an answer shows it.
    """
    read = story.read
    if read is None or story.receipt is not None or story.answered is not None or not _in_bulk(setting, together):
        return Outcome()
    cancel = Cancel(ref=story.ref, target=_receipt_key(story))
    return Outcome((replace(read, bulk=True),), (cancel,), (because("seen-in-bulk", count=together),))


def _in_bulk(setting: Setting, together: int) -> bool:
    """Whether more were marked at once than anybody opens one by one."""
    most = setting.policy.receipt.bulk
    return 0 < most < together


def _known_unseen(story: Story, since: datetime | None) -> datetime | None:
    """A message is unseen when it is received; a look before that, or none at all, tells nothing more."""
    received = story.received
    if since is None or received is None:
        return received.at if received else since
    return max(since, received.at)


def answer_sent(story: Story, at: datetime, words: int, answer: str, setting: Setting, now: datetime) -> Outcome:
    """What follows from an answer found among sent mail; nothing where this answer is known."""
    known = any(isinstance(event, Answered) and event.answer == answer for event in story.events)
    if known:
        return Outcome()
    event = Answered(at=at, witness="sent", words=words, answer=answer)
    cancel = Cancel(ref=story.ref, target=nudge_key(story.ref))
    effects = (cancel, *_receipt_after(story, setting, now))
    return Outcome((event,), effects, (because("answered", witness="found among sent mail"),))


def _receipt_after(story: Story, setting: Setting, now: datetime) -> tuple[Effect, ...]:
    """The receipt that still waits, in place of itself: who has an answer is told nothing of answers to come."""
    seen = story.read
    if seen is None or now >= seen.at + setting.policy.receipt.grace:
        return ()
    receipt, _ = receipt_for(story, setting, seen, answered=True)
    return (Cancel(ref=story.ref, target=receipt.key), receipt) if receipt else ()


def nudge_of(ref: Ref, received: Received, setting: Setting, now: datetime) -> Nudge | None:
    """The reminder of a promise; None where there is none, or no more time for it."""
    by = received.answer_by
    at = nudge_at(setting.policy, setting.calendar, now, by) if by is not None and setting.watched else None
    if by is None or at is None:
        return None
    return Nudge(
        ref=ref,
        due=at,
        to=setting.address,
        sender=setting.address,
        language=setting.language,
        policy=setting.policy_name,
        version=setting.version,
        received=received.at,
        answer_by=by,
        author=received.author,
    )


def tags_for(received: Received, setting: Setting) -> frozenset[str]:
    """The keywords that a copy should carry."""
    names = setting.tags
    by_level = {
        Level.CRISIS: names.crisis or names.urgent,
        Level.URGENT: names.urgent,
        Level.MENTION: names.mention,
        Level.ROUTINE: "",
    }
    return frozenset({by_level[received.level], names.categories.get(received.category, "")} - {""})


def subject_prefix(received: Received, setting: Setting) -> str:
    """What is put before the subject as the message is handed on; empty for nothing."""
    return setting.tags.subject if received.level.rank >= Level.URGENT.rank else ""


def folder_for(story: Story, setting: Setting) -> str:
    """The folder that a copy met in the inbox is moved to; empty leaves it.

    Once only: what somebody has read, or moved back, stays where they want it.
    """
    received = story.received
    if received is None or received.level.rank < Level.URGENT.rank or story.tagged or story.seen:
        return ""
    return setting.tags.folder


def receipt_for(
    story: Story, setting: Setting, seen: Seen, *, by_program: bool = False, answered: bool = False, together: int = 1
) -> tuple[Receipt | None, Reason]:
    """The receipt that reading brings about, due when the grace period ends, or why there is none.

    `answered`: it has an answer that the story does not know yet.
    """
    received = story.received
    if received is None:
        return None, because("receipt-off")
    if by_program:
        return None, because("receipt-by-program")
    if seen.bulk:
        return None, because("seen-in-bulk", count=together)
    refused = _why_no_receipt(story, received, setting)
    if refused is not None:
        return None, refused
    form: Literal["mdn", "plain"] = "mdn" if received.receipt_to else "plain"
    rule = setting.policy.receipt
    receipt = _receipt(story, received, setting, seen, form)
    said = replace(receipt, answered=answered or story.answered is not None)
    return said, because("receipt", when=rule.send.value)


def _why_no_receipt(story: Story, received: Received, setting: Setting) -> Reason | None:
    client = setting.client
    if client and client.quiet:
        return because("client-quiet")
    if any(reason.code == "answering-unsafe" for reason in received.reasons):
        return because("answering-unsafe")
    forged = next((reason for reason in received.reasons if reason.code == "forged-author"), None)
    if forged is not None:
        return forged
    if received.origin is not Origin.PERSON or not received.answerable:
        return because("no-answer-wanted", sign=received.origin.value)
    if story.withdrawn is not None:
        return because("withdrawn")
    to = received.receipt_to or person_behind(received)
    if not to:
        return because("null-reverse-path")
    if addresses.key(to) in setting.own:
        return because("own-address")
    if story.receipt is not None:
        return because("receipt-said")
    return _why_policy_sends_none(received, setting.policy.receipt.send, _knows(received, setting, to))


def _knows(received: Received, setting: Setting, to: str) -> bool:
    """Whether our words may tell of a relation."""
    return received.author_verified or (setting.client is not None and addresses.same(setting.client.address, to))


def _raised_by_entry(received: Received) -> bool:
    """Whether a client's entry made it urgent, which a forged From must not find out."""
    return any(reason.code in ("agreed-word", "trusted-client") for reason in received.reasons)


def _why_policy_sends_none(received: Received, send: ReceiptSend, known: bool) -> Reason | None:
    asked = bool(received.receipt_to)
    match send:
        case ReceiptSend.NEVER:
            return because("receipt-off")
        case ReceiptSend.ON_REQUEST:
            return None if asked else because("receipt-not-asked")
        case ReceiptSend.IMPORTANT:
            return None if asked or received.important else because("receipt-not-important")
        case ReceiptSend.IF_URGENT:
            urgent = received.level.rank >= Level.URGENT.rank and (known or not _raised_by_entry(received))
            return None if urgent else because("receipt-not-urgent")
        case ReceiptSend.ALWAYS:
            return None


def _receipt(story: Story, received: Received, setting: Setting, seen: Seen, form: Literal["mdn", "plain"]) -> Receipt:
    client = setting.client
    to = received.receipt_to if form == "mdn" else person_behind(received)
    session = next_session(client, setting.calendar, seen.at)
    return Receipt(
        ref=story.ref,
        due=seen.at + setting.policy.receipt.grace,
        form=form,
        to=to,
        sender=received.recipient or setting.address,
        in_reply_to=received.message_id,
        references=(received.message_id,) if received.message_id else (),
        subject=received.subject,
        language=(client.language if client else "") or received.language or setting.language,
        policy=setting.policy_name,
        version=setting.version,
        category=received.category,
        expect=received.expect,
        session=session.start if session else None,
        timezone=client.timezone if client else "",
        known=_knows(received, setting, to),
        received=received.at,
        seen=seen.at,
        exact=seen.since is None or seen.at - seen.since <= EXACT,
        answer_by=received.answer_by,
        named_by_us=is_made_id(received.message_id, received.digest),
        original_recipient=received.original_recipient,
        sent_at=received.sent_at,
    )


def _receipt_key(story: Story) -> str:
    return f"receipt:{story.ref.mailbox}:{story.ref.key}"


def person_behind(received: Received) -> str:
    """Whom a plain receipt would go to."""
    return received.author if received.author_verified else received.reverse_path
