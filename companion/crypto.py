"""Encryption of what is known about people, and the keyed index that finds it again.

`ENCRYPTION_KEYS` encrypt (Fernet: AES-128-CBC with HMAC-SHA256, https://github.com/fernet/spec); the first writes,
all read, so that keys can be rotated. The index key is random, made once, and kept in the database wrapped by the same
keys: rotating them never changes an index, so a STOP is still honoured.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class CannotDecryptError(Exception):
    """A stored value was written with a key that is not among `ENCRYPTION_KEYS`."""


class Cipher:
    """Encrypts text and computes blind indexes.

    `keys`: urlsafe base64 Fernet keys, the first one writes. `index_key`: 32 bytes.
    """

    def __init__(self, keys: Sequence[str], index_key: bytes) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self._index_key = index_key

    def encrypt(self, text: str) -> bytes:
        """Return `text` as a Fernet token. Lone surrogates survive the round trip."""
        return self._fernet.encrypt(text.encode("utf-8", "surrogatepass"))

    def decrypt(self, token: bytes) -> str:
        """Return the text of `token`. Raises CannotDecryptError."""
        return _decrypt(self._fernet, token).decode("utf-8", "surrogatepass")

    def index(self, text: str) -> bytes:
        """Return the keyed index of `text`: 32 bytes that tell nothing without the index key."""
        return hmac.digest(self._index_key, text.encode("utf-8", "surrogatepass"), hashlib.sha256)


def new_wrapped_index_key(keys: Sequence[str]) -> bytes:
    """Make an index key and return it encrypted with the first of `keys`."""
    return Fernet(keys[0]).encrypt(secrets.token_bytes(32))


def unwrap_index_key(keys: Sequence[str], wrapped: bytes) -> bytes:
    """Return the index key. Raises CannotDecryptError when none of `keys` wrote it."""
    return _decrypt(MultiFernet([Fernet(key) for key in keys]), wrapped)


def _decrypt(fernet: MultiFernet, token: bytes) -> bytes:
    try:
        return fernet.decrypt(token)
    except InvalidToken as error:
        raise CannotDecryptError("none of ENCRYPTION_KEYS can read what is stored") from error
