"""Keys of requests in the table: one holds each, whoever asks at the same time (faults.md, 5.5; threat I7)."""

import asyncio
from dataclasses import replace

import pytest

from shared.records.replay import Claim
from shared.storage import layout
from shared.storage.erase import erase_owner
from shared.storage.export import export_owner
from shared.storage.replays import KEPT_FOR, claim_replay, free_replay, keep_replay, refuse_replay
from shared.storage.table import Table
from tests.storage.conftest import Clock

NOW = 1_800_000_000
LONG = [b"head", *(bytes([at]) * 300_000 for at in range(4))]


def claim(holder: str = "R1", *, owner: str = "alice", question: bytes = b"q" * 32, lease: int = NOW + 60) -> Claim:
    return Claim(owner=owner, name="k1", holder=holder, fingerprint=question, lease=lease)


async def test_of_many_at_once_one_answers(table: Table) -> None:
    """faults.md, client retry."""
    there = await asyncio.gather(*(claim_replay(table, claim(f"R{number}"), NOW) for number in range(50)))

    assert [found.state for found in there if found] == ["running"] * 49


async def test_a_claim_that_is_sent_again_is_the_same_one(table: Table) -> None:
    """faults.md, response lost after commit."""
    assert await claim_replay(table, claim(), NOW) is None
    assert await claim_replay(table, claim(), NOW) is None
    assert await free_replay(table, claim(), NOW)
    assert await free_replay(table, claim(), NOW)


@pytest.mark.parametrize("many", [1, 2, 3, 5])
async def test_what_was_kept_is_found_whole(table: Table, many: int) -> None:
    await claim_replay(table, claim(), NOW)
    kept = await keep_replay(table, claim(), LONG[:many], NOW)
    found = await claim_replay(table, claim("R2"), NOW)

    assert kept
    assert found is not None
    assert (found.state, found.holder, found.pieces) == ("kept", "R1", tuple(LONG[:many]))


async def test_with_another_question_nothing_of_the_answer_is_read(table: Table) -> None:
    """Threat I7."""
    await claim_replay(table, claim(), NOW)
    await keep_replay(table, claim(), LONG, NOW)
    found = await claim_replay(table, claim("R2", question=b"other"), NOW)

    assert found is not None
    assert (found.fingerprint, found.pieces) == (b"q" * 32, ())


async def test_an_answer_with_a_piece_gone_is_none(table: Table) -> None:
    await claim_replay(table, claim(), NOW)
    await keep_replay(table, claim(), LONG, NOW)
    await table.delete(layout.replay_piece("alice", "k1", "R1", 3))
    found = await claim_replay(table, claim("R2"), NOW)

    assert found is not None
    assert found.pieces == ()


async def test_another_owners_key_is_another(table: Table) -> None:
    """Threat I7."""
    await claim_replay(table, claim(), NOW)

    assert await claim_replay(table, claim("R2", owner="bob"), NOW) is None


async def test_when_its_holder_died_the_same_question_goes_on_and_the_dead_one_changes_nothing(table: Table) -> None:
    """faults.md, crash mid-stream."""
    await claim_replay(table, claim(), NOW)
    early = await claim_replay(table, claim("R2"), NOW + 60)
    other = await claim_replay(table, claim("R3", question=b"other"), NOW + 61)
    late = claim("R4", lease=NOW + 200)

    assert early is not None
    assert other is not None
    assert await claim_replay(table, late, NOW + 61) is None
    assert not await keep_replay(table, claim(), LONG, NOW + 62)
    assert not await free_replay(table, claim(), NOW + 62)
    assert await keep_replay(table, late, LONG, NOW + 63)


async def test_a_freed_key_may_mean_anything(table: Table) -> None:
    await claim_replay(table, claim(), NOW)
    await free_replay(table, claim(), NOW)

    assert await claim_replay(table, claim("R2", question=b"other"), NOW) is None


async def test_what_was_too_large_stays_used(table: Table) -> None:
    await claim_replay(table, claim(), NOW)
    refused = await refuse_replay(table, claim())
    found = await claim_replay(table, claim("R2"), NOW)

    assert refused
    assert found is not None
    assert found.state == "too_large"


async def test_a_key_is_forgotten_after_a_day(table: Table, clock: Clock) -> None:
    await claim_replay(table, claim(), NOW)
    await keep_replay(table, claim(), LONG, NOW)
    clock.time += KEPT_FOR - 1
    before = await claim_replay(table, claim("R2"), clock.time)
    clock.time += 1

    assert before is not None
    assert await claim_replay(table, replace(claim("R3"), fingerprint=b"other"), clock.time) is None


async def test_answers_go_with_their_owner_and_leave_with_no_export(table: Table) -> None:
    """Threats K6 and K10."""
    await claim_replay(table, claim(), NOW)
    await keep_replay(table, claim(), LONG, NOW)
    exported = await export_owner(table, "alice")
    await erase_owner(table, "alice")
    listing = layout.owned("alice")

    assert any(sk.startswith("REPLAY") for sk in exported.items)
    assert "head" not in repr(exported)
    assert (await table.query(listing.pk)).items == []
