"""Two verdicts on every message: who wrote it, and may a machine write back; each with its reasons.

Real people's mail carries list fields (alias services), `Precedence: junk` (web forms), `Auto-Submitted` (Microsoft's
forwarding rules) and a null reverse-path (other forwarders). So one sign alone makes the origin *unsure*, never
*machine*; two signs of different kinds, or one that no person's mail can carry, make it a machine. Whether a machine
may write back is another matter and stricter: each sign of RFC 3834 section 2 forbids it.

`SIGNS` is the one table; each row has a message in `tests/corpus/automatic/`. `X-Auto-Response-Suppress` is not in it:
Exchange stamps ordinary mail with it, so it says nothing about who wrote.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, unique

from gateway.core import addresses
from gateway.core.events import Origin
from gateway.core.message.facts import Automation, Envelope, Person
from gateway.core.message.headers import Headers
from gateway.core.reasons import Reason, because


@unique
class Weight(Enum):
    """What a sign says of the origin."""

    NOTHING = 0
    HINT = 1
    PROOF = 2


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the signs look at."""

    envelope: Envelope
    headers: Headers
    author: Person
    reply_to: tuple[str, ...]
    subject: str
    media_type: str
    own: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sign:
    """A row: how to see it, what it says of the origin. Every sign in the table forbids a machine's answer.

    Hints of one `kind` count once: a list stamps several fields for one cause.
    """

    name: str
    kind: str
    weight: Weight
    source: str
    seen: Callable[[Evidence], bool]
    reason: str = ""

    def why(self) -> Reason:
        """The reason that people see."""
        codes = {Weight.NOTHING: "no-answer-wanted", Weight.HINT: "maybe-automatic", Weight.PROOF: "automatic"}
        return because(self.reason or codes[self.weight], sign=self.name)


_LIST_FIELDS = (
    "list-id", "list-help", "list-subscribe", "list-unsubscribe", "list-post", "list-owner", "list-archive",
    "x-beenthere", "x-mailman-version", "feedback-id", "newsgroups",
)  # fmt: skip
_RESPONDER_FIELDS = (
    "x-autoreply", "x-autorespond", "x-autoresponder", "x-autoreply-from", "x-mail-autoreply", "autoresponder",
    "x-fc-machinegenerated",
)  # fmt: skip
_NOBODY = re.compile(r"(?:mailer-daemon|(?:no|do[-._]?not)[-._]?(?:reply|respond|answer)|(?:nicht|nie)[-._]?antworten)")
_PROGRAM = re.compile(r"postmaster|listserv|majordomo|owner-.*|.*-(?:request|owner|bounces?)")
_NOTE = re.compile(
    r"(?:automatic reply|automated (?:reply|response)|auto(?:matic)?[- ]?(?:reply|response)|out of (?:the )?office|"
    r"automatische antwort|abwesenheits(?:notiz|meldung|nachricht)|abwesend|réponse automatique|absence du bureau|"
    r"respuesta automática|fuera de la oficina|risposta automatica|fuori sede|automatisch antwoord|afwezig|"
    r"resposta automática|fora do escritório|autosvar|automatiskt svar|automaattinen vastaus)\b"
)
_FAILURE = re.compile(
    r"(?:undeliver(?:able|ed)|delivery (?:status notification|failure|has failed)|mail delivery (?:failed|system)|"
    r"returned mail|failure notice|unzustellbar|nicht zustellbar|zustellung fehlgeschlagen|non remis|"
    r"no se puede entregar)\b"
)


def judge(evidence: Evidence) -> Automation:
    """Both verdicts. The order of reasons is that of the table."""
    found = [sign for sign in SIGNS if sign.seen(evidence)]
    proof = any(sign.weight is Weight.PROOF for sign in found)
    hints = {sign.kind for sign in found if sign.weight is Weight.HINT}
    unproven = Origin.UNSURE if hints else Origin.PERSON
    origin = Origin.MACHINE if proof or len(hints) > 1 else unproven
    return Automation(origin, not found, tuple(sign.why() for sign in found) or (because("person"),))


def _value(evidence: Evidence, name: str) -> str:
    return evidence.headers.plain(name).partition(";")[0].strip().lower()


def _local(address: str) -> str:
    return addresses.split(addresses.key(address))[0].partition("+")[0]


def _null(evidence: Evidence) -> bool:
    return evidence.envelope.reverse_path == addresses.NULL


def _own(evidence: Evidence) -> bool:
    own = {addresses.key(address) for address in evidence.own}
    given = (evidence.author.address, evidence.envelope.reverse_path)
    return any(addresses.key(address) in own for address in given if address)


def _nobody(evidence: Evidence) -> bool:
    return bool(_NOBODY.fullmatch(_local(evidence.author.address)))


def _form(evidence: Evidence) -> bool:
    """A web form: nobody is at the From address, a person is in Reply-To."""
    return any(not addresses.same(one, evidence.author.address) for one in evidence.reply_to)


def _from_nobody(evidence: Evidence) -> bool:
    return _nobody(evidence) and not _form(evidence)


def _from_form(evidence: Evidence) -> bool:
    return _nobody(evidence) and _form(evidence)


def _bounced_by(evidence: Evidence) -> bool:
    local = _local(evidence.envelope.reverse_path)
    return bool(local) and bool(_NOBODY.fullmatch(local) or _PROGRAM.fullmatch(local))


def _program(evidence: Evidence) -> bool:
    return bool(_PROGRAM.fullmatch(_local(evidence.author.address)))


def _report(evidence: Evidence) -> bool:
    return evidence.media_type == "multipart/report"


def _auto_submitted(evidence: Evidence) -> bool:
    return _value(evidence, "auto-submitted") not in ("", "no")


def _responder(evidence: Evidence) -> bool:
    named = any(field in evidence.headers for field in _RESPONDER_FIELDS)
    said = (
        _value(evidence, "x-precedence") == "auto_reply",
        _value(evidence, "x-autogenerated") == "reply",
        _value(evidence, "x-post-messageclass").startswith("9"),
        _value(evidence, "delivered-to") == "autoresponder",
    )
    return named or any(said)


def _list(evidence: Evidence) -> bool:
    return any(field in evidence.headers for field in _LIST_FIELDS)


def _bulk(evidence: Evidence) -> bool:
    return _value(evidence, "precedence") in ("bulk", "junk", "list")


def _spam(evidence: Evidence) -> bool:
    return _value(evidence, "x-spam-flag") == "yes" or _value(evidence, "x-spam-status").startswith("yes")


def _note(evidence: Evidence) -> bool:
    return bool(_NOTE.match(evidence.subject.strip().lower()))


def _failure(evidence: Evidence) -> bool:
    return bool(_FAILURE.match(evidence.subject.strip().lower()))


SIGNS: tuple[Sign, ...] = (
    Sign("a null reverse-path", "envelope", Weight.HINT, "RFC 5321 4.5.5, RFC 3834 2", _null, "null-reverse-path"),
    Sign("the practice's own address", "own", Weight.NOTHING, "RFC 3834 2", _own, "own-address"),
    Sign("multipart/report", "report", Weight.PROOF, "RFC 6522", _report),
    Sign("an author that nobody is behind", "author", Weight.PROOF, "RFC 3834 2", _from_nobody),
    Sign("an author that nobody is behind, with a Reply-To", "author", Weight.HINT, "web forms", _from_form),
    Sign("an author that is a program", "author", Weight.HINT, "RFC 3834 2, RFC 5230 4.6", _program),
    Sign("a reverse-path that nobody is behind", "envelope", Weight.HINT, "RFC 3834 2, RFC 5230 4.6", _bounced_by),
    Sign("Auto-Submitted", "auto-submitted", Weight.HINT, "RFC 3834 5", _auto_submitted),
    Sign("a field that responders set", "responder", Weight.HINT, "arp242.net/autoreply", _responder),
    Sign("a field that lists set", "list", Weight.HINT, "RFC 2369, RFC 2919, RFC 3834 2", _list),
    Sign("Precedence", "list", Weight.HINT, "RFC 3834 2", _bulk),
    Sign("a subject as absence notes have it", "subject", Weight.HINT, "Exchange, which sets no standard field", _note),
    Sign("a subject as failure notices have it", "subject", Weight.HINT, "notices before RFC 3464", _failure),
    Sign("a spam filter's verdict", "spam", Weight.NOTHING, "SpamAssassin, rspamd", _spam),
)
