"""Keys of requests in the table: one holds each, whoever asks at the same time (faults.md, 5.5; threat I7)."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.errors import StorageUnavailable
from shared.records.replay import Claim
from shared.storage import layout
from shared.storage.erase import erase_owner
from shared.storage.export import export_owner
from shared.storage.replays import (
    IN_ITS_ROW,
    KEPT_FOR,
    LARGEST_PIECE,
    MOST_A_DAY,
    claim_replay,
    free_replay,
    keep_replay,
    refuse_replay,
)
from shared.storage.table import Change, Condition, Item, Table
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


@pytest.mark.parametrize(("size", "beside"), [(IN_ITS_ROW - 4, 0), (IN_ITS_ROW - 3, 1), (LARGEST_PIECE, 1)])
async def test_what_is_long_lies_in_rows_of_its_own(table: Table, size: int, beside: int) -> None:
    """DynamoDB takes for each write of a row what all of it costs, also for a claim that finds the key taken; and no row has more than 400 KB."""
    pieces = [b"head", b"x" * size]
    await claim_replay(table, claim(), NOW)
    await keep_replay(table, claim(), pieces, NOW)
    found = await claim_replay(table, claim("R2"), NOW)
    row = await table.get(layout.replay("alice", "k1"))
    beside_it = await table.get(layout.replay_piece("alice", "k1", "R1", 1))

    assert found is not None
    assert found.pieces == tuple(pieces)
    assert row is not None
    assert _bytes_of(row) <= IN_ITS_ROW + len("q" * 32)
    assert (beside_it is not None) == bool(beside)
    if beside_it is not None:
        assert beside_it["expires_at"] == NOW + KEPT_FOR


class Breaking:
    """A table that goes away at the put of that piece."""

    def __init__(self, table: Table, number: int) -> None:
        self._table = table
        self._ends = f"#{number:04}"

    async def put(self, item: Item, *, when: Condition | None = None) -> None:
        if str(item["sk"]).endswith(self._ends):
            raise StorageUnavailable("the table went away")
        await self._table.put(item, when=when)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table, name)


@pytest.mark.parametrize("broken", [1, 2, 4])
async def test_what_was_written_in_part_is_never_the_answer(table: Table, broken: int) -> None:
    """faults.md, 5.5: the row tells of an answer when all of it is there; whoever comes next begins anew and gets their own."""
    breaking: Any = Breaking(table, broken)
    await claim_replay(table, claim(), NOW)
    with pytest.raises(StorageUnavailable):
        await keep_replay(breaking, claim(), LONG, NOW)
    during = await claim_replay(table, claim("R2"), NOW)
    late, other = claim("R3", lease=NOW + 200), [b"head", b"other" * 10_000]
    anew = await claim_replay(table, late, NOW + 61)
    await keep_replay(table, late, other, NOW + 61)
    found = await claim_replay(table, claim("R4"), NOW + 62)

    assert during is not None
    assert (during.state, during.pieces) == ("running", ())
    assert anew is None
    assert found is not None
    assert found.pieces == tuple(other)


async def test_nobody_fills_the_table(table: Table) -> None:
    """What is beyond an owner's room of a day was given, is not kept, and its key stays used. Others, and tomorrow, have room."""
    today, tomorrow = datetime.fromtimestamp(NOW, UTC).date(), NOW + 86_400
    full = Change(set={"kept_bytes": MOST_A_DAY - len(b"head" + b"body")})
    await table.update(layout.replays_kept("alice", today), full)
    kept: list[bool] = []
    for name, owner, at in (("a", "alice", NOW), ("b", "alice", NOW), ("c", "bob", NOW), ("d", "alice", tomorrow)):
        asked = replace(claim(owner=owner), name=name)
        await claim_replay(table, asked, at)
        kept.append(await keep_replay(table, asked, [b"head", b"body"], at))
    over = await claim_replay(table, replace(claim("R2"), name="b"), NOW)

    assert kept == [True, False, True, True]
    assert over is not None
    assert (over.state, over.pieces) == ("too_many", ())
    assert await table.get(layout.replay_piece("alice", "b", "R1", 1)) is None


async def test_of_many_at_once_no_more_are_kept_than_there_is_room_for(table: Table) -> None:
    """Each is counted before it is written, in one conditional write."""
    today = datetime.fromtimestamp(NOW, UTC).date()
    await table.update(layout.replays_kept("alice", today), Change(set={"kept_bytes": MOST_A_DAY - 50}))
    asked = [replace(claim(), name=f"k{number}") for number in range(20)]
    await asyncio.gather(*(claim_replay(table, each, NOW) for each in asked))
    kept = await asyncio.gather(*(keep_replay(table, each, [b"0123456789"], NOW) for each in asked))

    assert sum(kept) == 5


def _bytes_of(item: Item) -> int:
    return sum(len(value) for value in item.values() if isinstance(value, bytes))


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
    refused = await refuse_replay(table, claim(), "too_large")
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
