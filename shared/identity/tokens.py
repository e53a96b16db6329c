"""Access tokens: `sk-rml-<id>_<256 random bits>_<checksum>`. Threats I1 and I9.

The checksum (CRC-32 in hex) is no secret: it lets a mistyped or invented token be refused without asking the table, and lets scanners
of leaked keys recognise ours: https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
"""

import hashlib
import hmac
import re
import secrets
import zlib
from collections.abc import Callable

from shared.errors import Unauthenticated
from shared.identity.caller import Caller
from shared.identity.remember import Remembered
from shared.records.ids import mint_id
from shared.records.token import AccessToken
from shared.storage.table import Table
from shared.storage.tokens import find_token

PREFIX = "sk-rml-"
SECRET_BYTES = 32

_SHAPE = re.compile(r"sk-rml-([0-9a-hjkmnp-tv-z]{16})_[A-Za-z0-9_-]{43}_[0-9a-f]{8}", re.ASCII)


def mint_token(token_id: str | None = None) -> tuple[str, str]:
    """A new token: its id (or the given one, when its secret is replaced) and the whole of it, to be shown once."""
    token_id = token_id or mint_id()
    body = f"{PREFIX}{token_id}_{secrets.token_urlsafe(SECRET_BYTES)}"
    return token_id, f"{body}_{_checksum(body)}"


def digest_of(token: str) -> bytes:
    """What is kept of a token. Of the whole of it, so it also names the token in a cache (CVE-2026-35030)."""
    return hashlib.sha256(token.encode()).digest()


def read_token_id(token: str) -> str | None:
    """The public id in a token whose shape and checksum are right. Asks nobody."""
    match = _SHAPE.fullmatch(token)
    if match is None or _checksum(token[:-9]) != token[-8:]:
        return None
    return match[1]


def _checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"


class AccessTokens:
    """Verifies access tokens, and remembers those it has seen for five seconds."""

    def __init__(self, table: Table, *, now: Callable[[], float]) -> None:
        self._table = table
        self._now = now
        self._seen: Remembered[bytes, AccessToken] = Remembered(now)

    async def verify(self, token: str) -> Caller:
        """Who calls with it. A token speaks for its owner as a user: it never administers.

        Raises:
            Unauthenticated: it is malformed, unknown, revoked or expired; one message for the first three.
            StorageUnavailable: the table does not answer. Never a 401 instead (trap 74).
        """
        token_id = read_token_id(token)
        if token_id is None:
            raise _refused()
        digest = digest_of(token)
        record = self._seen.find(digest) or await self._look_up(token_id, digest)
        if record.expires_at is not None and record.expires_at <= self._now():
            raise Unauthenticated("The access token has expired. Create another one, or move its expiry.")
        return Caller(owner=record.owner, email=None, role="user", token_id=record.id, token=record)

    def forget(self, token: AccessToken) -> None:
        """It has changed or is gone: this process knows at once, others within five seconds."""
        self._seen.forget(token.digest)

    async def _look_up(self, token_id: str, digest: bytes) -> AccessToken:
        asked_at = self._now()
        record = await find_token(self._table, token_id)
        if not hmac.compare_digest(record.digest if record else bytes(len(digest)), digest) or record is None:
            raise _refused()
        self._seen.keep(digest, record, since=asked_at)
        return record


def _refused() -> Unauthenticated:
    return Unauthenticated("The access token is not valid.")
