"""Bytes to facts: all that Handrail knows of a message, read once.

Never raises, on any bytes: what can't be read is in `Facts.defects`. Knows no policy and no history. Time is linear in
the content; above 100 kB it belongs in a thread, which is the caller's matter.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime

from gateway.core import addresses
from gateway.core.message import automatic, mime, new_text
from gateway.core.message.authenticity import authentication
from gateway.core.message.facts import Envelope, Facts, Person
from gateway.core.message.headers import Headers, as_text, message_ids, parse, people
from gateway.core.message.language import guess
from gateway.core.message.request import original_recipient, required_options
from gateway.core.message.safety import answering_unsafe
from gateway.core.message.text import contents
from gateway.core.message.trace import instant
from gateway.core.message.words import count

#: Characters of text looked at: fifty thousand words, a short novel.
MOST_CHARACTERS = 300_000


def read(content: bytes, envelope: Envelope, *, own: frozenset[str] = frozenset()) -> Facts:
    """The facts. `own` are the practice's own addresses: nothing automatic is ever sent to these."""
    headers, at = parse(content)
    top = mime.part(headers, content[at:])
    found = contents(top)
    authors, reply_to = people(_values(headers, "from")), people(_values(headers, "reply-to"))
    author = authors[0] if authors else Person("")
    subject, sent_at = headers.get("subject"), instant(headers.plain("date"))
    defects = [*headers.defects, *found.defects, *_missing(headers, authors, sent_at)]
    text = found.text[:MOST_CHARACTERS]
    if len(found.text) > MOST_CHARACTERS:
        defects.append("text-cut")
    parts = new_text.split(text)
    quoted = "\n\n".join(piece for piece in (parts.quoted, *found.forwarded) if piece)[:MOST_CHARACTERS]
    message_id = _message_id(headers)
    in_reply_to = message_ids(_values(headers, "in-reply-to"))
    references = message_ids(_values(headers, "references"))
    key = _sha(message_id) if message_id else _sha(author.address, headers.plain("date"), subject, _stable(top.body))
    answers = tuple(person.address for person in reply_to)
    return Facts(
        envelope=envelope,
        key=key,
        digest=_sha(envelope.reverse_path, *sorted(envelope.recipients), content),
        octets=len(content),
        message_id=message_id,
        in_reply_to=in_reply_to,
        references=references,
        thread=_sha(first) if (first := next(iter((*references, *in_reply_to, message_id)), "")) else key,
        author=author,
        reply_to=answers,
        sent_at=sent_at,
        subject=subject,
        text=text,
        new_text=parts.new,
        quoted_text=quoted,
        new_words=count(parts.new),
        quoted_words=count(quoted),
        attachments=tuple(found.attachments),
        language=guess(parts.new or text, headers.plain("content-language")),
        automation=automatic.judge(
            automatic.Evidence(envelope, headers, author, answers, subject, top.media_type, own)
        ),
        receipt_to=_receipt_to(headers, top.media_type),
        receipt_requires=required_options(_values(headers, "disposition-notification-options")),
        original_recipient=original_recipient(_values(headers, "original-recipient")),
        important=_important(headers),
        answering_unsafe=answering_unsafe(subject, parts.new),
        defects=tuple(dict.fromkeys(defects)),
        authentication=authentication(headers),
        to=tuple(person.address for name in ("to", "cc") for person in people(_values(headers, name))),
    )


def identified(facts: Facts, host: str) -> Facts:
    """The facts with a Message-ID, made of the digest where the message has none.

    A server further on would make one of its own (RFC 5321 6.4), and the copy in the mailbox would be another message.
    """
    if facts.message_id:
        return facts
    made = f"{_made_id(facts.digest)}{host}>"
    begins = not (facts.references or facts.in_reply_to)
    return replace(facts, message_id=made, key=_sha(made), thread=_sha(made) if begins else facts.thread)


def is_made_id(message_id: str, digest: str) -> bool:
    """Whether it is the one that `identified` made for a message with this digest."""
    return message_id.startswith(_made_id(digest))


def _made_id(digest: str) -> str:
    return f"<{digest[:32]}@"


def found_envelope(content: bytes, recipient: str) -> Envelope:
    """The envelope of a message found in a mailbox: what the delivering server noted in Return-Path (RFC 5321 4.4).

    Without that field the author stands in.
    """
    headers, _ = parse(content)
    if "return-path" in headers:
        return Envelope(headers.plain("return-path").strip("<> "), (recipient,))
    authors = people(_values(headers, "from"))
    return Envelope(authors[0].address if authors else addresses.NULL, (recipient,), assumed=True)


def _values(headers: Headers, name: str) -> list[str]:
    """All values as text, encoded words still in place: decoded, a comma in a name would part an address."""
    return [as_text(value) for value in headers.raw(name)]


def _sha(*pieces: str | bytes) -> str:
    """SHA-256 over the pieces, each with its length, so that no two lists are one."""
    digest = hashlib.sha256()
    for piece in pieces:
        octets = piece.encode("utf-8", "surrogatepass") if isinstance(piece, str) else piece
        if len(pieces) > 1:
            digest.update(f"{len(octets)}:".encode())
        digest.update(octets)
    return digest.hexdigest()


def _stable(body: bytes) -> bytes:
    """The body as every server keeps it: line ends and blanks at the end may differ on the way."""
    return body.replace(b"\r\n", b"\n").rstrip()


def _message_id(headers: Headers) -> str:
    value = headers.plain("message-id")
    return next(iter(message_ids([value])), "".join(value.split())[:998].strip("<>"))


def _important(headers: Headers) -> bool:
    """As RFC 2156 5.3.4, RFC 4021 and Outlook's own field say it."""
    return (
        headers.plain("importance").lower() == "high"
        or headers.plain("priority").lower() == "urgent"
        or headers.plain("x-priority")[:1] in ("1", "2")
    )


def _receipt_to(headers: Headers, media_type: str) -> tuple[str, ...]:
    """Every address that asks for a receipt; a fragment asks for none (RFC 8098 2.4)."""
    if media_type == "message/partial":
        return ()
    return tuple(person.address for person in people(_values(headers, "disposition-notification-to")))


def _missing(headers: Headers, authors: tuple[Person, ...], sent_at: datetime | None) -> list[str]:
    defects = []
    if not authors:
        defects.append("no-author")
    if len(authors) > 1 or len(headers.raw("from")) > 1:
        defects.append("several-authors")
    if sent_at is None:
        defects.append("no-date")
    return defects
