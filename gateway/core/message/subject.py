"""A few signs put before the subject of a message as it is handed on, so that any mail program shows them.

In goes content as it came, out comes the same with a longer subject; every other byte stays. What the writer put there
is not decoded: encoded words and folds stand behind the prefix as they were (RFC 2047, RFC 5322 2.2.3). A signature
that covers the subject (DKIM, RFC 6376 5.4.1 asks for that) does not hold any more, which is the price.
"""

from __future__ import annotations

import re

from gateway.core.message.fields import text_field
from gateway.core.message.headers import parse

_SUBJECT = re.compile(rb"(?im)^(Subject[ \t]*:)([^\n]*)")
#: RFC 5322 2.1.1: what a line should not exceed.
_WIDTH = 78
#: Between two encoded words, where a blank by itself is shown by nobody (RFC 2047 6.2).
_BLANK = b" =?utf-8?Q?_?="
#: How far behind the name of the field the first word is looked for: over a fold, and no further.
_NEAR = 1000


def with_prefix(content: bytes, prefix: str) -> bytes:
    """The content with `prefix` before its subject, unless it begins so; a message without a subject gets the prefix.

    Of several subjects each gets it: programs differ in which they show. What has no header is left alone.
    """
    headers, body = parse(content)
    if not prefix.strip() or "no-header" in headers.defects:
        return content
    head = content[:body]
    if not _SUBJECT.search(head):
        return text_field("Subject", prefix) + content
    return _SUBJECT.sub(lambda found: _prefixed(found, prefix), head) + content[body:]


def _prefixed(found: re.Match[bytes], prefix: str) -> bytes:
    name, line = found[1], found[2]
    value = found.string[found.end(1) : found.end(1) + _NEAR].lstrip(b" \t\r\n")
    said = text_field("Subject", prefix).partition(b": ")[2].rstrip(b"\r\n")
    if value.startswith(said):
        return found[0]
    if said.startswith(b"=?") and value.startswith(b"=?"):
        said += _BLANK
    text = line.lstrip(b" \t")
    if not text.strip():
        return name + b" " + said + text
    gap = line[: len(line) - len(text)] or b" "
    whole = name + b" " + said + gap + text
    if len(whole.rstrip(b"\r")) <= _WIDTH:
        return whole
    return name + b" " + said + (b"\r\n" if text.endswith(b"\r") else b"\n") + gap + text
