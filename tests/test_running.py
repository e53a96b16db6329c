"""Switches by which answers are stopped in the process that gives them."""

import asyncio

import pytest

from shared.running import Running, Stopped, Switch


async def sleep() -> None:
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


def test_an_access_token_stops_its_own_answers_and_who_is_signed_in_any() -> None:
    """Threat I4, as history and analytics are fenced."""
    running = Running()
    with running.giving("alice", "r1", token_id="t1") as switch, running.giving("alice", "r2") as persons:
        others = [running.stop("alice", "r1", by="t2"), running.stop("alice", "r2", by="t1")]
        went_on = not switch.thrown and not persons.thrown
        own = running.stop("alice", "r1", by="t1")
    with running.giving("alice", "r1", token_id="t1") as again:
        owners = running.stop("alice", "r1")

    assert others == [False, False]
    assert went_on
    assert (own, switch.thrown, owners, again.thrown) == (True, True, True, True)


async def test_a_switch_thrown_before_or_meanwhile_ends_the_wait() -> None:
    switch = Switch()
    waiting = asyncio.create_task(switch.unless_thrown(sleep))
    await asyncio.sleep(0)
    switch.throw()
    switch.throw()
    with pytest.raises(Stopped):
        await waiting
    with pytest.raises(Stopped):
        await switch.unless_thrown(sleep)

    assert waiting.cancelling() == 0


async def test_who_is_cancelled_by_somebody_else_is_not_stopped_but_cancelled() -> None:
    """A caller who leaves in the moment in which they also stop it: the leave is heard."""
    for thrown in (False, True):
        switch = Switch()
        waiting = asyncio.create_task(switch.unless_thrown(sleep))
        await asyncio.sleep(0)
        if thrown:
            switch.throw()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting


async def test_without_a_throw_it_is_as_if_there_were_no_switch() -> None:
    async def seven() -> int:
        await asyncio.sleep(0)
        return 7

    assert await Switch().unless_thrown(seven) == 7
