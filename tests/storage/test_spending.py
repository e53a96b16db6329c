"""Spending that is not as usual."""

import asyncio
from decimal import Decimal

import pytest

from shared.errors import StorageUnavailable
from shared.storage.alerts import list_alerts
from shared.storage.spending import HOUR, WORTH_A_WRITE, Spending
from tests.fakes.table import MemoryTable

NOW = 1_800_000_000.0


@pytest.fixture
def table() -> MemoryTable:
    return MemoryTable(now=lambda: NOW)


async def kinds(table: MemoryTable) -> list[tuple[str, str]]:
    return [(alert.kind, alert.subject) for alert in (await list_alerts(table))[0]]


async def spend(table: MemoryTable, owner: str, usd: str, *, at: float = NOW) -> None:
    await Spending(table, now=lambda: at).note(owner, Decimal(usd))


async def test_much_more_than_usual_is_sudden(table: MemoryTable) -> None:
    for hours in range(1, 5):
        await spend(table, "alice", "2", at=NOW - hours * HOUR)
    for _ in range(9):
        await spend(table, "alice", "1.10")
    before = await kinds(table)
    await spend(table, "alice", "1.10")
    await spend(table, "alice", "50")

    assert before == []
    assert await kinds(table) == [("sudden_spend", "alice")]


async def test_little_is_never_sudden_and_the_first_much_is(table: MemoryTable) -> None:
    await spend(table, "alice", "4.95")
    await Spending(table, now=lambda: NOW).note("bob", None)
    before = await kinds(table)
    await spend(table, "alice", "0.05")

    assert before == []
    assert await kinds(table) == [("sudden_spend", "alice")]


async def test_little_sums_are_written_together(table: MemoryTable) -> None:
    spending, each = Spending(table, now=lambda: NOW), WORTH_A_WRITE / 10
    written = []
    for _ in range(20):
        await spending.note("alice", each)
        await spending.note("bob", each / 2)
        written.append(len(table.items))
    assert written == [0] * 9 + [1] * 10 + [2]


async def test_a_table_that_does_not_answer_fails_no_request_and_the_sum_is_written_later(table: MemoryTable) -> None:
    table.down = True
    spending = Spending(table, now=lambda: NOW)
    await spending.note("alice", Decimal(9))
    table.down = False

    assert await kinds(table) == []
    await spending.note("alice", Decimal("0.001"))
    assert await kinds(table) == [("sudden_spend", "alice")]


async def test_what_others_spend_while_a_write_fails_is_not_lost(table: MemoryTable) -> None:
    spending, failing = Spending(table, now=lambda: NOW), asyncio.Event()

    async def fails(*_: object, **__: object) -> None:
        await failing.wait()
        raise StorageUnavailable("the table does not answer: try again")

    table.update, works = fails, table.update  # type: ignore[method-assign, assignment]  # for as long as it fails
    first = asyncio.create_task(spending.note("alice", Decimal("4.90")))
    await asyncio.sleep(0)
    await spending.note("alice", Decimal("0.04"))
    failing.set()
    await first
    table.update = works  # type: ignore[method-assign]  # it works again
    await spending.note("alice", Decimal("0.06"))

    assert await kinds(table) == [("sudden_spend", "alice")]
