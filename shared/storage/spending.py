"""What owners spend in an hour: the hours of a week, and an alert where one is not like the others. No request ever fails or waits for it."""

from collections.abc import Callable
from decimal import Decimal
from typing import Final, cast

from shared.errors import StorageUnavailable
from shared.storage import layout
from shared.storage.alerts import add_alert
from shared.storage.table import Change, Table

HOUR: Final = 3600
LOOKED_BACK: Final = 7 * 24
"""Hours of spending that an hour is held against."""
LEAST_SPENT: Final = Decimal(5)
"""US dollars within an hour below which nothing is sudden."""
TIMES_USUAL: Final = 5
"""So many times the mean of the hours in which anything was spent is sudden."""
WORTH_A_WRITE: Final = LEAST_SPENT / 100
"""US dollars of one owner in one hour that a process gathers before it writes them down."""
_MOST_GATHERED: Final = 10_000
_MICRO: Final = 1_000_000


class Spending:
    """What owners spend in an hour. Little sums are gathered in this process until they are worth a write: no chat pays for one of its own."""

    def __init__(self, table: Table, *, now: Callable[[], float]) -> None:
        self._table = table
        self._now = now
        self._gathered: dict[tuple[str, int], Decimal] = {}

    async def note(self, owner: str, usd: Decimal | None) -> None:
        """A request of this owner's has cost that much. Called once for each row of the ledger that was newly written."""
        if not usd:
            return
        now = self._now()
        hour = int(now) // HOUR
        self._gather(owner, hour, usd)
        if self._gathered[owner, hour] < WORTH_A_WRITE:
            return
        gathered = self._gathered.pop((owner, hour))
        try:
            await self._write(owner, hour, int(gathered * _MICRO), now)
        except StorageUnavailable:
            self._gather(owner, hour, gathered)

    def _gather(self, owner: str, hour: int, usd: Decimal) -> None:
        """Beside what others gather meanwhile. The oldest goes when there are too many: it is less than is worth a write."""
        self._gathered[owner, hour] = self._gathered.pop((owner, hour), Decimal(0)) + usd
        while len(self._gathered) > _MOST_GATHERED:
            del self._gathered[next(iter(self._gathered))]

    async def _write(self, owner: str, hour: int, spent: int, now: float) -> None:
        change = Change(increase={"micro_usd": spent}, set={"expires_at": (hour + LOOKED_BACK + 1) * HOUR})
        total = cast("int", (await self._table.update(layout.spent(owner, hour), change))["micro_usd"])
        floor = int(LEAST_SPENT * _MICRO)
        if total < floor:
            return
        usual = await _usual(self._table, owner, hour)
        sudden = max(floor, TIMES_USUAL * usual)
        if total - spent < sudden <= total:
            details = {"usd": f"{Decimal(total) / _MICRO:f}", "usualUsd": f"{Decimal(usual) / _MICRO:f}"}
            await add_alert(self._table, "sudden_spend", owner, now=now, details=details)


async def _usual(table: Table, owner: str, hour: int) -> int:
    """Micro-dollars: the mean of the hours before this one in which anything was spent; 0 where there are none."""
    listing = layout.spent_hours(owner)
    page = await table.query(listing.pk, prefix=listing.prefix, limit=LOOKED_BACK + 1, newest_first=True)
    this = layout.spent(owner, hour).sk
    before = [cast("int", item["micro_usd"]) for item in page.items if str(item["sk"]) < this]
    return sum(before) // len(before) if before else 0
