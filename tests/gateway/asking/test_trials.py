"""How often keys may be tried."""

import asyncio

import pytest

from shared.errors import LimitReached
from shared.gateway.asking.trials import MOST, WINDOW, admit_trial
from tests.fakes.table import MemoryTable

NOW = 1_800_000_000.0


async def test_of_many_at_once_exactly_as_many_as_may_are_let_through() -> None:
    """Threat E8."""
    table = MemoryTable(now=lambda: NOW)
    outcomes = await asyncio.gather(*(admit_trial(table, "o1", NOW) for _ in range(200)), return_exceptions=True)

    assert outcomes.count(None) == MOST
    await admit_trial(table, "o2", NOW)
    await admit_trial(table, "o1", NOW + WINDOW)


async def test_who_may_not_is_told_when() -> None:
    table = MemoryTable(now=lambda: NOW)
    for _ in range(MOST):
        await admit_trial(table, "o1", NOW)

    with pytest.raises(LimitReached) as refused:
        await admit_trial(table, "o1", NOW)
    assert refused.value.details == {
        "limit": MOST,
        "remaining": 0,
        "resetTime": "2027-01-15T08:01:00Z",
        "policy": "key_tests",
        "scope": "user",
    }
    assert refused.value.headers["ratelimit"] == '"user-key_tests";r=0;t=60'
    assert refused.value.retry_after == 60
