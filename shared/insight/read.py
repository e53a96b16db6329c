"""The counters of some days, one owner's or everybody's; and the requests themselves."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from shared.errors import InvalidRequest
from shared.records.ledger import LedgerRow
from shared.records.usage import DayUsage
from shared.storage import layout
from shared.storage.accounts import list_owners
from shared.storage.ledger import list_rows
from shared.storage.table import Table
from shared.storage.usage import list_usage

LONGEST: Final = 366
"""Days that are read at once."""
_PAGE: Final = 500
_MOST_LOOKED: Final = 20_000
"""Rows of the ledger that are looked through for a page of those that are wanted."""
MOST: Final = 50_000
"""Counters that are read for one answer; some seconds of a table's time."""


@dataclass(frozen=True, slots=True)
class Span:
    """Days (UTC), both included.

    Raises:
        InvalidRequest: the last is before the first, or there are too many.
    """

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise InvalidRequest("`from` is a day before `to`, or the same", parameter="from")
        if self.last - self.first >= timedelta(days=LONGEST):
            raise InvalidRequest(f"ask for {LONGEST} days at most: a later `from`", parameter="from")


async def usage_of(table: Table, owner: str, span: Span, *, token_id: str | None = None) -> list[DayUsage]:
    """The owner's counters, or those of one of their access tokens alone.

    Raises:
        InvalidRequest: there are too many to read at once.
    """
    kept = [each async for each in _bounded(list_usage(table, owner, span.first, span.last), MOST)]
    return kept if token_id is None else [each for each in kept if each.token_id == token_id]


async def usage_of_everybody(table: Table, span: Span, *, most: int = MOST) -> list[DayUsage]:
    """All owners' counters, for admins. It says nothing of who they are, and asks the table once for each of them.

    Raises:
        InvalidRequest: there are too many to read at once.
    """
    return [each async for _, each in _bounded(_of_everybody(table, span), most)]


async def usage_by_owner(table: Table, span: Span, *, most: int = MOST) -> dict[str, list[DayUsage]]:
    """The same, of each who used anything.

    Raises:
        InvalidRequest: there are too many to read at once.
    """
    found: dict[str, list[DayUsage]] = {}
    async for owner, each in _bounded(_of_everybody(table, span), most):
        found.setdefault(owner, []).append(each)
    return found


async def _of_everybody(table: Table, span: Span) -> AsyncIterator[tuple[str, DayUsage]]:
    async for owner in list_owners(table):
        async for each in list_usage(table, owner, span.first, span.last):
            yield owner, each


async def _bounded[Row](rows: AsyncIterator[Row], most: int) -> AsyncIterator[Row]:
    count = 0
    async for row in rows:
        count += 1
        if count > most:
            raise InvalidRequest("those days hold too much to add up at once: ask for fewer", parameter="from")
        yield row


async def requests_of(
    table: Table,
    owner: str,
    *,
    after: str | None,
    limit: int,
    wants: Callable[[LedgerRow], bool] | None = None,
    most: int = _MOST_LOOKED,
) -> tuple[list[LedgerRow], str | None]:
    """The owner's requests behind the one of that id, the newest first, or those that are wanted alone; and the id behind which the next page begins.

    So many are looked through for a page of wanted ones and no more: it may then be short, or empty, though more follow.
    """
    found: list[LedgerRow] = []
    looked, page = 0, limit if wants is None else _PAGE
    while looked < most:
        begin = None if after is None else layout.request(owner, after).sk
        rows, following = await list_rows(table, owner, after=begin, limit=min(page, most - looked))
        for row in rows:
            looked, after = looked + 1, row.request_id
            if wants is None or wants(row):
                found.append(row)
            if len(found) == limit:
                return found, None if following is None and row is rows[-1] else after
        if following is None:
            return found, None
    return found, after
