"""One effect to one mail, and a smart host's reply to what follows from it.

Values in, values out: the worker does the doing, and the time is its to tell.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from random import Random

from gateway.core.addresses import split
from gateway.core.effects import Ack, Alert, Digest, Mail, Nudge, Receipt, Withdrawal
from gateway.core.events import Acknowledged, Alerted, Event, Nudged, ReceiptSent
from gateway.core.message.compose import Outgoing, compose
from gateway.core.message.mdn import Disposition, compose_mdn
from gateway.core.replies import Reply
from gateway.ports import Claim, Words

#: First and longest wait between two tries, and how long we try: about what mail servers do (RFC 5321 4.5.4.1).
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=4)
GIVE_UP_AFTER = timedelta(days=3)
#: Nothing is given up after fewer tries: what was long due when we came to it again has a fair chance, too.
FEWEST_TRIES = 8
#: What could not go for so long tells of what was, and is not said.
LATEST_NEWS = timedelta(days=1)

#: 5yz that mean "not today": Google's daily limit (X.4.5), Microsoft's (X.4.6).
_QUOTA_CODES = frozenset({"5.4.5", "5.4.6"})
_QUOTA_WORDS = "submissionquotaexceeded"


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail ready to go."""

    reverse_path: str
    recipient: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail for somebody else to finish and send. Its id is the same at each try."""

    message_id: str
    content: bytes


def letter(claim: Claim, words: Words, sender_name: str) -> Letter:
    """The mail for an effect, with the null reverse-path (RFC 3834 3.3, RFC 8098 3.4). Each try gives the same bytes.

    Raises ValueError where a field can't be written.
    """
    effect = claim.effect
    mail = _outgoing(claim, words, sender_name)
    if isinstance(effect, Receipt) and effect.form == "mdn":
        return Letter("", effect.to, compose_mdn(mail, _disposition(claim, effect)))
    return Letter("", effect.to, compose(mail))


def _outgoing(claim: Claim, words: Words, sender_name: str) -> Outgoing:
    effect = claim.effect
    token, domain = split(claim.message_id.strip("<>"))
    reply = effect if isinstance(effect, Ack | Receipt | Withdrawal) else None
    return Outgoing(
        sender=effect.sender,
        sender_name=sender_name,
        to=effect.to,
        subject=words.subject,
        text=words.text,
        html=words.html,
        message_id=claim.message_id,
        in_reply_to=reply.in_reply_to if reply else "",
        # An id of its own holds the token here: a message that referred to itself would fall out of its thread.
        references=(*(reply.references if reply else ()), f"<{token}.ref@{domain}>"),
        date=_wanted(claim),
        auto_submitted="auto-replied" if reply else "auto-generated",
        language=words.language,
    )


def draft(claim: Claim, client: str, words: Words) -> Draft:
    """What the therapist may send to a client: a mail of their own, with nothing automatic about it.

    Raises ValueError where a field can't be written.
    """
    # No token of ours, whole or in part: an answer to what a person sent must not pass for one to automatic mail.
    name = sha256(f"draft {claim.message_id}".encode()).hexdigest()[:40]
    message_id = f"<{name}@{split(claim.message_id.strip('<>'))[1]}>"
    mail = Outgoing(
        sender=claim.effect.sender,
        # Theirs to say: the practice's name would show a person as an office.
        sender_name="",
        to=client,
        subject=words.subject,
        text=words.text,
        message_id=message_id,
        date=_wanted(claim),
        auto_submitted="",
        language=words.language,
    )
    return Draft(message_id, compose(mail))


def _disposition(claim: Claim, effect: Receipt) -> Disposition:
    host = split(claim.message_id.strip("<>"))[1]
    return Disposition(
        reporting_ua=f"{host}; Handrail",
        final_recipient=effect.sender,
        original_message_id="" if effect.named_by_us else effect.in_reply_to,
        original_recipient=effect.original_recipient,
        original_date=effect.sent_at,
    )


def aligned(post: Letter, claim: Claim) -> Letter | None:
    """The same mail from `bounces+TOKEN@` the sender's domain, for who refuses the null reverse-path.

    None for a receipt: its reverse-path must be null (RFC 8098 3.4).
    """
    if isinstance(claim.effect, Receipt):
        return None
    token = split(claim.message_id.strip("<>"))[0]
    return replace(post, reverse_path=f"bounces+{token}@{split(claim.effect.sender)[1]}")


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing is left to do; these events tell it."""

    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Later:
    """It failed for now. `error` names no person."""

    error: str


@dataclass(frozen=True, slots=True)
class Never:
    """It was refused for good. `why` names no person."""

    why: str


Outcome = Done | Later | Never


def outcome(claim: Claim, reply: Reply, now: datetime) -> Outcome:
    """What a smart host's reply means for the effect. Only code and enhanced code are kept: texts quote addresses."""
    if reply.accepted:
        happened = event_of(claim, now)
        return Done((happened,) if happened is not None else ())
    error = f"{reply.code} {reply.enhanced}".strip()
    return Never(error) if refused(reply) else Later(error)


def event_of(claim: Claim, now: datetime) -> Event | None:
    """What happened to a message once the smart host has the mail; None for mail that no message caused."""
    effect: Mail = claim.effect
    match effect:
        case Ack():
            return Acknowledged(at=now, message_id=claim.message_id)
        case Alert():
            return Alerted(at=now)
        case Nudge():
            return Nudged(at=now)
        case Receipt():
            return ReceiptSent(at=now, by="gateway", form=effect.form)
        case _:
            return None


def refused(reply: Reply) -> bool:
    """Whether the mail itself was refused for good: a 5yz that is neither a quota nor about our login (RFC 4954 6)."""
    return reply.code // 100 == 5 and not over_quota(reply) and reply.code not in (530, 534, 535, 538)


def over_quota(reply: Reply) -> bool:
    """Whether a 5yz means that the smart host takes no more from us for now."""
    return reply.enhanced in _QUOTA_CODES or _QUOTA_WORDS in reply.text.casefold().replace(" ", "")


def is_hopeless(claim: Claim, now: datetime) -> bool:
    """Whether trying ends, counted from when it should have gone."""
    return claim.attempts >= FEWEST_TRIES and now >= _wanted(claim) + GIVE_UP_AFTER


def comes_too_late(claim: Claim, now: datetime) -> bool:
    """Whether saying it now would only confuse: an ack of yesterday's mail, a digest of what was open then.

    Late or not, a client must hear of a change, and a therapist of words of urgency.
    """
    effect = claim.effect
    if isinstance(effect, Ack):
        return now > (effect.until or effect.received + LATEST_NEWS)
    return isinstance(effect, Digest | Nudge) and now - effect.due > LATEST_NEWS


def _wanted(claim: Claim) -> datetime:
    """When it should have gone: a receipt is stored before its time of grace is over."""
    return max(claim.since, claim.effect.due)


def next_try(claim: Claim, now: datetime, random: Random) -> datetime:
    """Twice as long after each try, spread by a fifth so that many do not come back at once."""
    doublings = min(max(0, claim.attempts - 1), 16)
    doubled: timedelta = FIRST_WAIT * 2**doublings
    wait = min(doubled, LONGEST_WAIT) * random.uniform(0.8, 1.2)
    end = _wanted(claim) + GIVE_UP_AFTER
    return min(now + wait, end) if now < end else now + wait
