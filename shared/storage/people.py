"""All accounts of the installation, as admins see them, and the turn that whoever changes roles has to take."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from shared.errors import Conflict
from shared.records.account import Account
from shared.records.ids import mint_id
from shared.storage import layout
from shared.storage.accounts import find_account
from shared.storage.table import Absent, AnyOf, Compare, ConditionFailed, Table

LONGEST_TURN: Final = 30
"""Seconds after which a turn is somebody else's, whether or not whoever had it is still there. A door is given 29 for all it does."""


async def list_people(
    table: Table, *, search: str = "", after: str | None = None, limit: int = 50
) -> tuple[list[Account], str | None]:
    """Accounts whose e-mail holds `search`, in the order of their ids, and the id that the next page begins behind."""
    found: list[Account] = []
    async for owner, email in _entries(table, after):
        if search not in email:
            continue
        if len(found) == limit:
            return found, found[-1].owner
        account = await find_account(table, owner)
        if account is not None:
            found.append(account)
    return found, None


async def every_account(table: Table) -> AsyncIterator[Account]:
    """All accounts."""
    async for owner, _ in _entries(table, None):
        account = await find_account(table, owner)
        if account is not None:
            yield account


async def has_other_admin(table: Table, owner: str) -> bool:
    """Somebody else administers, too, and may sign in."""
    async for account in every_account(table):
        if account.owner != owner and account.role == "admin" and account.is_active:
            return True
    return False


@asynccontextmanager
async def changing_roles(table: Table, now: float) -> AsyncGenerator[None]:
    """One at a time, for else two admins who take each other's role away at once would leave none.

    Raises:
        Conflict: somebody else is at it.
    """
    key, turn = layout.roles_lock(), mint_id()
    free = AnyOf((Absent("pk"), Compare("until", "<=", int(now))))
    try:
        await table.put({"pk": key.pk, "sk": key.sk, "turn": turn, "until": int(now) + LONGEST_TURN}, when=free)
    except ConditionFailed as taken:
        raise Conflict("Another admin is changing an account at this moment. Repeat this.") from taken
    try:
        yield
    finally:
        with suppress(ConditionFailed):  # it took too long, and the turn is another's by now
            await table.delete(key, when=Compare("turn", "=", turn))


async def _entries(table: Table, after: str | None) -> AsyncIterator[tuple[str, str]]:
    """Owners and their e-mails."""
    pk = layout.people().pk
    start = layout.person(after).sk if after is not None else None
    while True:
        page = await table.query(pk, after=start)
        for item in page.items:
            yield str(item["sk"]), str(item["email"])
        if page.after is None:
            return
        start = page.after
