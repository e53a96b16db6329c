"""An answer stopped from outside, here and through the table; whoever gives it upstream is silenced. faults.md, client disconnect."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from shared.errors import Cancelled, Conflict, NotFound, RealMultiLLMError
from shared.gateway.cancel import cancel
from shared.gateway.stoppable import stoppable
from shared.identity.caller import Caller
from shared.records.ids import mint_ulid
from shared.records.ledger import LedgerRow
from shared.services import Services
from shared.storage.cancellations import was_heard
from shared.storage.ledger import add_row
from tests.fakes.services import CountingTable, fake_services

ID = mint_ulid(1_800_000_000)
ALICE, BOB = Caller("alice", None, "user", session_id="s"), Caller("bob", None, "user", session_id="s")


class Upstream:
    """Says one word, then nothing until it is silenced."""

    def __init__(self) -> None:
        self.silenced = False
        self.spoken = asyncio.Event()

    async def words(self) -> AsyncGenerator[str]:
        try:
            yield "one"
            self.spoken.set()
            await asyncio.Event().wait()
        finally:
            self.silenced = True


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return fake_services(tmp_path)


@pytest.fixture
def elsewhere(tmp_path: Path, services: Services) -> Services:
    """Another process on the same table."""
    other = fake_services(tmp_path)
    other.table = services.table
    return other


async def heard(pieces: AsyncGenerator[str], into: list[str]) -> None:
    async for piece in pieces:
        into.append(piece)  # noqa: PERF401 - what was heard before it broke off is asked for too


async def test_it_stops_at_once_where_it_is_given_and_upstream_too(services: Services) -> None:
    """Trap 69."""
    upstream, said = Upstream(), list[str]()
    listening = asyncio.create_task(heard(stoppable(services, "alice", ID, upstream.words()), said))
    await upstream.spoken.wait()
    async with asyncio.timeout(0.5):
        await cancel(services, ALICE, ID)
        with pytest.raises(Cancelled):
            await listening

    assert said == ["one"]
    assert upstream.silenced


async def test_it_stops_through_the_table_when_another_process_gives_it(
    services: Services, elsewhere: Services
) -> None:
    upstream = Upstream()
    pieces = stoppable(services, "alice", ID, upstream.words(), poll=0.01)
    listening = asyncio.create_task(heard(pieces, []))
    await upstream.spoken.wait()
    await cancel(elsewhere, ALICE, ID)
    with pytest.raises(Cancelled):
        await listening

    assert upstream.silenced


@pytest.mark.parametrize("who", ["here", "elsewhere"])
async def test_nobody_stops_anothers_and_learns_no_more_than_that_of_an_absent_one(
    services: Services, elsewhere: Services, who: str
) -> None:
    """Threat I3."""
    upstream, asking = Upstream(), services if who == "here" else elsewhere
    pieces = stoppable(services, "alice", ID, upstream.words(), poll=0.01)
    listening = asyncio.create_task(heard(pieces, []))
    await upstream.spoken.wait()
    with pytest.raises(NotFound) as anothers:
        await cancel(asking, BOB, ID, patience=0.25)
    with pytest.raises(NotFound) as absent:
        await cancel(asking, BOB, mint_ulid(1_800_000_001), patience=0.25)
    went_on = not listening.done()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)

    assert went_on
    assert anothers.value.message == absent.value.message
    assert anothers.value.details == absent.value.details


def program(token_id: str) -> Caller:
    """One of Alice's."""
    return replace(ALICE, session_id=None, token_id=token_id)


@pytest.mark.parametrize("where", ["here", "elsewhere"])
@pytest.mark.parametrize("asked_by", ["t1", None])
async def test_a_token_stops_no_answer_of_another_token_or_of_its_owner(
    services: Services, elsewhere: Services, where: str, asked_by: str | None
) -> None:
    """Threat I4: it is as if absent, and the word that it leaves takes nobody else's away."""
    upstream, asking = Upstream(), services if where == "here" else elsewhere
    pieces = stoppable(services, "alice", ID, upstream.words(), token_id=asked_by, poll=0.01)
    listening = asyncio.create_task(heard(pieces, []))
    await upstream.spoken.wait()
    with pytest.raises(NotFound) as refused:
        await cancel(asking, program("t2"), ID, patience=0.25)
    went_on = not listening.done()
    await cancel(asking, program(asked_by) if asked_by else ALICE, ID)
    with pytest.raises(Cancelled):
        await listening

    assert went_on
    assert refused.value.status == 404
    assert not await was_heard(services.table, "alice", ID, by="t2")


async def test_who_is_signed_in_stops_what_a_token_of_theirs_asked_for(services: Services, elsewhere: Services) -> None:
    upstream = Upstream()
    pieces = stoppable(services, "alice", ID, upstream.words(), token_id="t1", poll=0.01)
    listening = asyncio.create_task(heard(pieces, []))
    await upstream.spoken.wait()
    await cancel(elsewhere, ALICE, ID)
    with pytest.raises(Cancelled):
        await listening

    assert upstream.silenced


@pytest.mark.parametrize(("by", "told"), [(None, Conflict), ("t1", Conflict), ("t2", NotFound)])
async def test_that_an_answer_is_over_is_told_to_whose_it_was(
    services: Services, by: str | None, told: type[RealMultiLLMError]
) -> None:
    row = LedgerRow(
        request_id=ID,
        owner="alice",
        token_id="t1",
        started_at=1_800_000_000,
        outcome="done",
        provider="openai",
        model="m",
    )
    await add_row(services.table, row)
    with pytest.raises(told) as caught:
        await cancel(services, program(by) if by else ALICE, ID, patience=0.25)

    assert type(caught.value) is told


@pytest.mark.parametrize("name", ["", "nonsense", ID.lower(), ID + "0", "Z" * 26, "OWNER#alice"])
async def test_what_cannot_be_an_id_of_ours_costs_the_table_nothing(services: Services, name: str) -> None:
    table = services.table
    assert isinstance(table, CountingTable)
    with pytest.raises(NotFound):
        await cancel(services, ALICE, name)

    assert (table.reads, table.items) == (0, {})


async def test_an_answer_that_ends_by_itself_reads_and_leaves_nothing(services: Services) -> None:
    table, said = services.table, list[str]()
    assert isinstance(table, CountingTable)

    async def words() -> AsyncGenerator[str]:
        yield "one"
        yield "two"

    await heard(stoppable(services, "alice", ID, words()), said)

    assert said == ["one", "two"]
    assert (table.reads, table.items) == (0, {})
    assert not services.running.stop("alice", ID)
    assert len(asyncio.all_tasks()) == 1


async def test_a_table_that_does_not_answer_stops_nothing(services: Services) -> None:
    upstream, table = Upstream(), services.table
    assert isinstance(table, CountingTable)
    table.down = True
    pieces = stoppable(services, "alice", ID, upstream.words(), poll=0.01)
    listening = asyncio.create_task(heard(pieces, []))
    await upstream.spoken.wait()
    await asyncio.sleep(0.1)
    went_on = not listening.done()
    services.running.stop("alice", ID)
    with pytest.raises(Cancelled):
        await listening

    assert went_on


async def test_a_timeout_of_what_is_asked_is_not_taken_for_a_stop(services: Services) -> None:
    async def words() -> AsyncGenerator[str]:
        yield "one"
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await heard(stoppable(services, "alice", ID, words()), [])
