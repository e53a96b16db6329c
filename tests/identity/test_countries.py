"""From where credentials are used. Threats H1 and I9."""

import pytest

from shared.identity.countries import Countries
from shared.storage.alerts import list_alerts
from tests.fakes.services import CountingTable, FixedClock


@pytest.fixture
def table() -> CountingTable:
    return CountingTable(now=FixedClock())


async def test_another_country_after_the_first_is_an_alert(table: CountingTable) -> None:
    for country in ("DE", "DE", "FR", "DE", "FR"):
        await Countries(table, now=FixedClock()).note("alice", country)

    (alert,) = (await list_alerts(table))[0]
    assert (alert.kind, alert.subject) == ("new_country", "alice")
    assert alert.details == {"country": "FR", "before": "DE"}


@pytest.mark.parametrize("said", ["", "XYZ", "d", "D1", "DE\n", "é!"])
async def test_what_is_no_country_is_nothing(table: CountingTable, said: str) -> None:
    await Countries(table, now=FixedClock()).note("alice", said)

    assert table.items == {}


async def test_a_process_looks_once_and_fails_no_request(table: CountingTable) -> None:
    countries = Countries(table, now=FixedClock())
    for _ in range(5):
        await countries.note("alice", "DE")
    looked = table.reads
    table.down = True
    await countries.note("alice", "FR")

    assert looked == 1
