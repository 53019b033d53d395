"""A server's reply to a command (RFC 5321 4.2) with its enhanced code (RFC 3463), as one value.

A reply is made by `accepted()`, `transient()` or `permanent()`, so that the class of the code and
of the enhanced code can't contradict each other, or taken over from a downstream by `parse()`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ENHANCED = re.compile(r"^([245])\.(\d{1,3})\.(\d{1,3})(?:\s+|$)")


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply: the code, the enhanced code where there is one, and the lines of text."""

    code: int
    enhanced: str
    lines: tuple[str, ...]

    @property
    def accepted(self) -> bool:
        """Whether the command was carried out (2yz)."""
        return self.code // 100 == 2

    @property
    def transient(self) -> bool:
        """Whether the same command may succeed later (4yz)."""
        return self.code // 100 == 4

    @property
    def text(self) -> str:
        """The text of all lines, joined by a blank."""
        return " ".join(self.lines)

    def __str__(self) -> str:
        """The reply as it goes over the wire, without the final CRLF."""
        prefix = f"{self.enhanced} " if self.enhanced else ""
        lines = self.lines or ("",)
        head = [f"{self.code}-{prefix}{line}" for line in lines[:-1]]
        return "\r\n".join([*head, f"{self.code} {prefix}{lines[-1]}"])


def accepted(text: str, detail: str = "0.0") -> Reply:
    """A 250 with enhanced code `2.{detail}`."""
    return Reply(250, f"2.{detail}", (text,))


def transient(code: int, detail: str, text: str) -> Reply:
    """A 4yz with enhanced code `4.{detail}`: the peer keeps the message and tries again."""
    if code // 100 != 4:
        raise ValueError(f"{code} is no transient code")
    return Reply(code, f"4.{detail}", (text,))


def permanent(code: int, detail: str, text: str) -> Reply:
    """A 5yz with enhanced code `5.{detail}`: the peer gives the message up."""
    if code // 100 != 5:
        raise ValueError(f"{code} is no permanent code")
    return Reply(code, f"5.{detail}", (text,))


def parse(code: int, lines: tuple[str, ...]) -> Reply:
    """A downstream's reply as it came; an enhanced code of another class than the code is dropped as text."""
    found = [_ENHANCED.match(line) for line in lines]
    first = found[0] if found else None
    if first is None or int(first[1]) != code // 100:
        return Reply(code, "", lines)
    enhanced = ".".join(first.groups())
    rest = tuple(line[match.end() :] if match else line for line, match in zip(lines, found, strict=True))
    return Reply(code, enhanced, rest)


#: Said where we don't know what went wrong: never a 5yz, never the exception's text.
UNKNOWN = transient(451, "3.0", "Temporary internal error, please try again later")
#: The downstream is down or timed out (RFC 3463: X.4.1, no answer from host).
NO_DOWNSTREAM = transient(451, "4.1", "The mailbox server does not answer, please try again later")
#: Enhanced codes of our own replies about signing in to the smart host: credentials were refused or there are none
#: (RFC 4954 6, as a fault that passes), and Microsoft's 5.7.139, that signing in is switched off there.
REFUSED_US, SWITCHED_OFF = "4.7.8", "4.7.139"
SIGN_IN = (REFUSED_US, SWITCHED_OFF)
