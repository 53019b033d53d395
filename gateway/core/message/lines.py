"""Line ends and leading dots of content, where SMTP and its lenient servers disagree (RFC 5321 2.3.8, 4.5.2).

In goes content as it stood between `354` and the final dot, out comes content whose every line ends in CRLF,
and the other way round. So no server behind us can see an end of message that we did not see (SMTP smuggling).
"""

from __future__ import annotations

import re

CRLF = b"\r\n"
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LEADING_DOT = re.compile(rb"(?m)^\.")


def normalised(content: bytes) -> bytes:
    """The content with CRLF for every bare CR or LF, as Postfix 3.9 does (`smtpd_forbid_bare_newline = normalize`).

    NUL is left out: no text may hold it (RFC 2045 2.7, 2.8), and a server that skips it would read
    `NUL . CRLF` as the end of the message.
    """
    if b"\0" in content:
        content = content.replace(b"\0", b"")
    ends = content.count(CRLF)
    if content.count(b"\r") == ends and content.count(b"\n") == ends:
        return content
    return _LINE_END.sub(CRLF, content)


def unstuffed(content: bytes) -> bytes:
    """The content without the dots that a peer put before dots (RFC 5321 4.5.2). Lines are those that end in CRLF."""
    if content.startswith(b"."):
        content = content[1:]
    return content.replace(b"\r\n.", CRLF)


def stuffed(content: bytes) -> bytes:
    """The content with a dot before every dot that begins a line, and CRLF at its end: ready for the final dot."""
    if content and not content.endswith(CRLF):
        content += CRLF
    return _LEADING_DOT.sub(b"..", content)
