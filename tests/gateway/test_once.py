"""Who may answer, and until when."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from shared.errors import KeyServiceUnavailable, NotKept, StillAnswering
from shared.gateway.once import Said, Turn, take_turn
from shared.identity.caller import Caller
from shared.services import Services
from tests.fakes.services import FixedClock, fake_services


class NoKeys:
    """A key service that does not answer."""

    async def generate(self, context: object) -> object:
        raise KeyServiceUnavailable("the key service does not answer")

    unwrap = rewrap = generate


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def services(tmp_path: Path, clock: FixedClock) -> Services:
    return fake_services(tmp_path, clock=clock)


async def take(services: Services, request_id: str = "R1", *, ends: float | None = None) -> Turn | Said:
    alice = Caller("alice", None, "user")
    return await take_turn(services, alice, "k", b"question", route="/v1", request_id=request_id, ends=ends)


async def test_a_lease_ends_with_its_request(services: Services, clock: FixedClock) -> None:
    """Trap 70; faults.md, crash mid-stream: on Lambda what died is answered anew when the function's time is over."""
    await take(services, ends=asyncio.get_running_loop().time() + 20)
    clock.pass_by(29)
    with pytest.raises(StillAnswering):
        await take(services, "R2")
    clock.pass_by(3)

    assert isinstance(await take(services, "R3"), Turn)


async def test_what_was_kept_is_said_with_its_head(services: Services) -> None:
    turn = await take(services)
    assert isinstance(turn, Turn)
    said = Said(200, [("content-type", "text/plain")], bytes(range(256)) * 4000)
    await turn.keep(said)

    assert await take(services, "R2") == said


async def test_an_answer_whose_end_was_taken_away_is_none(services: Services) -> None:
    """Its sealed head tells how long it is, so a row that tells of fewer pieces gives nothing."""
    turn = await take(services)
    assert isinstance(turn, Turn)
    await turn.keep(Said(200, [], bytes(700_000)))
    items: dict[tuple[str, str], dict[str, Any]] = services.table.items  # type: ignore[attr-defined]  # the fake's
    row = next(item for (_, sk), item in items.items() if sk.startswith("REPLAY#"))
    row["pieces"] -= 1

    with pytest.raises(NotKept):
        await take(services, "R2")


async def test_who_died_late_changes_nothing_of_what_their_successor_holds(
    services: Services, clock: FixedClock
) -> None:
    first = await take(services, ends=asyncio.get_running_loop().time())
    clock.pass_by(12)
    second = await take(services, "R2")
    assert isinstance(first, Turn)
    assert isinstance(second, Turn)
    await first.keep(Said(200, [], b"late"))
    await first.free()
    await second.keep(Said(200, [], b"in time"))
    there = await take(services, "R3")

    assert isinstance(there, Said)
    assert there.body == b"in time"


async def test_where_nothing_can_be_sealed_no_key_is_taken(services: Services) -> None:
    """Threat K3: nothing is ever kept unsealed instead."""
    services.key_wrapper = NoKeys()  # type: ignore[assignment]  # it wraps nothing, so its types do not matter
    with pytest.raises(KeyServiceUnavailable):
        await take(services)

    assert services.table.items == {}  # type: ignore[attr-defined]  # the fake's
