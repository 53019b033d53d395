"""Seals what names a person, and makes the blind look-up values that stand in its place.

In goes text with the place where it will lie (table, column, row); out come bytes that open only with a key of the
ring and only at that place. Sealing is AES-256-GCM (NIST SP 800-38D) with the place as associated data; a blind value
is an HMAC-SHA256, so that a stolen database neither shows an address nor confirms a guessed one.
Refuses to know where keys come from (`gateway.credentials`) and what is personal (`gateway.core.events.PERSONAL`).

    SealError            a sealed value does not open
    └── UnknownKey       ... because the key that sealed it is not in the ring
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Sequence
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_OCTETS = 32
_VERSION = b"\x01"
_ID_OCTETS = 4
_NONCE_OCTETS = 12
_HEAD = len(_VERSION) + _ID_OCTETS + _NONCE_OCTETS


class SealError(Exception):
    """A sealed value does not open: it was changed, or lies where it was not put."""


class UnknownKey(SealError):
    """The key that sealed it is not in the ring."""


class Sealer:
    """A key ring. The first key seals, every key opens; the last one, the oldest, makes the blind values,
    so that a new key put before it leaves look-ups as they are."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """`keys`: newest first, 32 octets each. Raises ValueError for others."""
        if not keys or any(len(key) != KEY_OCTETS for key in keys):
            raise ValueError(f"a key ring holds one or more keys of {KEY_OCTETS} octets")
        self._ciphers = {_derive(key, b"key id", _ID_OCTETS): AESGCM(_derive(key, b"seal")) for key in keys}
        self._newest = _derive(keys[0], b"key id", _ID_OCTETS)
        self._blind = _derive(keys[-1], b"blind")

    def seal(self, text: str, *place: str) -> bytes:
        """Version, key id, nonce and ciphertext. `place` is table, column and row."""
        nonce = os.urandom(_NONCE_OCTETS)
        sealed = self._ciphers[self._newest].encrypt(nonce, _octets(text), _associated(place))
        return _VERSION + self._newest + nonce + sealed

    def open(self, sealed: bytes, *place: str) -> str:
        """What was sealed at this place. Raises SealError."""
        version, key, nonce = sealed[:1], sealed[1 : 1 + _ID_OCTETS], sealed[1 + _ID_OCTETS : _HEAD]
        cipher = self._ciphers.get(key)
        if version != _VERSION or len(sealed) < _HEAD:
            raise SealError(f"{place[0]}: no sealed value of this version")
        if cipher is None:
            raise UnknownKey(f"{place[0]}: sealed with key {key.hex()}, which the key ring does not hold")
        try:
            return cipher.decrypt(nonce, sealed[_HEAD:], _associated(place)).decode("utf-8", "surrogatepass")
        except InvalidTag as error:
            raise SealError(f"{place[0]}: a sealed value was changed or moved") from error

    def blind(self, domain: str, value: str) -> bytes:
        """The look-up value of a text; equal texts in one domain have equal values, in two domains they don't."""
        return hmac.digest(self._blind, _associated((domain, value)), sha256)


def _derive(key: bytes, purpose: bytes, octets: int = KEY_OCTETS) -> bytes:
    """A sub-key for one purpose (RFC 5869)."""
    return HKDF(SHA256(), octets, salt=None, info=b"handrail store: " + purpose).derive(key)


def _octets(text: str) -> bytes:
    # Header fields of the wild decode to lone surrogates: those are kept, not refused.
    return text.encode("utf-8", "surrogatepass")


def _associated(parts: Sequence[str]) -> bytes:
    """The parts with their lengths, so that no two lists of parts look alike."""
    encoded = [_octets(part) for part in parts]
    return b"".join([len(part).to_bytes(4, "big") + part for part in encoded])
