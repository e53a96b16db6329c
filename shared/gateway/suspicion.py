"""What looks suspicious, noticed as it happens: an alert is written down, and no request ever fails or waits for its telling."""

from contextlib import suppress
from decimal import Decimal
from typing import Final, cast

from shared.errors import StorageUnavailable
from shared.storage import layout
from shared.storage.alerts import add_alert
from shared.storage.table import Change, Table

WINDOW: Final = 600
"""Seconds."""
MANY_REFUSED: Final = 10
"""Keys of one owner that providers refused within a window."""
HOUR: Final = 3600
LOOKED_BACK: Final = 7 * 24
"""Hours of spending that an hour is held against."""
LEAST_SPENT: Final = Decimal(5)
"""US dollars within an hour below which nothing is sudden."""
TIMES_USUAL: Final = 5
"""So many times the mean of the hours in which anything was spent is sudden."""
_MICRO: Final = 1_000_000


async def note_refused_key(table: Table, owner: str, provider: str, now: float) -> None:
    """A provider refused a key of this owner."""
    window = int(now) // WINDOW
    change = Change(increase={"tries": 1}, set={"expires_at": (window + 1) * WINDOW})
    with suppress(StorageUnavailable):
        counted = await table.update(layout.attempts(f"refused {owner}", window), change)
        if counted["tries"] == MANY_REFUSED:
            details = {"provider": provider, "refused": str(MANY_REFUSED), "seconds": str(WINDOW)}
            await add_alert(table, "refused_keys", owner, now=now, details=details)


async def note_spend(table: Table, owner: str, usd: Decimal | None, now: float) -> None:
    """A request of this owner's has cost that much. Called once for each row of the ledger that was newly written."""
    if not usd:
        return
    hour = int(now) // HOUR
    spent, expires_at = int(usd * _MICRO), (hour + LOOKED_BACK + 1) * HOUR
    with suppress(StorageUnavailable):
        change = Change(increase={"micro_usd": spent}, set={"expires_at": expires_at})
        total = cast("int", (await table.update(layout.spent(owner, hour), change))["micro_usd"])
        floor = int(LEAST_SPENT * _MICRO)
        if total < floor:
            return
        usual = await _usual(table, owner, hour)
        sudden = max(floor, TIMES_USUAL * usual)
        if total - spent < sudden <= total:
            details = {"usd": f"{Decimal(total) / _MICRO:f}", "usualUsd": f"{Decimal(usual) / _MICRO:f}"}
            await add_alert(table, "sudden_spend", owner, now=now, details=details)


async def _usual(table: Table, owner: str, hour: int) -> int:
    """Micro-dollars: the mean of the hours before this one in which anything was spent; 0 where there are none."""
    listing = layout.spent_hours(owner)
    page = await table.query(listing.pk, prefix=listing.prefix, limit=LOOKED_BACK + 1, newest_first=True)
    this = layout.spent(owner, hour).sk
    before = [cast("int", item["micro_usd"]) for item in page.items if str(item["sk"]) < this]
    return sum(before) // len(before) if before else 0
