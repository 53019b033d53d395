"""The grammar of a notification (RFC 8098 7), written down from the RFC and sharing nothing with what composes one.

As the RFC asks generators to write it: no comments, and nothing at the end of a field.
"""

from __future__ import annotations

import re

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_TEXT = r"[\x01-\x09\x0b\x0c\x0e-\x7f]*"
_MSG_ID = r"<[!-;=?-~]+@[!-;=?-~]+>"
_TYPED = rf"[ \t]*{_ATOM}[ \t]*;[ \t]*[!-~](?:[ -~]*[!-~])?"
_MODE = r"(?:manual-action|automatic-action)[ \t]*/[ \t]*(?:MDN-sent-manually|MDN-sent-automatically)"
_TYPE = r"(?:displayed|deleted|dispatched|processed)"
_FIELDS = {
    "reporting-ua": r"[ \t]*[!-:<-~][ -:<-~]*(?:;[ \t]*[!-~](?:[ -~]*[!-~])?)?",
    "original-recipient": _TYPED,
    "final-recipient": _TYPED,
    "original-message-id": rf"[ \t]*{_MSG_ID}",
    "disposition": rf"[ \t]*{_MODE}[ \t]*;[ \t]*{_TYPE}(?:[ \t]*/[ \t]*{_ATOM}(?:[ \t]*,[ \t]*{_ATOM})*)?",
}
_ORDER = tuple(_FIELDS)
_NEEDED = ("Final-Recipient", "Disposition")


def faults_of(notification: bytes) -> list[str]:
    """What is wrong with a notification's body: names of fields, or sentences; empty where it keeps to the grammar."""
    if not notification.endswith(b"\r\n"):
        return ["the last field has no line end"]
    unfolded = re.sub(r"\r\n(?=[ \t])", "", notification.decode("ascii"))
    fields = [line.partition(":") for line in unfolded.split("\r\n")[:-1]]
    names = [name for name, _, _ in fields]
    faults = [f"{name} is missing" for name in _NEEDED if name not in names]
    faults += [name for name, colon, value in fields if not _keeps_to_it(name, colon, value)]
    faults += [f"{name} stands there twice" for name in dict.fromkeys(names) if names.count(name) > 1]
    known = [_ORDER.index(name.lower()) for name in names if name.lower() in _FIELDS]
    return faults if known == sorted(known) else [*faults, "the order is not the one that is recommended"]


def _keeps_to_it(name: str, colon: str, value: str) -> bool:
    rule = _FIELDS.get(name.lower(), _TEXT)
    return colon == ":" and re.fullmatch(rule, value, re.IGNORECASE) is not None
