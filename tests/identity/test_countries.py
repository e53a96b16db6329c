"""From where credentials are used. Threats H1 and I9."""

import pytest

from shared.errors import StorageUnavailable
from shared.identity.countries import Countries
from shared.storage import layout
from shared.storage.alerts import list_alerts
from shared.storage.table import Condition, Item
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


async def test_each_new_country_of_an_hour_is_an_alert(table: CountingTable) -> None:
    for country in ("DE", "FR", "BR", "FR"):
        await Countries(table, now=FixedClock()).note("alice", country)

    alerts, _ = await list_alerts(table)
    assert sorted(alert.details["country"] for alert in alerts) == ["BR", "FR"]
    assert {alert.subject for alert in alerts} == {"alice"}


class Full(CountingTable):
    """Takes no alerts."""

    full = True

    async def put(self, item: Item, *, when: Condition | None = None) -> None:
        if self.full and item["pk"] == layout.alerts().pk:
            raise StorageUnavailable("the table does not answer: try again")
        await super().put(item, when=when)


async def test_a_country_is_known_only_once_its_alert_is_written_down() -> None:
    """Threat I9."""
    table = Full(now=FixedClock())
    for country in ("DE", "FR"):
        await Countries(table, now=FixedClock()).note("alice", country)
    before = (await list_alerts(table))[0]
    table.full = False
    await Countries(table, now=FixedClock()).note("alice", "FR")

    (alert,) = (await list_alerts(table))[0]
    assert before == []
    assert alert.details["country"] == "FR"
