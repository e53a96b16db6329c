"""Settlements that only the log took are carried out once, and only those that this installation signed. faults.md, second table."""

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import pytest

from functions.sweeper.recover import recover
from shared.errors import StorageUnavailable
from shared.gateway.admit import Asked, admit, limits_of
from shared.gateway.estimate import Need
from shared.gateway.settle import Ended, settle
from shared.observability import logger
from shared.records.limits import Scope, period_name
from shared.services import Services
from shared.storage.admission import spent
from shared.storage.ledger import list_rows
from shared.storage.table import Item, Key
from tests.fakes.services import CountingTable, FixedClock, fake_services
from tests.fakes.targets import target_of


class Leaving(CountingTable):
    """A table whose writes stop at some time."""

    away = False

    async def put(self, item: Item, **more: Any) -> None:
        self._leave()
        await super().put(item, **more)

    async def update(self, key: Key, change: Any, **more: Any) -> Item:
        self._leave()
        return await super().update(key, change, **more)

    def _leave(self) -> None:
        if self.away:
            raise StorageUnavailable("the table does not answer: try again", retry_after=1)


@pytest.fixture
def services(tmp_path: Path) -> Services:
    clock = FixedClock()
    return fake_services(tmp_path, clock=clock, table=Leaving(now=clock))


async def unsettled(services: Services) -> str:
    """The log of a request at whose end the table was away."""
    table, target = services.table, target_of("openai", "gpt-4o-mini")
    assert isinstance(table, Leaving)
    asked = Asked(request_id="R1", owner="alice", token=None, api="openai", streamed=False, started_at=services.now())
    limited = await limits_of(services, asked, [target])
    admission = await admit(services, asked, limited, [(target, Need(10, 10, 10))], within=10)
    await services.settlement_secret()
    handler: Any = logger().registered_handler
    written = io.StringIO()
    before = handler.setStream(written)
    table.away = True
    ended = Ended("error", "upstream_error", None, None, 5)

    await settle(services, asked, admission, target, ended, attempts=1, ends=asyncio.get_running_loop().time() + 2.1)
    table.away = False
    handler.setStream(before)
    return written.getvalue()


async def test_what_only_the_log_took_is_carried_out_once(services: Services) -> None:
    """Fault 21."""
    log = await unsettled(services)
    before, _ = await list_rows(services.table, "alice")
    first, again = [await recover(services, log.splitlines()) for _ in range(2)]
    rows, _ = await list_rows(services.table, "alice")

    assert before == []
    assert first == again == (1, 0)
    assert [(row.request_id, row.outcome, row.error) for row in rows] == [("R1", "error", "upstream_error")]
    assert await spent(services.table, Scope("user", "alice"), period_name("month", services.now())) == 0
    assert await open_holds(services) == 0


async def test_a_line_that_somebody_else_wrote_is_refused(services: Services) -> None:
    """Threat H8."""
    (line,) = [line for line in (await unsettled(services)).splitlines() if "settlement not written" in line]
    forged = json.loads(line)
    forged["settlement"] = forged["settlement"].replace("alice", "mallory")

    assert await recover(services, [json.dumps(forged), '{"message": "settlement not written"}']) == (0, 2)
    assert await list_rows(services.table, "mallory") == ([], None)


async def open_holds(services: Services) -> int:
    items = getattr(services.table, "items", {})
    return sum(name.startswith("h_") for item in items.values() for name in item)
