"""Sessions in the table, the same for every directory of people: a session lives while its row does. Threat I9."""

from collections.abc import Callable

from shared.errors import Unauthenticated
from shared.identity.caller import Caller
from shared.identity.remember import Remembered
from shared.records.account import SignIn
from shared.storage import accounts
from shared.storage.table import Table

SESSION_LIFE = 30 * 24 * 3600
"""Seconds until somebody signs in again, however often they refresh."""

REFRESH_PREFIX = "rt-rml-"


class Sessions:
    """Who is signed in, remembered for five seconds."""

    def __init__(self, table: Table, *, now: Callable[[], float]) -> None:
        self._table = table
        self._now = now
        self._seen: Remembered[str, Caller] = Remembered(now)

    async def begin(self, session_id: str, owner: str, refresh: bytes, *, continues: bytes | None = None) -> SignIn:
        """Keep a new one, whose newest refresh token has that digest."""
        now = int(self._now())
        session = SignIn(session_id, owner, refresh, created_at=now, expires_at=now + SESSION_LIFE, continues=continues)
        await accounts.add_sign_in(self._table, session)
        return session

    async def caller(self, session_id: str, owner: str) -> Caller:
        """Whose it is, and what they may now.

        Raises:
            Unauthenticated: it is over, another owner's, or its owner may not sign in any more.
        """
        caller = self._seen.find(session_id) or await self._look_up(session_id)
        if caller.owner != owner:
            raise signed_out()
        return caller

    async def end(self, owner: str, session_id: str) -> None:
        """It is over: here at once, elsewhere within five seconds."""
        await accounts.end_sign_in(self._table, owner, session_id)
        self._seen.forget(session_id)

    def forget(self, owner: str) -> None:
        """All of that owner's are over, as the table says: this process knows at once."""
        self._seen.forget_all(lambda caller: caller.owner == owner)

    async def _look_up(self, session_id: str) -> Caller:
        asked_at = self._now()
        session = await accounts.find_sign_in(self._table, session_id)
        account = await accounts.find_account(self._table, session.owner) if session else None
        if session is None or account is None or not account.is_active:
            raise signed_out()
        caller = Caller(account.owner, account.email, account.role, session_id=session.id)
        self._seen.keep(session.id, caller, since=asked_at)
        return caller


def signed_out() -> Unauthenticated:
    """One message for a session that is over, however it ended."""
    return Unauthenticated("The session is over. Sign in again.")
