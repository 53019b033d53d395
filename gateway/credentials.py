"""Reads secrets from where the settings say that they are: the environment, a file, a systemd credential.

In goes a `settings.schema.Secret`, out comes the secret. A missing key file is made, for its owner alone; nothing is
ever overwritten. Refuses to know what a secret is for.

    CredentialError        a secret can't be had; the text names the place and the mend, never the secret
    ├── Missing            ... there is nothing at the place
    └── Unsafe             ... others can read it, or it is no key
"""

from __future__ import annotations

import binascii
import os
import secrets
import stat
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.settings.sign_in import Secret

_KEY_OCTETS = 32
_HEAD = "# Opens what Handrail keeps of people: back it up apart from the database, and show it to nobody.\n"


class CredentialError(Exception):
    """A secret can't be had. The text names the place and the mend, never the secret."""


class Missing(CredentialError):
    """There is nothing at the place."""


class Unsafe(CredentialError):
    """Others can read it, or it is no key."""


def read_secret(secret: Secret, folder: Path) -> str:
    """The secret, without the line end that editors add. `folder` is the config folder. Raises CredentialError."""
    if secret.file is not None:
        return _read(folder / secret.file)
    if secret.env:
        return _from_environment(secret.env)
    if secret.credential:
        return _read(_credential(secret.credential))
    raise Missing("a secret says no place; write {env: NAME}, {file: PATH} or {credential: NAME}")


def key_ring(secret: Secret, folder: Path) -> list[bytes]:
    """The keys, newest first; a key file that is missing is made. Raises CredentialError.

    One key a line, 64 hex digits each; blank lines and lines that begin with `#` don't count.
    """
    if secret.file is not None:
        path = folder / secret.file
        _make_key(path)
        _refuse_open_to_others(path)
    lines = [line.strip() for line in read_secret(secret, folder).splitlines()]
    keys = [_key(line, _name(secret)) for line in lines if line and not line.startswith("#")]
    if not keys:
        raise Missing(f"{_name(secret)} holds no key; put back the backup of it")
    return keys


def key_for(purpose: str, ring: Sequence[bytes]) -> bytes:
    """A key for one purpose, 32 octets (RFC 5869). From the oldest key, so that a new one put before it leaves what was
    signed good.
    """
    return HKDF(SHA256(), _KEY_OCTETS, salt=None, info=b"handrail: " + purpose.encode("ascii")).derive(ring[-1])


def _key(line: str, name: str) -> bytes:
    try:
        key = binascii.unhexlify(line)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_OCTETS:
        raise Unsafe(f"{name} has a line that is no key of {2 * _KEY_OCTETS} hex digits; put back the backup of it")
    return key


def _make_key(path: Path) -> None:
    """Make a key file unless there is one. Written apart and linked into place, so that nobody reads half of it."""
    if path.exists():
        return
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_key(draft)
        try:
            os.link(draft, path)
        except FileExistsError:
            return  # Another node made it in the meantime; that one counts.
        finally:
            draft.unlink()
    except OSError as error:
        raise Missing(f"{path} is missing and can't be made ({error.strerror}); make its folder writable") from error


def _write_key(draft: Path) -> None:
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(f"{_HEAD}{secrets.token_hex(_KEY_OCTETS)}\n")
        file.flush()
        os.fsync(file.fileno())


def _refuse_open_to_others(path: Path) -> None:
    mode = path.stat().st_mode
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Unsafe(f"{path} can be read by others than its owner; chmod 600 {path}")


def _from_environment(name: str) -> str:
    if not (value := os.environ.get(name, "")):
        raise Missing(f"the environment variable {name} is not set; set it, or write {{file: PATH}}")
    return value


def _credential(name: str) -> Path:
    if not (folder := os.environ.get("CREDENTIALS_DIRECTORY", "")):
        raise Missing(f"no systemd credentials here; add LoadCredential={name}:PATH to the unit")
    return Path(folder) / name


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except FileNotFoundError as error:
        raise Missing(f"{path} is missing; put the secret there, for its owner alone (chmod 600)") from error
    except OSError as error:
        raise Missing(f"{path} can't be read ({error.strerror}); chown it to the gateway's user") from error
    except UnicodeDecodeError as error:
        raise Unsafe(f"{path} holds no text; a secret is a line of text") from error


def _name(secret: Secret) -> str:
    return str(secret.file or secret.env or secret.credential)
