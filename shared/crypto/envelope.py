"""The envelope that a provider key lies in at rest, byte for byte. Pure: it is given data key and nonce, and asks nobody.

    offset  bytes
    0       4      magic "RMLK"
    4       1      version, 1
    5       1      algorithm, 1: AES-256-GCM under a key derived with HKDF-SHA256, and a commitment to it
    6       12     nonce
    18      2      length of the wrapped data key, w (big-endian)
    20      w      wrapped data key
    20+w    32     commitment: another HKDF output of the same data key, checked before anything is decrypted
    52+w    ≥16    ciphertext and its 128-bit tag

The associated data is version, algorithm and the whole binding. AES-GCM alone does not commit to its key, the commitment does:
https://eprint.iacr.org/2020/1456. The derivation is RFC 5869, the cipher NIST SP 800-38D.
"""

import hmac
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.crypto.binding import Binding
from shared.crypto.keys import DataKey, corrupt

MAGIC = b"RMLK"
VERSION = 1
ALGORITHM = 1
NONCE_BYTES = 12
KEY_BYTES = 32
TAG_BYTES = 16
_HEAD = MAGIC + bytes((VERSION, ALGORITHM))
_WRAPPED_AT = len(_HEAD) + NONCE_BYTES + 2
_LONGEST_WRAPPED = 0xFFFF


@dataclass(frozen=True, slots=True)
class Envelope:
    """The parts of an envelope of this version and algorithm; there is no other."""

    nonce: bytes
    wrapped: bytes
    commitment: bytes
    ciphertext: bytes

    def write(self) -> bytes:
        """The envelope as it is kept."""
        if not 0 < len(self.wrapped) <= _LONGEST_WRAPPED:
            raise ValueError("a wrapped data key has 1 to 65535 bytes")
        length = len(self.wrapped).to_bytes(2, "big")
        return b"".join((_HEAD, self.nonce, length, self.wrapped, self.commitment, self.ciphertext))

    @classmethod
    def read(cls, kept: bytes) -> Self:
        """The parts of what was kept.

        Raises:
            CredentialCorrupt: it is not an envelope of this version and algorithm.
        """
        wrapped_until = _WRAPPED_AT + int.from_bytes(kept[_WRAPPED_AT - 2 : _WRAPPED_AT], "big")
        commitment_until = wrapped_until + KEY_BYTES
        if not kept.startswith(_HEAD) or wrapped_until == _WRAPPED_AT or len(kept) < commitment_until + TAG_BYTES:
            raise corrupt()
        return cls(
            nonce=kept[len(_HEAD) : len(_HEAD) + NONCE_BYTES],
            wrapped=kept[_WRAPPED_AT:wrapped_until],
            commitment=kept[wrapped_until:commitment_until],
            ciphertext=kept[commitment_until:],
        )


def seal(plain: bytes, binding: Binding, *, data_key: DataKey, nonce: bytes) -> bytes:
    """The envelope of `plain` under a fresh data key and a fresh random nonce; neither may ever seal again (threat K3)."""
    return Envelope(
        nonce=nonce,
        wrapped=data_key.wrapped,
        commitment=_commitment(data_key.plain, nonce),
        ciphertext=encrypt(
            plain, key=_sealing_key(data_key.plain, nonce), nonce=nonce, associated=_associated(binding)
        ),
    ).write()


def unseal(envelope: Envelope, binding: Binding, *, data_key: bytes) -> bytes:
    """What was sealed.

    Raises:
        CredentialCorrupt: it was sealed under another data key, for another binding, or has changed since.
    """
    if not hmac.compare_digest(envelope.commitment, _commitment(data_key, envelope.nonce)):
        raise corrupt()
    return decrypt(
        envelope.ciphertext,
        key=_sealing_key(data_key, envelope.nonce),
        nonce=envelope.nonce,
        associated=_associated(binding),
    )


def encrypt(plain: bytes, *, key: bytes, nonce: bytes, associated: bytes) -> bytes:
    """AES-256-GCM: ciphertext, then the 128-bit tag."""
    _check_sizes(key, nonce)
    return AESGCM(key).encrypt(nonce, plain, associated)


def decrypt(ciphertext: bytes, *, key: bytes, nonce: bytes, associated: bytes) -> bytes:
    """The plain bytes.

    Raises:
        CredentialCorrupt: key, nonce, associated data or ciphertext is another one.
    """
    _check_sizes(key, nonce)
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, associated)
    except InvalidTag as error:
        raise corrupt() from error


def derive(key: bytes, *, salt: bytes, purpose: bytes, length: int = KEY_BYTES) -> bytes:
    """HKDF-SHA256 (RFC 5869): another key for another purpose."""
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=purpose).derive(key)


def _check_sizes(key: bytes, nonce: bytes) -> None:
    if len(key) != KEY_BYTES or len(nonce) != NONCE_BYTES:
        raise ValueError("the envelope takes a key of 32 bytes and a nonce of 12")


def _sealing_key(data_key: bytes, nonce: bytes) -> bytes:
    return derive(data_key, salt=nonce, purpose=b"realmultillm envelope 1: sealing key")


def _commitment(data_key: bytes, nonce: bytes) -> bytes:
    return derive(data_key, salt=nonce, purpose=b"realmultillm envelope 1: commitment")


def _associated(binding: Binding) -> bytes:
    return bytes((VERSION, ALGORITHM)) + binding.encode()
