"""Taking back: a client answers an ack with the one word for it, and gets a message back that nobody has read.

In go a case and the story of the message that the answered ack was about, out comes one effect, which carries it out
and tells its writer; later, what came of it and the story, out come events. Only who wrote the message is heard: its
verified author, or who bears the token that the ack brought to them. What words of a crisis were found in stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from gateway.core import addresses
from gateway.core.decide.ack import thread_of
from gateway.core.decide.case import Case
from gateway.core.decide.decision import Outcome
from gateway.core.effects import Cancel, Staying, Withdrawal, nudge_key, receipt_key
from gateway.core.events import (
    Acknowledged,
    Answered,
    Event,
    Level,
    NotWithdrawn,
    Origin,
    ReceiptSent,
    Received,
    Ref,
    Seen,
    Unseen,
    Withdrawn,
)
from gateway.core.history import Story
from gateway.core.message.facts import Facts
from gateway.core.message.words import keys
from gateway.core.policy.schema import Policy
from gateway.core.reasons import because

#: What a client writes to take a message back, by language; each is understood from everybody.
WORDS: Mapping[str, str] = {
    "en": "WITHDRAW",
    "de": "ZURÜCKZIEHEN",
    "fr": "RETIRER",
    "es": "RETIRAR",
    "it": "RITIRARE",
    "nl": "INTREKKEN",
    "pt": "RETIRAR",
}
_WORDS = frozenset(keys(word)[0] for word in (*WORDS.values(), "ZURUECKZIEHEN"))
#: Beside the word, and the writer's own name, nothing but these says nothing. Anything else is a message to somebody.
_POLITE = frozenset(
    keys(
        """
        please thanks thank you many sorry regards kind best yours hello hi dear
        bitte danke vielen dank entschuldigung grüße gruß liebe viele mit freundlichen grüßen hallo
        merci s'il vous plaît svp cordialement désolé désolée pardon bonjour
        por favor gracias muchas perdón saludos hola atentamente
        per favore grazie mille scusi cordiali saluti buongiorno
        alstublieft bedankt dank u wel sorry groeten vriendelijke groet met
        obrigado obrigada muito cumprimentos desculpe olá
        """
    )
)
#: What mail programs put before a subject that they answer.
_ANSWERS = frozenset({"re", "aw", "antw", "sv", "rif", "ref", "res"})
#: Beyond so many words or characters a text is not looked at: it is more than one word.
_MOST_WORDS, _MOST_CHARACTERS = 30, 1000


def word_for(language: str) -> str:
    """The word as a text in a language says it; for one without, the English word."""
    return WORDS.get(language.partition("-")[0], WORDS["en"])


def asks_to_withdraw(facts: Facts) -> bool:
    """Whether the message's first line, or its subject, is the word, and all else of it says nothing."""
    if facts.new_words > _MOST_WORDS or len(facts.new_text) > _MOST_CHARACTERS or facts.attachment_words:
        return False
    lines = [words for line in facts.new_text.splitlines() if (words := keys(line))]
    said = {word for words in lines for word in words}
    nothing = _POLITE | _WORDS | set(keys(facts.author.name))
    if not said <= nothing:
        return False
    return _is_word(lines[0] if lines else ()) or _is_word(keys(_subject(facts)))


def _subject(facts: Facts) -> str:
    """What it says beside `Re:`, however often that stands there."""
    subject = facts.subject[:_MOST_CHARACTERS]
    while (parts := subject.partition(":"))[1] and parts[0].strip().casefold() in _ANSWERS:
        subject = parts[2]
    return subject


def _is_word(words: tuple[str, ...]) -> bool:
    """Whether it is the word, with a please at most."""
    return len(_WORDS & set(words)) == 1 and set(words) <= _WORDS | _POLITE


def offers(policy: Policy, *, watched: bool) -> bool:
    """Whether a message can be taken back: where nobody sees what was read, none can."""
    return policy.withdraw == "unread" and watched


def withdrawal_for(case: Case) -> Withdrawal | None:
    """The effect of a message that asks to take another back; None for every other message."""
    about, facts = case.history.about, case.facts
    received = about.received if about else None
    if about is None or received is None or received.request or not asks_to_withdraw(facts):
        return None
    if not _may_be_told(case) or not _is_writer(case, about) or _alarms(case, received):
        return None
    client = case.setting.client if case.known else None
    return Withdrawal(
        ref=about.ref,
        due=case.now,
        to=case.person,
        sender=case.written_to,
        in_reply_to=facts.message_id,
        references=thread_of(facts),
        request=facts.key,
        language=case.language,
        policy=received.policy,
        version=received.version,
        known=case.known,
        received=received.at,
        timezone=client.timezone if client else "",
        country=client.country if client else "",
    )


def _may_be_told(case: Case) -> bool:
    """Whether a machine may write back, by what is refused to acks before anything the policy says."""
    client = case.setting.client
    if (client and client.quiet) or case.facts.answering_unsafe or not case.person:
        return False
    ours = addresses.key(case.person) in case.setting.own
    return not ours and case.automation.origin is Origin.PERSON and case.automation.answerable


def _is_writer(case: Case, about: Story) -> bool:
    """By the verified author, or by the token of the very ack: it went to who wrote the message, and to nobody else."""
    received = about.received
    if received is None:
        return False
    if case.verified and addresses.same(received.author, case.facts.author.address):
        return True
    ids = " ".join((*case.facts.in_reply_to, *case.facts.references)).casefold()
    sent = (event.message_id for event in about.events if isinstance(event, Acknowledged))
    # What stands before the @ are 128 random bits, which stand in References too, for servers that replace ids.
    tokens = (one.strip("<>").partition("@")[0] for one in sent)
    return any(token and re.search(rf"(?<!\w){re.escape(token)}(?!\w)", ids) for token in tokens)


def _alarms(case: Case, received: Received) -> bool:
    """Whether its subject holds words of urgency of its own, and not those that the ack has repeated."""
    urgent = any(hit.level.rank >= Level.URGENT.rank for hit in case.assessment.hits)
    return urgent and not (received.subject and received.subject in case.facts.subject)


def why_it_stays(story: Story, policy: Policy, now: datetime) -> Staying:
    """Why a message stays, by what is on record alone; empty: the mailbox must be asked."""
    received = story.received
    if received is not None and received.level is Level.CRISIS:
        return "crisis"
    return "seen" if _was_read(story, policy, now) else ""


def _was_read(story: Story, policy: Policy, now: datetime) -> bool:
    """Whether it was read for the time of grace, or stands read; what was marked unread sooner was not."""
    since: datetime | None = None
    for event in story.events:
        if isinstance(event, Answered | ReceiptSent):
            return True
        if isinstance(event, Seen):
            since = since or event.at
        elif isinstance(event, Unseen) and since is not None:
            if event.at - since >= policy.receipt.grace:
                return True
            since = None
    return since is not None and since <= now


def settled(story: Story) -> Staying | None:
    """What came of an earlier try; None where there was none."""
    for event in story.events:
        if isinstance(event, Withdrawn):
            return ""
        if isinstance(event, NotWithdrawn):
            return event.why
    return None


def came_of(ref: Ref, staying: Staying, now: datetime) -> Outcome:
    """What follows once it is known what came of it: nobody is reminded of a message that was taken back."""
    if staying:
        kept: Event = NotWithdrawn(at=now, why=staying)
        return Outcome((kept,), (), (because("not-withdrawn", why=staying),))
    cancels = (Cancel(ref=ref, target=nudge_key(ref)), Cancel(ref=ref, target=receipt_key(ref)))
    return Outcome((Withdrawn(at=now),), cancels, (because("withdrawn"),))
