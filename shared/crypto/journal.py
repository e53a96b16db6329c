"""An owner's journal: what they said and were answered, sealed under a data key of their own. Pure: it is given the key, and asks nobody.

One data key for all that an owner keeps, wrapped as those of provider keys are but for another purpose, so that a list of conversations takes one
question to the key service and a right to the one opens nothing of the other (threat K7). Without its wrapped key a journal opens nowhere,
in no copy. Each text has a fresh nonce and a key derived from both (RFC 5869); the associated data say where it lies, so that a text moved to
another conversation, number or owner does not open.

    offset  bytes
    0       1      version, 1
    1       12     nonce
    13      ≥16    ciphertext and its 128-bit tag
"""

import hmac
import os
from collections.abc import Callable, Mapping
from typing import Final

from shared.crypto.binding import encode_context
from shared.crypto.envelope import NONCE_BYTES, TAG_BYTES, decrypt, derive, encrypt
from shared.errors import CredentialCorrupt

PURPOSE: Final = "journal"
_VERSION: Final = b"\x01"
_HEAD: Final = len(_VERSION) + NONCE_BYTES


def journal_context(owner: str) -> Mapping[str, str]:
    """What the data key of this owner's journal is wrapped under. AWS shows it in CloudTrail; an owner is an opaque id."""
    return {"purpose": PURPOSE, "owner": owner}


class Journal:
    """One owner's, opened. Do not keep it on anything that outlives the call."""

    __slots__ = ("_key", "_owner", "_random")

    def __init__(self, key: bytes, owner: str, *, random: Callable[[int], bytes] = os.urandom) -> None:
        self._key = key
        self._owner = owner
        self._random = random

    def seal(self, text: bytes, conversation: str, place: str) -> bytes:
        """The text, for that place of that conversation alone."""
        nonce = self._random(NONCE_BYTES)
        associated = self._associated(conversation, place)
        return _VERSION + nonce + encrypt(text, key=self._derived(nonce), nonce=nonce, associated=associated)

    def open(self, sealed: bytes, conversation: str, place: str) -> bytes:
        """The text again.

        Raises:
            CredentialCorrupt: it was sealed for another place, or has changed since.
        """
        if sealed[:1] != _VERSION or len(sealed) < _HEAD + TAG_BYTES:
            raise _corrupt()
        nonce = sealed[len(_VERSION) : _HEAD]
        associated = self._associated(conversation, place)
        try:
            return decrypt(sealed[_HEAD:], key=self._derived(nonce), nonce=nonce, associated=associated)
        except CredentialCorrupt as error:
            raise _corrupt() from error

    def fingerprint(self, text: bytes) -> bytes:
        """32 bytes by which the same text is known again, and from which nobody without the key guesses it. HMAC-SHA256 (RFC 2104)."""
        key = derive(self._key, salt=b"", purpose=b"realmultillm journal 1: fingerprint key")
        return hmac.digest(key, text, "sha256")

    def _derived(self, nonce: bytes) -> bytes:
        return derive(self._key, salt=nonce, purpose=b"realmultillm journal 1: sealing key")

    def _associated(self, conversation: str, place: str) -> bytes:
        where = {"owner": self._owner, "conversation": conversation, "place": place}
        return _VERSION + encode_context({**journal_context(self._owner), **where})


def _corrupt() -> CredentialCorrupt:
    return CredentialCorrupt(
        "What was kept of this conversation does not open where it lies: it was changed or moved. Delete it."
    )
