"""Answers kept under idempotency keys. All lie under their owner (threats I3 and I7).

A short answer lies in the row of its key. What is longer lies beside it in rows of its own, written once: DynamoDB takes for each write of a
row, also for one that fails, as much as the row is long, and has 400 KB for each
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html, 2026-11). How much is kept for one owner is bounded.

One conditional write decides who answers; what lay there tells everybody else why not (faults.md, 5.5).
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any, Final, Literal

from shared.records.replay import Claim, Replay
from shared.storage import layout
from shared.storage.table import Absent, AllOf, AnyOf, Change, Compare, Condition, ConditionFailed, Item, Key, Table

KEPT_FOR: Final = 86_400
"""Seconds that a key is remembered, since it was first used."""
_SWEPT_AFTER: Final = 60
"""Seconds after which the row of a freed key goes: it says nothing any more."""
IN_ITS_ROW: Final = 32 * 1024
"""Bytes of an answer that lie in the row of its key. Of most answers that is all."""
LARGEST_PIECE: Final = 320 * 1024
"""Bytes of a piece in a row of its own."""
MOST_A_DAY: Final = 256 * 1024 * 1024
"""Bytes of answers that are kept for one owner on one day (UTC): 65,000 of 4 KiB, or 128 of 2 MiB. They lie for a day, so at most twice that lies there."""


async def claim_replay(table: Table, claim: Claim, now: float) -> Replay | None:
    """What lies there; None when this claim holds the key from now on.

    Raises:
        StorageUnavailable: the table does not answer. The claim may hold the key all the same.
    """
    key = _key(claim)
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "state": "running",
        "holder": claim.holder,
        "fingerprint": claim.fingerprint,
        "lease": claim.lease,
        "expires_at": int(now) + KEPT_FOR,
    }
    try:
        await table.put(item, when=_nobody_answers(claim, now))
    except ConditionFailed as error:
        there = error.item or {}
        if there.get("holder") == claim.holder:
            return None  # the answer to our own write was lost, and it was sent again
        return await _replay(table, claim, there)
    return None


async def keep_replay(table: Table, claim: Claim, pieces: Sequence[bytes], now: float) -> bool:
    """Keep the answer; False when the key is another's by now, or the owner has no room left today: then the key stays used.

    It is counted before any of it is written, and all of it is written before its row says so: what breaks off is never taken for the whole,
    and what it left is counted, and goes after a day. Of `pieces` none is larger than `LARGEST_PIECE`.

    Raises:
        StorageUnavailable: the table does not answer. Doing it again does no harm, but is counted again.
    """
    if not await _has_room(table, claim.owner, sum(map(len, pieces)), now):
        await refuse_replay(table, claim, "too_many")
        return False
    inside, ends = _fitting(pieces), int(now) + KEPT_FOR
    more = enumerate(pieces[inside:], inside)
    await asyncio.gather(*(_put(table, claim, number, piece, ends) for number, piece in more))
    own = {f"piece{number}": piece for number, piece in enumerate(pieces[:inside])}
    return await _end(table, claim, {"state": "kept", "pieces": len(pieces), "inside": inside, **own})


async def refuse_replay(table: Table, claim: Claim, why: Literal["too_large", "too_many"]) -> bool:
    """The answer was given and is not kept: the key stays used. False when it is another's by now."""
    return await _end(table, claim, {"state": why})


async def free_replay(table: Table, claim: Claim, now: float) -> bool:
    """Nothing was answered: whoever comes next begins anew. False when the key is another's by now."""
    return await _end(table, claim, {"state": "free", "expires_at": int(now) + _SWEPT_AFTER})


async def replays_page(
    table: Table, owner: str, *, after: str | None, limit: int
) -> tuple[list[tuple[str, str, int, Replay]], str | None]:
    """The owner's kept answers: place, name, until when (epoch seconds), and answer, behind the place `after`; and the place to go on behind."""
    listing = layout.replays(owner)
    page = await table.query(listing.pk, prefix=listing.prefix, after=after, limit=limit)
    found: list[tuple[str, str, int, Replay]] = []
    for item in page.items:
        fields: Any = item
        name = layout.replay_in(fields["sk"])
        claim = Claim(
            owner=owner, name=name, holder=fields["holder"], fingerprint=fields["fingerprint"], lease=fields["lease"]
        )
        replay = await _replay(table, claim, item)
        if replay.state == "kept":
            found.append((fields["sk"], name, int(fields["expires_at"]), replay))
    return found, page.after


async def _has_room(table: Table, owner: str, size: int, now: float) -> bool:
    """Count so many bytes more, if as many may be kept."""
    day = datetime.fromtimestamp(now, UTC).date()
    room = AnyOf((Absent("kept_bytes"), Compare("kept_bytes", "<=", MOST_A_DAY - size)))
    change = Change(increase={"kept_bytes": size}, set={"expires_at": int(now) + 2 * KEPT_FOR})
    try:
        await table.update(layout.replays_kept(owner, day), change, when=room)
    except ConditionFailed:
        return False
    return True


def _fitting(pieces: Sequence[bytes]) -> int:
    """How many of them, from the first on, lie in the row of the key."""
    sizes = accumulate(len(piece) for piece in pieces)
    return sum(size <= IN_ITS_ROW for size in sizes)


def _nobody_answers(claim: Claim, now: float) -> Condition:
    died = (Compare("state", "=", "running"), Compare("lease", "<", int(now)))
    same = Compare("fingerprint", "=", claim.fingerprint)
    return AnyOf((Absent("pk"), Compare("state", "=", "free"), AllOf((*died, same))))


async def _end(table: Table, claim: Claim, after: dict[str, Any]) -> bool:
    ours = AllOf((Compare("holder", "=", claim.holder), Compare("state", "=", "running")))
    try:
        await table.update(_key(claim), Change(set=after), when=ours)
    except ConditionFailed as error:
        return (error.item or {}).get("holder") == claim.holder  # an end of ours that was sent again
    return True


async def _put(table: Table, claim: Claim, number: int, piece: bytes, ends: int) -> None:
    key = layout.replay_piece(claim.owner, claim.name, claim.holder, number)
    await table.put({"pk": key.pk, "sk": key.sk, "said": piece, "expires_at": ends})


async def _replay(table: Table, claim: Claim, item: Item) -> Replay:
    fields: dict[str, Any] = {name: item[name] for name in ("state", "holder", "fingerprint", "lease")}
    if item["state"] == "kept" and item["fingerprint"] == claim.fingerprint:
        fields["pieces"] = await _pieces(table, claim, item)
    return Replay(**fields)


async def _pieces(table: Table, claim: Claim, item: Item) -> tuple[bytes, ...]:
    """All of them; none where one is gone."""
    many, inside, holder = item["pieces"], item["inside"], item["holder"]
    if not isinstance(many, int) or not isinstance(inside, int) or not isinstance(holder, str):
        raise TypeError("pieces are counted, and a holder is text")
    keys = [layout.replay_piece(claim.owner, claim.name, holder, number) for number in range(inside, many)]
    rows = await asyncio.gather(*(table.get(key, consistent=True) for key in keys))
    own = [item[f"piece{number}"] for number in range(inside)]
    found = [piece for piece in (*own, *(row["said"] for row in rows if row)) if isinstance(piece, bytes)]
    return tuple(found) if len(found) == many else ()


def _key(claim: Claim) -> Key:
    return layout.replay(claim.owner, claim.name)
