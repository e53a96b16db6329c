"""What another directory continues a session for, kept where nobody can read it: sealed under the refresh token that we gave out.

Of that token the table has a digest alone, so neither the table nor the token is enough; and who holds the token cannot go past our door
to the directory. A refresh token seals once, so its key does.
"""

from typing import Final

from shared.crypto.envelope import NONCE_BYTES, decrypt, derive, encrypt
from shared.errors import CredentialCorrupt

_PURPOSE: Final = b"realmultillm refresh token: what continues the session"
_NONCE: Final = bytes(NONCE_BYTES)
"""The key is derived from 256 random bits that are used for nothing else, once: the nonce need not differ."""


def seal_continuation(continuation: str, refresh_token: str, session_id: str) -> bytes:
    """Sealed for this session, under this refresh token."""
    key = _key(refresh_token, session_id)
    return encrypt(continuation.encode(), key=key, nonce=_NONCE, associated=session_id.encode())


def find_continuation(sealed: bytes | None, refresh_token: str, session_id: str) -> str | None:
    """What was sealed; None when it was not for this session and token, or has changed since."""
    key = _key(refresh_token, session_id)
    try:
        return decrypt(sealed or b"", key=key, nonce=_NONCE, associated=session_id.encode()).decode()
    except CredentialCorrupt:
        return None


def _key(refresh_token: str, session_id: str) -> bytes:
    return derive(refresh_token.encode(), salt=session_id.encode(), purpose=_PURPOSE)
