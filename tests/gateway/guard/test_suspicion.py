"""What looks suspicious."""

import pytest

from shared.gateway.guard.suspicion import MANY_REFUSED, WINDOW, note_refused_key
from shared.storage.alerts import list_alerts
from tests.fakes.table import MemoryTable

NOW = 1_800_000_000.0


@pytest.fixture
def table() -> MemoryTable:
    return MemoryTable(now=lambda: NOW)


async def kinds(table: MemoryTable) -> list[tuple[str, str]]:
    return [(alert.kind, alert.subject) for alert in (await list_alerts(table))[0]]


async def test_many_refused_keys_of_one_owner_are_an_alert(table: MemoryTable) -> None:
    for _ in range(MANY_REFUSED - 1):
        await note_refused_key(table, "alice", "openai", NOW)
        await note_refused_key(table, "bob", "openai", NOW - WINDOW)
    before = await kinds(table)
    for _ in range(3):
        await note_refused_key(table, "alice", "openai", NOW)

    assert before == []
    assert await kinds(table) == [("refused_keys", "alice")]


async def test_a_table_that_does_not_answer_fails_no_request(table: MemoryTable) -> None:
    table.down = True
    await note_refused_key(table, "alice", "openai", NOW)
    table.down = False

    assert await kinds(table) == []
