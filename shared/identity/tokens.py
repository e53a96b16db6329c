"""Access tokens: `sk-rml-<id>_<secret>_<checksum>`, what programs call with. Threats I1 and I9."""

import hmac
from collections.abc import Callable

from shared.errors import Unauthenticated
from shared.identity.caller import Caller
from shared.identity.opaque import digest_of, mint_secret, read_id
from shared.identity.remember import Remembered
from shared.records.token import AccessToken
from shared.storage.accounts import find_account
from shared.storage.table import Table
from shared.storage.tokens import find_token
from shared.storage.tombstones import is_buried

PREFIX = "sk-rml-"


def mint_token(token_id: str | None = None) -> tuple[str, str]:
    """A new token: its id (or the given one, when its secret is replaced) and the whole of it, to be shown once."""
    return mint_secret(PREFIX, token_id)


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
        token_id = read_id(PREFIX, token)
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

    def forget_all_of(self, owner: str) -> None:
        """All of that owner's are gone: this process knows at once."""
        self._seen.forget_all(lambda token: token.owner == owner)

    async def _look_up(self, token_id: str, digest: bytes) -> AccessToken:
        """One who may not sign in, or is there no more, has no programs that may call either."""
        asked_at = self._now()
        record = await find_token(self._table, token_id)
        if not hmac.compare_digest(record.digest if record else bytes(len(digest)), digest) or record is None:
            raise _refused()
        account = await find_account(self._table, record.owner)
        if (account is None and await is_buried(self._table, record.owner)) or (account and not account.is_active):
            raise _refused()
        self._seen.keep(digest, record, since=asked_at)
        return record


def _refused() -> Unauthenticated:
    return Unauthenticated("The access token is not valid.")
