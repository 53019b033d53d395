"""Why: a code with its parameters, and one sentence for people.

Header field, `explain`, log, page and test show the same reason. `SENTENCES` is the one table;
a code that is not in it can't be made.
"""

from __future__ import annotations

from dataclasses import dataclass

#: code -> sentence; `{name}` is filled from the parameters.
SENTENCES: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. Parameters are strings and hold nothing of a body, a subject or an address."""

    code: str
    params: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """The sentence for people."""
        return SENTENCES[self.code].format(**dict(self.params))


def because(code: str, **params: object) -> Reason:
    """Make a reason; raises KeyError for a code without a sentence."""
    if code not in SENTENCES:
        raise KeyError(f"no sentence for reason {code!r}")
    return Reason(code, tuple((name, str(value)) for name, value in params.items()))


SENTENCES |= {
    # who wrote it, and may a machine write back
    "person": "nothing suggests that a machine wrote it",
    "automatic": "a machine wrote it: {sign}",
    "maybe-automatic": "may be automatic: {sign}",
    "no-answer-wanted": "must not be answered by a machine: {sign}",
    "null-reverse-path": "its reverse-path is null, so there is nobody to answer (RFC 5321 4.5.5)",
    "own-address": "it comes from the practice's own address",
    "always-a-person": "the client is marked as always a person",
    # authenticity
    "verified-author": "the author's address is verified: {how}",
    "unverified-author": "the author's address is not verified",
    "forged-author": "it is not from whom it claims to be, as the server before us found: {how}",
    # urgency
    "routine": "no phrase of urgency was found; that does not mean that nothing is urgent",
    "phrase": "words found: {phrase} ({lexicon})",
    "lowered": "lowered to {level}: {cue}",
    "agreed-word": "the agreed word was found",
    "trusted-client": "every message of this client counts as urgent",
    "marked-important": "the sender marked it important",
    # route and policy
    "route": "the route for {pattern} leads to mailbox {mailbox}",
    "policy": "decided by policy {policy}",
    # ack
    "ack": "an ack is due: {when}",
    "ack-off": "the policy sends no acks",
    "ack-outside-hours-only": "it arrived within reading hours; the policy acks outside them",
    "ack-first-only": "this thread was acked already; the policy acks the first message",
    "ack-not-asked": "no ack was asked for; the policy acks on request",
    "ack-none-of": "the policy acks {when}, and this message is none of these",
    "ack-welcome": "it is the client's first message: the card goes with the ack",
    "ack-urgent-only": "nothing urgent was found; the policy acks what is urgent",
    "ack-too-soon": "an ack went to this person less than {interval} ago",
    "ack-thread-cap": "{count} acks went into this thread since the last answer",
    "ack-refers-to-ours": "it answers one of our automatic messages, and that was acked once already",
    "ack-person-cap": "{count} acks went to this person within a day",
    "ack-practice-cap": "{count} acks went out within an hour",
    "ack-too-old": "it is older than {age}, whatever brought it only now",
    "ack-answered": "it was answered before it was found",
    "ack-said": "this message was acked already",
    "client-quiet": "the client is marked quiet: nothing is sent",
    "answering-unsafe": "the message says that answering is unsafe",
    "client-stops-acks": "the message says STOP: its author wants no more acks",
    "client-no-acks": "the client has switched acks off",
    "history-unknown": "the record could not be read; nothing is sent until it can",
    # receipt
    "receipt": "a receipt is due: {when}",
    "receipt-not-asked": "no receipt was asked for",
    "receipt-off": "the policy sends no receipts",
    "receipt-not-important": "the message is not marked important",
    "receipt-not-urgent": "nothing urgent was found",
    "receipt-wrong-address": "the address for receipts is not the reverse-path (RFC 8098 2.1)",
    "receipt-no-reverse-path": "nobody noted its reverse-path, which an address for receipts must be (RFC 8098 2.1)",
    "receipt-option-required": "the request for a receipt requires an option that we don't know (RFC 8098 2.2)",
    "receipt-said": "a receipt for this message was sent already",
    "receipt-by-program": "the therapist's mail program has sent one ($MDNSent, RFC 3503)",
    # promise
    "promise": "promised: {what} by {by}",
    "no-promise": "the policy promises no answer",
    "promise-stands": "an earlier message of this client is still unanswered: its promise stands",
    "no-promise-to-machines": "a machine wrote it, so nothing is promised",
    "expect-answer": "it will be answered: {when}",
    "expect-maybe": "it may be answered: {when}",
    "expect-none": "it will not be answered by email: {when}",
    "expect-other-category": "by email, only {only} is answered",
    "category": "it is about {category}",
    "nudge": "the therapist is reminded at {at} if it is not answered by then",
    # calendar
    "away": "the therapist is away until {until}",
    "cover": "{cover} hears of it: {why}",
    "read-by": "it is read by {by}",
    "session": "the next session of this client begins at {at}",
    # allowance and cost
    "allowance": "{used} of {allowed} {unit} this {per}",
    "cost": "what it takes {cost} cost",
    # the therapist's own commands
    "note-kept": "the therapist has written a presence note by it",
    "note-taken-back": "the therapist has taken the presence note back by it",
    "command": "the therapist has asked for an action by it",
    "control-not-proven": "it came to the address for commands, and is not verified as the therapist's own",
    # taking back
    "withdraw": "it asks to take back the message that came at {at}, while that is unread",
    "withdrawn": "its writer has taken it back",
    "not-withdrawn": "its writer asked to take it back, and it stays: {why}",
    # observation
    "seen": "it became \\Seen",
    "unseen": "it was marked unread again",
    "seen-in-bulk": "it was marked as read together with others, {count} within a second: nobody can say it was opened",
    "answered": "answered: {witness}",
    # alert
    "alert": "the therapist is alerted: {level}",
}
