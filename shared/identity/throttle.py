"""How often somebody may guess a password. Each try is counted before it is made, so that many at once gain nothing."""

import hashlib
from collections.abc import Callable
from contextlib import suppress

from shared.errors import LimitReached
from shared.identity.emails import normalise_email
from shared.records.refusals import Reached, refuse
from shared.storage import layout
from shared.storage.table import Absent, AnyOf, Change, Compare, ConditionFailed, Table

WINDOW = 900
"""Seconds."""

MOST_FOR_EMAIL = 20
"""Wrong passwords for one e-mail from one source, in a window. Another source is not locked out by them."""

MOST_FROM_SOURCE = 300
"""Wrong passwords from one source, in a window."""


class SignInThrottle:
    """Counts tries by e-mail and source, and by source alone. `source` is the peer's address, never a header (threat H1)."""

    def __init__(self, table: Table, *, now: Callable[[], float]) -> None:
        self._table = table
        self._now = now

    async def admit(self, email: str, source: str) -> None:
        """Count one try. However the e-mail is spelt, it is the same one.

        Raises:
            InvalidRequest: it is no e-mail.
            LimitReached: too many were wrong.
        """
        await self._count(_name(source), MOST_FROM_SOURCE, "source")
        await self._count(_name(source, normalise_email(email)), MOST_FOR_EMAIL, "email")

    async def forgive(self, email: str, source: str) -> None:
        """It was right: it does not count, nor do the wrong ones for that e-mail before it."""
        window = int(self._now()) // WINDOW
        await self._table.delete(layout.attempts(_name(source, normalise_email(email)), window))
        with suppress(ConditionFailed):  # a new window has begun meanwhile
            await self._table.update(
                layout.attempts(_name(source), window), Change(increase={"tries": -1}), when=Compare("tries", ">", 0)
            )

    async def _count(self, what: str, most: int, scope: str) -> None:
        window = int(self._now()) // WINDOW
        ends = (window + 1) * WINDOW
        change = Change(increase={"tries": 1}, set={"expires_at": ends})
        few = AnyOf((Absent("tries"), Compare("tries", "<", most)))
        try:
            await self._table.update(layout.attempts(what, window), change, when=few)
        except ConditionFailed as error:
            reached = Reached(scope, "sign_ins", most, 0, ends, f";w={WINDOW}")
            too_many = LimitReached("Too many wrong passwords. Wait until `resetTime`.")
            raise refuse(too_many, reached, self._now()) from error


def _name(*parts: str) -> str:
    """A digest: the key of an item tells nobody's e-mail."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
