"""What the table did not take at its time waits in the outbox, and is carried out once, in both homes; what nobody here signed is not. faults.md, settle / ledger."""

import asyncio
import io
import json
from collections import Counter
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from shared.aws.json_service import SQS
from shared.errors import StorageUnavailable
from shared.gateway.books.carry_out import Fate, carry_out, carry_out_if_possible
from shared.gateway.books.sweep import sweep
from shared.gateway.books.unsettled import _sign
from shared.observability import Unsettled, logger
from shared.services import Services
from shared.storage.ledger import list_rows
from shared.storage.sqs_outbox import SqsOutbox
from tests.fakes.aws import Aws
from tests.fakes.leaving import Leaving, unsettled
from tests.fakes.services import FixedClock, fake_services


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def table(clock: FixedClock) -> Leaving:
    return Leaving(now=clock)


@pytest.fixture(params=["folder", "queue"])
def services(request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock, table: Leaving) -> Services:
    services = fake_services(tmp_path, clock=clock, table=table)
    if request.param == "queue":
        aws: Aws = request.getfixturevalue("aws")
        services.outbox = SqsOutbox(aws.create_queue(), aws.ask(SQS))
    return services


@pytest.fixture(autouse=True)
async def closing(services: Services) -> Any:
    yield
    await services.outbox.close()
    await services.close()


async def waiting(services: Services) -> list[str]:
    async with aclosing(services.outbox.batches()) as batches:
        return [parcel.line async for batch in batches for parcel in batch]


async def outcomes(services: Services) -> dict[str, str]:
    rows, _ = await list_rows(services.table, "alice")
    return {row.request_id: row.outcome for row in rows}


async def test_what_waits_is_settled_by_the_next_sweep_and_not_charged_as_reserved(
    services: Services, table: Leaving, clock: FixedClock
) -> None:
    """Fault 21: also where the hold's own time was over before the table came back."""
    for request_id in ("R1", "R2"):
        await unsettled(services, request_id)
    clock.pass_by(3600)
    found = await carry_out(services)
    swept = await sweep(services)

    assert found == Counter[Fate]({"settled": 2})
    assert (swept.holds, swept.aborted, table.holds) == (0, 0, 0)
    assert await outcomes(services) == {"R1": "error", "R2": "error"}
    assert await waiting(services) == []
    assert services.incidents.counted() == {Unsettled("waiting"): 2, Unsettled("settled"): 2}


async def test_twice_is_once(services: Services, table: Leaving) -> None:
    """Fault 21: a queue may give the same line twice, and a sweeper may die before it has dropped one; several may be at it."""
    await unsettled(services)
    (line,) = await waiting(services)
    await asyncio.gather(services.outbox.put(line), services.outbox.put(line + " "))
    await asyncio.gather(carry_out(services), carry_out(services))
    await carry_out(services)

    assert await outcomes(services) == {"R1": "error"}
    assert table.holds == 0


async def test_a_sweeper_that_was_quicker_has_won(services: Services, table: Leaving, clock: FixedClock) -> None:
    """Fault 21. Where the outbox came back only after the hold's time, the row stays as it was written."""
    await unsettled(services)
    clock.pass_by(3600)
    swept = await sweep(services)
    found = await carry_out(services)

    assert (swept.aborted, found) == (1, Counter[Fate]({"settled": 1}))
    assert await outcomes(services) == {"R1": "aborted"}
    assert table.holds == 0


@pytest.mark.parametrize(
    "forge",
    [
        lambda line: line.replace("alice", "mallory"),
        lambda line: json.dumps({**json.loads(line), "signature": "é"}),
        lambda line: json.dumps({**json.loads(line), "signature": None}),
        lambda _: '{"settlement": "{}"}',
        lambda _: "[]",
        lambda _: "no JSON at all",
    ],
)
async def test_what_this_installation_did_not_sign_is_refused_counted_and_told(services: Services, forge: Any) -> None:
    """Fault 21, threat H8: nothing of it is carried out, nothing of it is repeated, and it does not come again."""
    await unsettled(services)
    (line,) = await waiting(services)
    handler: Any = logger().registered_handler
    written = io.StringIO()
    before = handler.setStream(written)
    await services.outbox.put(forge(line))
    found = await carry_out(services)
    handler.setStream(before)
    (told,) = [json.loads(said) for said in written.getvalue().splitlines() if "settlement refused" in said]

    assert found["refused"] == 1
    assert services.incidents.counted()[Unsettled("refused")] == 1
    assert (told["level"], len(told["digest"])) == ("ERROR", 64)
    assert "mallory" not in written.getvalue()
    assert await list_rows(services.table, "mallory") == ([], None)
    assert await waiting(services) == []


async def test_while_the_table_is_away_nothing_is_taken(tmp_path: Path, table: Leaving, clock: FixedClock) -> None:
    """Fault 21: a queue counts how often it gave a line, and puts it aside after some times. A process that never read the secret asks the table first."""
    services = fake_services(tmp_path, clock=clock, table=table)
    await unsettled(services)
    table.down = True
    fresh = fake_services(tmp_path, clock=clock, table=table)
    with pytest.raises(StorageUnavailable):
        await carry_out(fresh)
    put_off = await carry_out_if_possible(fresh)
    table.down, table.away = False, True
    kept = await carry_out(fresh)
    table.away = False
    found = await carry_out(fresh)
    for each in (services, fresh):
        await each.close()

    assert put_off == Counter()
    assert kept == Counter[Fate]({"kept": 1})
    assert found == Counter[Fate]({"settled": 1})


async def test_what_another_version_of_us_signed_is_kept_for_it(services: Services) -> None:
    """Fault 21: code goes back as well as forward."""
    await unsettled(services)
    (line,) = await waiting(services)
    told = json.loads(line)["settlement"].replace('"request_id"', '"colour":"blue","request_id"')
    signed = json.dumps({"settlement": told, "signature": _sign(await services.settlement_secret(), told)})
    await services.outbox.put(signed)
    found = await carry_out(services)

    assert '"colour"' in told
    assert found["kept"] == 1
    assert services.incidents.counted()[Unsettled("waiting")] == 1
