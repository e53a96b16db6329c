"""Switches by which answers are stopped in the process that gives them."""

import asyncio

import pytest

from shared.running import Running, Switch


async def _sleep(switch: Switch, waiting: asyncio.Timeout) -> None:
    async with waiting:
        with switch.ends(waiting):
            await asyncio.sleep(60)


async def test_a_switch_is_found_by_its_owner_alone_and_only_while_the_answer_grows() -> None:
    """Threat I3."""
    running = Running()
    with running.giving("alice", "r1") as switch:
        others = [running.stop("bob", "r1"), running.stop("alice", "r2"), switch.thrown]
        own = running.stop("alice", "r1")

    assert others == [False, False, False]
    assert own
    assert switch.thrown
    assert not running.stop("alice", "r1")


async def test_a_switch_thrown_before_the_wait_ends_it_at_once() -> None:
    running = Running()
    with running.giving("alice", "r1") as switch:
        switch.throw()
        waiting = asyncio.timeout(None)
        with pytest.raises(TimeoutError):
            await _sleep(switch, waiting)

    assert waiting.expired()
