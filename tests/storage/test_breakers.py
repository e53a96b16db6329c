"""Circuits on every engine: of many who see the same, one is first. faults.md, 5.4."""

import asyncio

from shared.storage.breakers import (
    Circuit,
    Counts,
    add_counts,
    close_circuit,
    find_circuit,
    find_counts,
    give_back_probe,
    open_circuit,
    reopen_circuit,
    take_probe,
)
from shared.storage.table import Table

PLACE = "openai https://api.openai.com:443"
CALLERS = 200
EXPIRES = 1_900_000_000


async def test_a_place_of_which_nothing_was_written_is_closed(table: Table) -> None:
    assert await find_circuit(table, PLACE) == Circuit()
    assert await find_counts(table, PLACE, 0, 1) == Counts()


async def test_of_two_hundred_who_open_one_is_first(table: Table) -> None:
    opened = await asyncio.gather(*(open_circuit(table, PLACE, Circuit(), 10_000) for _ in range(CALLERS)))

    assert opened.count(True) == 1
    assert await find_circuit(table, PLACE) == Circuit("open", epoch=1, open_until=10_000, trips=1)


async def test_nobody_probes_early_and_one_of_two_hundred_when_it_is_time(table: Table) -> None:
    await open_circuit(table, PLACE, Circuit(), 10_000)
    early = await asyncio.gather(*(take_probe(table, PLACE, f"p{n}", 9_999, 40_000) for n in range(CALLERS)))
    due = await asyncio.gather(*(take_probe(table, PLACE, f"p{n}", 10_000, 40_000) for n in range(CALLERS)))

    assert early.count(True) == 0
    assert due.count(True) == 1


async def test_a_probe_that_never_came_back_is_taken_over_when_its_time_is_up(table: Table) -> None:
    await open_circuit(table, PLACE, Circuit(), 10_000)
    await take_probe(table, PLACE, "lost", 10_000, 40_000)

    assert not await take_probe(table, PLACE, "next", 39_999, 70_000)
    assert await take_probe(table, PLACE, "next", 40_000, 70_000)
    assert not await close_circuit(table, PLACE, "lost")


async def test_whoever_does_not_probe_cannot_close(table: Table) -> None:
    await open_circuit(table, PLACE, Circuit(), 10_000)
    await take_probe(table, PLACE, "mine", 10_000, 40_000)

    assert not await close_circuit(table, PLACE, "theirs")
    assert not await reopen_circuit(table, PLACE, "theirs", 90_000)
    assert await close_circuit(table, PLACE, "mine")
    assert await find_circuit(table, PLACE) == Circuit("closed", epoch=1)


async def test_a_probe_that_fails_opens_it_again(table: Table) -> None:
    await open_circuit(table, PLACE, Circuit(), 10_000)
    await take_probe(table, PLACE, "mine", 10_000, 40_000)
    await reopen_circuit(table, PLACE, "mine", 30_000)

    assert await find_circuit(table, PLACE) == Circuit("open", epoch=1, open_until=30_000, trips=2)


async def test_a_probe_that_learnt_nothing_is_given_back(table: Table) -> None:
    await open_circuit(table, PLACE, Circuit(), 10_000)
    await take_probe(table, PLACE, "mine", 10_000, 40_000)
    await give_back_probe(table, PLACE, "mine", 11_000)

    assert await take_probe(table, PLACE, "next", 11_000, 41_000)


async def test_who_saw_it_before_it_was_closed_does_not_open_it_again(table: Table) -> None:
    stale = await find_circuit(table, PLACE)
    await open_circuit(table, PLACE, stale, 10_000)
    await take_probe(table, PLACE, "mine", 10_000, 40_000)
    await close_circuit(table, PLACE, "mine")

    assert not await open_circuit(table, PLACE, stale, 99_000)
    assert await open_circuit(table, PLACE, await find_circuit(table, PLACE), 99_000)


async def test_counts_add_up_whoever_counts(table: Table) -> None:
    failed = [Counts(failed=1, tenants=frozenset({f"t{n % 5}"})) for n in range(50)]
    answered = [Counts(answered=2, milliseconds=30)] * 10
    await asyncio.gather(*(add_counts(table, PLACE, 0, 7, each, expires_at=EXPIRES) for each in [*failed, *answered]))
    five = frozenset({"t0", "t1", "t2", "t3", "t4"})

    assert await find_counts(table, PLACE, 0, 7) == Counts(20, 50, 300, five)
    assert await find_counts(table, PLACE, 1, 7) == Counts()
