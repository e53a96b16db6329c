"""Data keys wrapped by a key file: the home on one machine. The newest master key wraps, older ones still unwrap.

A wrapped data key is, byte for byte: version 1 · id of the master key (8) · nonce (12) · AES-256-GCM ciphertext and tag (48).
The associated data is version, id and the context. Whoever loses the file loses the provider keys: back it up, apart from the table.
"""

import secrets
from collections.abc import Mapping
from pathlib import Path

from shared.crypto.binding import encode_context
from shared.crypto.envelope import KEY_BYTES, NONCE_BYTES, TAG_BYTES, decrypt, encrypt
from shared.crypto.keys import DataKey, corrupt
from shared.crypto.masters import ID_BYTES, Masters, add, read, read_or_create

_VERSION = 1
_NONCE_AT = 1 + ID_BYTES
_SEALED_AT = _NONCE_AT + NONCE_BYTES
_WRAPPED_BYTES = _SEALED_AT + KEY_BYTES + TAG_BYTES


class KeyFile:
    """A KeyWrapper. The file is read once; only a data key of an unknown master key makes it look again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._masters: Masters = {}

    async def generate(self, context: Mapping[str, str]) -> DataKey:
        """A fresh data key, wrapped under the context."""
        plain = secrets.token_bytes(KEY_BYTES)
        return DataKey(plain=plain, wrapped=self._wrap(plain, context))

    async def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """The plain data key."""
        if len(wrapped) != _WRAPPED_BYTES or wrapped[0] != _VERSION:
            raise corrupt()
        id_, nonce, sealed = wrapped[1:_NONCE_AT], wrapped[_NONCE_AT:_SEALED_AT], wrapped[_SEALED_AT:]
        return decrypt(sealed, key=self._master(id_), nonce=nonce, associated=_associated(id_, context))

    async def rewrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """The same data key under the newest master key, also one that another process has just added."""
        self._masters = read_or_create(self._path)
        return self._wrap(await self.unwrap(wrapped, context), context)

    def ready(self) -> None:
        """Read the file, or make it. Called at start, a file that cannot be used stops it there.

        Raises:
            KeyServiceUnavailable: the file cannot be used. The message names the remedy.
        """
        if not self._masters:
            self._masters = read_or_create(self._path)

    def rotate(self) -> str:
        """Add a master key, which wraps from now on; its id in hex, which is no secret. Take no older one out before all that is stored was rewrapped.

        Raises:
            KeyServiceUnavailable: the file cannot be used. The message names the remedy.
        """
        self.ready()
        self._masters = add(self._path)
        return next(reversed(self._masters)).hex()

    def _wrap(self, plain: bytes, context: Mapping[str, str]) -> bytes:
        self.ready()
        id_, master = next(reversed(self._masters.items()))
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = encrypt(plain, key=master, nonce=nonce, associated=_associated(id_, context))
        return bytes((_VERSION,)) + id_ + nonce + sealed

    def _master(self, id_: bytes) -> bytes:
        self.ready()
        if id_ not in self._masters:
            self._masters = read(self._path)
        if id_ not in self._masters:
            raise corrupt()
        return self._masters[id_]


def _associated(id_: bytes, context: Mapping[str, str]) -> bytes:
    return bytes((_VERSION,)) + id_ + encode_context(context)
