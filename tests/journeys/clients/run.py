"""All programs on one stage, two at a time, and the table of what they found."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping

import pytest

from tests.journeys.clients.programs import Client
from tests.journeys.clients.stage import PROVIDERS, Stage, outcomes, stage

type Outcomes = dict[tuple[str, str], str]
_AT_ONCE = 2
FOUND = pytest.StashKey[Mapping[str, Outcomes | str]]()


async def performed(clients: Iterable[Client]) -> dict[str, Outcomes | str]:
    """Program → what it found, or how it broke."""
    turns = asyncio.Semaphore(_AT_ONCE)
    async with stage() as on, asyncio.TaskGroup() as group:
        tasks = {client.program: group.create_task(_in_turn(turns, on, client)) for client in clients}
        await asyncio.gather(*tasks.values())
    return {program: task.result() for program, task in tasks.items()}


async def _in_turn(turns: asyncio.Semaphore, on: Stage, client: Client) -> Outcomes | str:
    async with turns:
        try:
            return await outcomes(on, client)
        except RuntimeError as error:
            return str(error)


def table(clients: Iterable[Client], found: Mapping[str, Outcomes | str]) -> Iterable[str]:
    """Checks that passed, by client and provider."""
    columns = (*PROVIDERS, "straight")
    yield f"{'client':42}" + "".join(f"{column:>14}" for column in columns)
    sums = {column: Counter[bool]() for column in columns}
    for client in clients:
        outcome = found.get(client.program, client.missing)
        if isinstance(outcome, str):
            yield f"{client.name:42}  {outcome.strip().splitlines()[-1]}"
            continue
        counted = {
            column: Counter(not why for (_, where), why in outcome.items() if _in(where, column)) for column in columns
        }
        for column in columns:
            sums[column] += counted[column]
        yield f"{client.name:42}" + "".join(f"{_of(counted[column]):>14}" for column in columns)
    yield f"{'all':42}" + "".join(f"{_of(sums[column]):>14}" for column in columns)


def _in(where: str, column: str) -> bool:
    return where == column or where.startswith(f"{column}-")


def _of(counted: Counter[bool]) -> str:
    return f"{counted[True]} of {counted.total()}" if counted else "-"
