"""What a token is shown with, to IMAP and SMTP servers alike: XOAUTH2 and OAUTHBEARER (RFC 7628).

In go who signs in and the token, out comes what is said, before base64. Opens nothing and keeps nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass


def _xoauth2(user: str, token: str, _host: str, _port: int) -> str:
    """Google's form (developers.google.com/workspace/gmail/imap/xoauth2-protocol), which Microsoft has too."""
    return f"user={user}\1auth=Bearer {token}\1\1"


def _oauthbearer(user: str, token: str, host: str, port: int) -> str:
    """RFC 7628 3.1, behind the header of RFC 5801 4, in which `=` and `,` of a name are written otherwise."""
    name = user.replace("=", "=3D").replace(",", "=2C")
    return f"n,a={name},\1host={host}\1port={port}\1auth=Bearer {token}\1\1"


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One way to show a token."""

    name: str
    _said: Callable[[str, str, str, int], str]
    #: What answers a challenge that says what was wrong; only then does the server say no.
    gives_in: bytes

    def says(self, user: str, token: str, host: str, port: int) -> bytes:
        """What is said first."""
        return self._said(user, token, host, port).encode()


#: The first that a server offers is taken: XOAUTH2 has been proven for longer, by the largest providers.
MECHANISMS = (
    Mechanism("XOAUTH2", _xoauth2, b""),
    Mechanism("OAUTHBEARER", _oauthbearer, b"\1"),
)


def chosen(offered: Collection[str]) -> Mechanism | None:
    """The mechanism to use among those that a server offers, by their names in capitals; None for none."""
    return next((one for one in MECHANISMS if one.name in offered), None)
