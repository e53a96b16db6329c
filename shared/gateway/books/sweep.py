"""Ends what nobody ends any more: holds whose carrier died, and accounts that were deleted while another process still wrote. Any number of sweepers may work at once, beside a carrier who is only late: one of them wins.

What it looks through is where holds were lately taken; an idle installation costs one small query.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from shared.gateway.books.admit import aborted
from shared.gateway.books.settle import used_in
from shared.insight.tell import tell_request
from shared.observability import logger
from shared.records.ledger import LedgerRow
from shared.services import Services
from shared.storage.admission import Hold, Used, end_hold
from shared.storage.erase import erase_again
from shared.storage.held import Held, from_text
from shared.storage.holdings import Holding, drop_holding, list_holdings
from shared.storage.ledger import add_row, find_row
from shared.storage.quota import SECOND
from shared.storage.table import Table
from shared.storage.usage import add_usage

EVERY: Final = 60.0
"""Seconds."""
_NO_ROW: Final = 3600
"""Seconds after which a hold is let go that no row and no principal's hold explains: its request was turned away half-way."""


@dataclass(frozen=True, slots=True)
class Swept:
    """How many holds were ended, and how many of their requests got a row only now; how much was erased of accounts that were deleted before."""

    holds: int = 0
    aborted: int = 0
    erased: int = 0


async def sweep(services: Services) -> Swept:
    """End every hold that is past its time, then erase what was written in the name of who is gone. Raises StorageUnavailable; what is left is for the next time."""
    ended = rows = 0
    async for holding in _holdings(services.table):
        item = await services.table.get(holding.key, consistent=True) or {}
        held = {name: from_text(text) for name, text in item.items() if name.startswith("h_")}
        if not held and holding.until < services.now():
            await drop_holding(services.table, holding)
        for name, hold in held.items():
            if hold.expires_at < services.now():
                new, over = await _end(services, holding, name, hold)
                rows, ended = rows + new, ended + over
    if ended:
        logger().warning("holds swept", extra={"holds": ended, "aborted": rows})
    erased = await erase_again(services.table, services.now())
    if erased:
        logger().warning("erased again", extra={"items": erased})
    return Swept(ended, rows, erased)


async def _holdings(table: Table) -> AsyncIterator[Holding]:
    after = None
    while True:
        found, after = await list_holdings(table, after=after)
        for holding in found:
            yield holding
        if after is None:
            return


async def _end(services: Services, holding: Holding, name: str, hold: Held) -> tuple[bool, bool]:
    """The row first, as everywhere: written now where there is none, then the hold by what the row says."""
    owner, request_id, new = hold.owner, name.removeprefix("h_"), False
    row = await find_row(services.table, owner, request_id)
    if row is None and hold.told is not None:
        row = aborted(owner, request_id, hold.told, hold.micros)
        new = await add_row(services.table, row)
        if new:
            tell_request(row, cloudwatch=services.tells_cloudwatch)
            await add_usage(services.table, row)
        else:
            row = await find_row(services.table, owner, request_id)
    if row is None and services.now() < hold.expires_at + _NO_ROW:
        return False, False
    taken = Hold(holding.scope, holding.shard, name, hold.period, hold.micros, hold.tokens)
    used = Used(tokens=hold.tokens) if row is None else _used(holding, row, hold)
    return new, await end_hold(services.table, taken, used, now=int(services.now() * SECOND))


def _used(holding: Holding, row: LedgerRow, hold: Held) -> Used:
    """Tokens stay as they were reserved: how much time has given back since, nobody knows any more."""
    return used_in(holding.scope, row, Used(micros=row.charged_micros, tokens=hold.tokens))
