"""Settlements that only the log took are carried out once, and only those that this installation signed. faults.md, second table."""

import json
from pathlib import Path

import pytest

from functions.sweeper.recover import recover
from shared.observability import Unsettled
from shared.records.limits import Scope, period_name
from shared.services import Services
from shared.storage.admission import spent
from shared.storage.ledger import list_rows
from tests.fakes.leaving import Leaving, unsettled
from tests.fakes.services import FixedClock, fake_services


@pytest.fixture
def table() -> Leaving:
    return Leaving(now=FixedClock())


@pytest.fixture
def services(tmp_path: Path, table: Leaving) -> Services:
    return fake_services(tmp_path, clock=FixedClock(), table=table)


async def test_what_only_the_log_took_is_carried_out_once(services: Services, table: Leaving) -> None:
    """Fault 21: not even the outbox took it."""
    log = await unsettled(services, outbox_is_away=True)
    before, _ = await list_rows(table, "alice")
    first, again = [await recover(services, log.splitlines()) for _ in range(2)]
    rows, _ = await list_rows(table, "alice")

    assert before == []
    assert first == again == (1, 0)
    assert [(row.request_id, row.outcome, row.error) for row in rows] == [("R1", "error", "upstream_error")]
    assert await spent(table, Scope("user", "alice"), period_name("month", services.now())) == 0
    assert table.holds == 0
    assert services.incidents.counted() == {Unsettled("logged"): 1, Unsettled("settled"): 2}
    assert "settlement not left to the sweeper" in log


async def test_a_line_that_somebody_else_wrote_is_refused(services: Services, table: Leaving) -> None:
    """Threat H8."""
    (line,) = [line for line in (await unsettled(services)).splitlines() if "settlement not written" in line]
    forged = json.loads(line)
    forged["settlement"] = forged["settlement"].replace("alice", "mallory")

    assert await recover(services, [json.dumps(forged), '{"message": "settlement not written"}']) == (0, 2)
    assert await list_rows(table, "mallory") == ([], None)
