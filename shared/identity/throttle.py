"""How often somebody may guess a password, and sign up. Each try is counted before it is made, so that many at once gain nothing."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv6Address, ip_address, ip_network

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

MOST_SIGN_UPS = 20
"""From one source, in a window."""
_HOMES_PREFIX = 64
"""Bits of an IPv6 address that one home or machine is given; it chooses the others itself."""


class SignUpThrottle:
    """Counts sign-ups by source, whether or not an account came of them."""

    def __init__(self, table: Table, *, now: Callable[[], float]) -> None:
        self._table = table
        self._now = now

    async def admit(self, source: str) -> None:
        """Count one.

        Raises:
            LimitReached: there were too many.
        """
        now, said = self._now(), "Too many sign-ups from your network. Wait until `resetTime`."
        reached = _reached("source", "sign_ups", MOST_SIGN_UPS, now)
        await _count(self._table, _name("sign-up", _home(source)), reached, now=now, said=said)


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

    async def _count(self, what: str, most: int, scope: str) -> None:
        now, said = self._now(), "Too many wrong passwords. Wait until `resetTime`."
        await _count(self._table, what, _reached(scope, "sign_ins", most, now), now=now, said=said)

    async def forgive(self, email: str, source: str) -> None:
        """It was right: it does not count, nor do the wrong ones for that e-mail before it."""
        window = int(self._now()) // WINDOW
        await self._table.delete(layout.attempts(_name(source, normalise_email(email)), window))
        with suppress(ConditionFailed):  # a new window has begun meanwhile
            await self._table.update(
                layout.attempts(_name(source), window), Change(increase={"tries": -1}), when=Compare("tries", ">", 0)
            )


async def _count(table: Table, what: str, reached: Reached, *, now: float, said: str) -> None:
    window = int(now) // WINDOW
    change = Change(increase={"tries": 1}, set={"expires_at": (window + 1) * WINDOW})
    few = AnyOf((Absent("tries"), Compare("tries", "<", reached.limit)))
    try:
        await table.update(layout.attempts(what, window), change, when=few)
    except ConditionFailed as error:
        raise refuse(LimitReached(said), reached, now) from error


def _reached(scope: str, policy: str, most: int, now: float) -> Reached:
    """The limit, once it is."""
    return Reached(scope, policy, most, 0, (int(now) // WINDOW + 1) * WINDOW, f";w={WINDOW}")


def _home(source: str) -> str:
    """The address, or of IPv6 the network: whoever has one address there has 2^64."""
    try:
        address = ip_address(source)
    except ValueError:
        return source
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(ip_network((address, _HOMES_PREFIX), strict=False))
    return source


def _name(*parts: str) -> str:
    """A digest: the key of an item tells nobody's e-mail."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
