"""Real clients, each a program of its own in its own environment, at every provider through the gateway, and straight at the upstreams."""

import asyncio

import pytest

from tests.journeys.clients.programs import CLIENTS, Client
from tests.journeys.clients.run import FOUND, Outcomes, performed
from tests.journeys.clients.stage import PROVIDERS

CASES = [
    pytest.param(client, check, where, id=f"{client.program}-{where}-{check}")
    for client in CLIENTS
    for where in (*PROVIDERS, *(f"straight-{each}" for each in client.straight))
    for check in client.checks
]


@pytest.fixture(scope="module")
def found(request: pytest.FixtureRequest) -> dict[str, Outcomes | str]:
    """What every program found: all of them run when the first test asks."""
    everything = asyncio.run(performed([client for client in CLIENTS if not client.missing]))
    request.config.stash[FOUND] = everything
    return everything


@pytest.mark.parametrize(("client", "check", "where"), CASES)
def test_client(client: Client, check: str, where: str, found: dict[str, Outcomes | str]) -> None:
    if client.missing:
        pytest.skip(client.missing)
    outcomes = found[client.program]

    assert isinstance(outcomes, dict), outcomes
    assert outcomes.get((check, where), "the program said nothing about it") == ""
