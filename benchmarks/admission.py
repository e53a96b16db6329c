"""What it costs to let a request in and to settle it, beside the writes alone: `python -m benchmarks.admission`. CPU of this process, SQLite on this disk."""

import asyncio
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import Final

from shared.records.ledger import LedgerRow
from shared.records.limits import Limits, Scope
from shared.storage.admission import Admissions, Used
from shared.storage.held import Told
from shared.storage.ledger import add_row
from shared.storage.quota import Claim
from shared.storage.sqlite import SqliteTable
from shared.storage.table import Table
from shared.storage.usage import add_usage

REQUESTS: Final = 2000
AT_ONCE: Final = 20
ALL: Final = Limits(1_000_000, 1_000_000_000, 200, Decimal(1_000_000), "month")


async def one(table: Table, admissions: Admissions, limits: Limits, number: int) -> None:
    """A request's four writes."""
    claim = Claim(
        f"R{number:08}",
        "alice",
        2_000_000_000,
        100,
        10,
        Told(0, "t", "native", None, "openai", "gpt-4o-mini", "own", streamed=False),
    )
    hold = await admissions.take(Scope("token", "t"), limits, claim)
    row = LedgerRow(
        request_id=claim.request_id, owner="alice", token_id="t", started_at=time.time(), outcome="done",  # noqa: S106 - an id
        provider="openai", model="gpt-4o-mini", charged_micros=5,
    )  # fmt: skip
    await add_row(table, row)
    await add_usage(table, row)
    await admissions.settle(hold, Used(micros=5, tokens=12))


async def measure(name: str, limits: Limits) -> None:
    """CPU and wall milliseconds a request, twenty at a time."""
    with tempfile.TemporaryDirectory() as folder:
        table = SqliteTable(Path(folder) / "table.sqlite")
        admissions, left = Admissions(table, now=time.time), iter(range(REQUESTS))

        async def worker() -> None:
            for number in left:
                await one(table, admissions, limits, number)

        cpu, wall = time.process_time(), time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(worker())
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        await table.close()
    print(f"{name:28} CPU {cpu / REQUESTS * 1000:.3f} ms, wall {wall / REQUESTS * 1000:.3f} ms a request")  # noqa: T201 - a table for whoever runs it


async def main() -> None:
    """With nothing limited, and with everything."""
    await measure("nothing limited", Limits())
    await measure("every limit", ALL)


if __name__ == "__main__":
    asyncio.run(main())
