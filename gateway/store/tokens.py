"""The token in our Message-IDs: 128 random bits, by which answers and bounces are matched where servers replace ids.

Our mail carries it in References too, as part of whatever a server made of the id.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable

from gateway.store.sealing import Sealer

_TOKEN = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")


def draw() -> str:
    """A new token."""
    return secrets.token_hex(16)


def blind_token(sealer: Sealer, token: str) -> bytes:
    """Look-up value of a token."""
    return sealer.blind("effects.token", token)


def tokens_in(sealer: Sealer, message_ids: Iterable[str]) -> list[bytes]:
    """Look-up values of everything in these ids that may be a token of ours."""
    found = {token for one in message_ids for token in _TOKEN.findall(one.lower())}
    return [blind_token(sealer, token) for token in sorted(found)]
