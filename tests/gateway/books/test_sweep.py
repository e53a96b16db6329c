"""What a dead process left behind is ended once, charged as reserved; a carrier who is only late and the sweeper do not both end it."""

import asyncio
from pathlib import Path

import pytest

from shared.gateway.books.admit import Admission, Asked, tell
from shared.gateway.books.settle import conclude
from shared.gateway.books.sweep import sweep
from shared.records.ledger import LedgerRow
from shared.records.limits import Limits, Scope, period_name
from shared.services import Services
from shared.storage.admission import Hold, Used, spent
from shared.storage.holdings import list_holdings
from shared.storage.ledger import find_row, list_rows
from shared.storage.quota import Claim
from shared.storage.table import Item
from tests.fakes.services import FixedClock, fake_services
from tests.fakes.targets import target_of

USER = Scope("user", "alice")
HOUSE = Scope("organisation", "organisation")


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def services(tmp_path: Path, clock: FixedClock) -> Services:
    return fake_services(tmp_path, clock=clock)


def asked(request_id: str, at: float) -> Asked:
    return Asked(request_id=request_id, owner="alice", token=None, api="openai", streamed=True, started_at=at)


def row_of(request_id: str, at: float, micros: int) -> LedgerRow:
    return LedgerRow(
        request_id=request_id, owner="alice", token_id=None, started_at=at, outcome="done", provider="openai", model="m",
        charged_micros=micros,
    )  # fmt: skip


async def begin(services: Services, request_id: str, micros: int = 500) -> list[Hold]:
    told = tell(asked(request_id, services.now()), target_of("openai", "m"))
    ends = int(services.now()) + 60
    first = await services.admissions.take(USER, Limits(), Claim(request_id, "alice", ends, 7, micros, told))
    return [
        first,
        await services.admissions.take(HOUSE, Limits(max_concurrent=90), Claim(request_id, "alice", ends, 7, micros)),
    ]


async def open_holds(services: Services) -> int:
    held = 0
    for holding in (await list_holdings(services.table))[0]:
        item: Item = await services.table.get(holding.key) or {}
        held += sum(name.startswith("h_") for name in item)
    return held


async def test_what_was_left_is_aborted_and_charged_as_it_was_reserved(services: Services, clock: FixedClock) -> None:
    """Fault 30."""
    await begin(services, "R1")
    early = await sweep(services)
    clock.pass_by(61)
    swept, again = await sweep(services), await sweep(services)
    row = await find_row(services.table, "alice", "R1")

    assert (early.holds, swept.holds, swept.aborted, again.holds) == (0, 2, 1, 0)
    assert row is not None
    assert (row.outcome, row.charged_micros, row.cost_usd, row.api, row.streamed) == (
        "aborted",
        500,
        None,
        "openai",
        True,
    )
    assert (row.attempts, row.duration_ms) == (None, None)
    month = period_name("month", clock())
    assert [await spent(services.table, scope, month) for scope in (USER, HOUSE)] == [500, 500]
    assert await open_holds(services) == 0


async def test_what_has_its_row_is_settled_by_it(services: Services, clock: FixedClock) -> None:
    """Fault 21. A process that died between the ledger and the settlement: nothing is charged twice, nothing is forgotten."""
    holds = await begin(services, "R1")
    await conclude(services, row_of("R1", clock(), 123), Admission((holds[0],), {}, 0, 0), Used(micros=123), patience=1)
    clock.pass_by(61)
    swept = await sweep(services)

    assert (swept.holds, swept.aborted) == (1, 0)
    assert await spent(services.table, HOUSE, period_name("month", clock())) == 123


async def test_the_sweeper_and_a_late_carrier_have_one_winner(services: Services, clock: FixedClock) -> None:
    """faults.md: 60 of 60."""
    held = {f"R{number:02}": await begin(services, f"R{number:02}") for number in range(60)}
    clock.pass_by(61)
    late = [
        conclude(services, row_of(name, clock(), 200), Admission(tuple(holds), {}, 0, 0), Used(micros=200), patience=1)
        for name, holds in held.items()
    ]
    await asyncio.gather(sweep(services), *late, sweep(services))
    await sweep(services)
    rows, _ = await list_rows(services.table, "alice")
    month = period_name("month", clock())

    assert len(rows) == 60
    assert await open_holds(services) == 0
    charged = sum(row.charged_micros for row in rows)
    assert [await spent(services.table, scope, month) for scope in (USER, HOUSE)] == [charged, charged]


async def test_a_request_that_was_turned_away_half_way_is_let_go_without_a_row(
    services: Services, clock: FixedClock
) -> None:
    await services.admissions.take(HOUSE, Limits(max_concurrent=9), Claim("R1", "alice", int(clock()) + 60, 0, 500))
    clock.pass_by(61)
    waiting = await sweep(services)
    clock.pass_by(3600)
    let_go = await sweep(services)

    assert (waiting.holds, let_go.holds, let_go.aborted) == (0, 1, 0)
    assert await find_row(services.table, "alice", "R1") is None


async def test_an_idle_installation_is_not_looked_through(services: Services, clock: FixedClock) -> None:
    holds = await begin(services, "R1")
    await conclude(services, row_of("R1", clock(), 1), Admission(tuple(holds), {}, 0, 0), Used(micros=1), patience=1)
    clock.pass_by(1801)
    await sweep(services)

    assert await list_holdings(services.table) == ([], None)
