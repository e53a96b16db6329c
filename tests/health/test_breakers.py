"""When a breaker opens, for whom, and how it closes. faults.md, 5.4; traps 26, 28."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator

import pytest

from shared.health.breakers import FIRST_REST, LONGEST_REST, OPENED, PROBE_LEASE, Breakers, Entry, Place, rest
from shared.health.incidents import Incidents
from shared.observability import BreakerOpened, logger
from shared.storage.breakers import Circuit, find_circuit
from tests.fakes.services import CountingTable, FixedClock

OPENAI = Place("openai https://api.openai.com:443", shared=True, provider="openai")
OWN = Place("alice custom https://llm.example.com:443", shared=False, provider="custom")
CALLERS = 200


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def table(clock: FixedClock) -> CountingTable:
    return CountingTable(now=clock)


@pytest.fixture
def breakers(table: CountingTable, clock: FixedClock) -> Breakers:
    return Breakers(table, "one", now=clock)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    handler = logger().registered_handler
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    before = handler.setStream(written)
    yield written
    handler.setStream(before)


async def happen(breakers: Breakers, clock: FixedClock, place: Place, *, failed: int, tenants: int, well: int) -> None:
    """So many attempts, spread over tenants, and then the batch is written."""
    await breakers.state(place)
    for number in range(failed):
        breakers.count_failure(place, f"tenant {number % tenants}")
    for _ in range(well):
        breakers.count_answer(place, 100)
    clock.pass_by(1)
    await breakers.write()


async def opened(breakers: Breakers, clock: FixedClock, place: Place = OPENAI) -> None:
    """It is, by twenty failures."""
    await happen(breakers, clock, place, failed=20, tenants=5, well=0)
    assert (await breakers.state(place)).state == "open"


@pytest.mark.parametrize(
    ("happened", "state"),
    [
        ((200, 1, 0), "closed"),
        ((200, 2, 0), "closed"),
        ((200, 5, 0), "open"),
        ((19, 5, 0), "closed"),
        ((20, 3, 20), "open"),
        ((20, 3, 21), "closed"),
        ((500, 5, 1500), "closed"),
    ],
    ids=["one tenant", "two tenants", "five tenants", "few", "half", "less than half", "a quarter"],
)
async def test_it_opens_by_many_failures_of_many_tenants(
    breakers: Breakers, clock: FixedClock, happened: tuple[int, int, int], state: str
) -> None:
    """Threat I11: twenty failures at least, half of all, three tenants."""
    failed, tenants, well = happened
    await happen(breakers, clock, OPENAI, failed=failed, tenants=tenants, well=well)

    assert (await breakers.state(OPENAI)).state == state


async def test_an_address_of_ones_own_is_ones_own_matter(breakers: Breakers, clock: FixedClock) -> None:
    """Threat I11: custom origins have a breaker for each tenant, which one tenant's failures open."""
    await happen(breakers, clock, OWN, failed=20, tenants=1, well=0)

    assert (await breakers.enter(OWN)).wait is not None
    assert (
        await breakers.enter(Place("bob custom https://llm.example.com:443", shared=False, provider="custom"))
        == Entry()
    )
    assert await breakers.enter(OPENAI) == Entry()


async def test_many_processes_see_together_what_none_sees_alone(table: CountingTable, clock: FixedClock) -> None:
    processes = [Breakers(table, f"p{number}", now=clock) for number in range(10)]
    for number, process in enumerate(processes):
        await process.state(OPENAI)
        for _ in range(2):
            process.count_failure(OPENAI, f"tenant {number}")
    clock.pass_by(1)
    await asyncio.gather(*(process.write() for process in processes))
    clock.pass_by(2)
    waits = [(await process.enter(OPENAI)).wait for process in processes]

    assert all(wait is not None for wait in waits)
    assert (await find_circuit(table, OPENAI.name)).epoch == 1


async def test_the_opening_is_a_line_of_the_log_and_only_one(
    table: CountingTable, clock: FixedClock, log: io.StringIO
) -> None:
    processes = [Breakers(table, f"p{number}", now=clock) for number in range(10)]
    for process in processes:
        await process.state(OPENAI)
        for number in range(30):
            process.count_failure(OPENAI, f"tenant {number}")
    clock.pass_by(1)
    await asyncio.gather(*(process.write() for process in processes))
    lines = [json.loads(line) for line in log.getvalue().splitlines()]

    assert [line["message"] for line in lines] == [OPENED]
    assert lines[0]["place"] == OPENAI.name


async def test_of_many_processes_one_counts_the_opening_and_nobody_that_of_a_tenants_own(
    table: CountingTable, clock: FixedClock
) -> None:
    """Threat I11: whoever breaks an address of their own wakes no operator."""
    incidents = Incidents()
    for number in range(5):
        process = Breakers(table, f"p{number}", now=clock, incidents=incidents)
        await happen(process, clock, OPENAI, failed=20, tenants=5, well=0)
        await happen(process, clock, OWN, failed=20, tenants=1, well=0)

    assert incidents.counted() == {BreakerOpened("openai"): 1}


async def test_while_it_is_open_the_wait_is_what_remains(breakers: Breakers, clock: FixedClock) -> None:
    await opened(breakers, clock)
    clock.pass_by(FIRST_REST - 3)

    assert await breakers.enter(OPENAI) == Entry(wait=3.0)


async def test_one_of_two_hundred_probes_and_none_too_early(table: CountingTable, clock: FixedClock) -> None:
    processes = [Breakers(table, f"p{number}", now=clock) for number in range(4)]
    await opened(processes[0], clock)
    clock.pass_by(FIRST_REST - 0.001)
    early = await asyncio.gather(*(processes[n % 4].enter(OPENAI) for n in range(CALLERS)))
    clock.pass_by(0.001)
    due = await asyncio.gather(*(processes[n % 4].enter(OPENAI) for n in range(CALLERS)))

    assert sum(entry.probe is not None for entry in early) == 0
    assert sum(entry.probe is not None for entry in due) == 1
    assert sum(entry.wait is not None for entry in due) == CALLERS - 1


async def test_a_probe_that_is_answered_closes_it_and_old_failures_count_no_more(
    breakers: Breakers, clock: FixedClock
) -> None:
    await opened(breakers, clock)
    clock.pass_by(FIRST_REST)
    entry = await breakers.enter(OPENAI)
    await breakers.answered(OPENAI, entry.probe)
    await happen(breakers, clock, OPENAI, failed=1, tenants=1, well=0)

    assert await breakers.state(OPENAI) == Circuit("closed", epoch=1)


async def test_a_probe_that_fails_doubles_the_time(breakers: Breakers, clock: FixedClock) -> None:
    await opened(breakers, clock)
    clock.pass_by(FIRST_REST)
    await breakers.failed(OPENAI, (await breakers.enter(OPENAI)).probe)

    assert await breakers.enter(OPENAI) == Entry(wait=2 * FIRST_REST)


def test_the_time_is_capped() -> None:
    assert [rest(trips) for trips in (1, 2, 3)] == [FIRST_REST, 2 * FIRST_REST, 4 * FIRST_REST]
    assert rest(50) == LONGEST_REST


async def test_a_probe_that_learns_nothing_is_the_next_ones_at_once(breakers: Breakers, clock: FixedClock) -> None:
    """Threat I11: a bad key is no proof, neither that it is well nor that it is not."""
    await opened(breakers, clock)
    clock.pass_by(FIRST_REST)
    await breakers.undecided(OPENAI, (await breakers.enter(OPENAI)).probe)
    clock.pass_by(0.001)

    assert (await breakers.enter(OPENAI)).probe is not None


async def test_a_probe_that_is_never_heard_of_again_is_taken_over(breakers: Breakers, clock: FixedClock) -> None:
    await opened(breakers, clock)
    clock.pass_by(FIRST_REST)
    await breakers.enter(OPENAI)
    clock.pass_by(PROBE_LEASE)

    assert (await breakers.enter(OPENAI)).probe is not None


async def test_the_state_is_read_once_in_two_seconds(
    breakers: Breakers, table: CountingTable, clock: FixedClock
) -> None:
    for _ in range(CALLERS):
        await breakers.enter(OPENAI)
    clock.pass_by(1.9)
    await breakers.enter(OPENAI)

    assert table.reads == 1


async def test_counts_are_written_once_a_second(breakers: Breakers, table: CountingTable, clock: FixedClock) -> None:
    await happen(breakers, clock, OPENAI, failed=1, tenants=1, well=0)
    breakers.count_failure(OPENAI, "tenant")
    clock.pass_by(0.9)
    await breakers.write()
    early = await breakers.lately(OPENAI)
    clock.pass_by(0.1)
    await breakers.write()

    assert early.failed == 1
    assert (await breakers.lately(OPENAI)).failed == 2


async def test_a_table_that_is_away_keeps_nobody_out(
    breakers: Breakers, table: CountingTable, clock: FixedClock
) -> None:
    table.down = True
    entry = await breakers.enter(OPENAI)
    breakers.count_failure(OPENAI, "tenant")
    clock.pass_by(1)
    await breakers.write()

    assert entry == Entry()
