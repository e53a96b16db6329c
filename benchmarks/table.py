"""What the table on one machine costs: `python -m benchmarks.table [seconds]`.

CPU is that of the whole process, its commit thread included. Writes a second are bounded by the disk's fsync: a lone caller waits for
one each time, 200 callers share them. Put TMPDIR on the disk that is meant.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from shared.storage.sqlite import SqliteTable
from shared.storage.table import Absent, AllOf, AnyOf, Between, Change, Compare, ConditionFailed, Item, Key

HOT = Key("ADMIT#benchmark", "2026-11")
SMALL: Item = {
    "owner": "ada",
    "model": "gpt-5",
    "input_tokens": 1200,
    "output_tokens": 340,
    "cost": 4321,
    "status": "done",
}

type Work = Callable[[SqliteTable, int], Awaitable[object]]


async def read(table: SqliteTable, _number: int) -> None:
    """The item that all write."""
    await table.get(HOT)


async def admit(table: SqliteTable, number: int) -> None:
    """The shape of an admission: four limits and a hold in one conditional update (the hold is dropped again)."""
    hold = f"h_{number % 8}"
    await table.update(
        HOT,
        Change(
            set={hold: {"e": 250, "t": 900, "x": number}}, increase={"committed": 1, "open": 1, "rate": 1, "tokens": 1}
        ),
        when=AllOf(
            (
                AnyOf((Absent("committed"), Compare("committed", "<=", 10**15))),
                AnyOf((Absent("open"), Compare("open", "<", 10**15))),
                AnyOf((Absent("rate"), Between("rate", 0, 10**15))),
                AnyOf((Absent("tokens"), Between("tokens", 0, 10**15))),
            )
        ),
    )


async def refuse(table: SqliteTable, _number: int) -> None:
    """A condition that does not hold: nothing is written."""
    try:
        await table.update(HOT, Change(increase={"open": 1}), when=Compare("open", "<", 0))
    except ConditionFailed:
        return


async def record(table: SqliteTable, number: int) -> None:
    """A row of the ledger."""
    await table.put({"pk": "OWNER#ada", "sk": f"REQUEST#{number:012}", **SMALL}, when=Absent("pk"))


async def measure(table: SqliteTable, work: Work, *, callers: int, seconds: float) -> tuple[float, float, float]:
    """Operations a second, CPU microseconds of each, and the 99th percentile of their time in ms."""
    numbers, times = count(time.time_ns()), []
    end = time.perf_counter() + seconds

    async def call() -> None:
        while (start := time.perf_counter()) < end:
            await work(table, next(numbers))
            times.append(time.perf_counter() - start)
            if work is read:
                await asyncio.sleep(0)

    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(call() for _ in range(callers)))
    spent, elapsed = time.process_time() - cpu, time.perf_counter() - began
    return len(times) / elapsed, spent / len(times) * 1e6, sorted(times)[int(len(times) * 0.99)] * 1e3


async def main(seconds: float) -> None:
    """Print the figures."""
    print(f"{'':10} {'callers':>8} {'per second':>11} {'CPU µs':>8} {'p99 ms':>8}")  # noqa: T201 - a report
    with TemporaryDirectory() as folder:
        table = SqliteTable(Path(folder) / "table.sqlite")
        for work in (admit, read, refuse, record):
            for callers in (1, 200):
                rate, cpu, p99 = await measure(table, work, callers=callers, seconds=seconds)
                print(f"{work.__name__:10} {callers:8} {rate:11,.0f} {cpu:8.0f} {p99:8.2f}")  # noqa: T201 - a report
        await table.close()


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 2.0))
