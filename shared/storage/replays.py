"""Answers kept under idempotency keys, each a row, and more rows where one does not hold it. All lie under their owner (threats I3 and I7).

One conditional write decides who answers; what lay there tells everybody else why not (faults.md, 5.5).
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from shared.records.replay import Claim, Replay
from shared.storage import layout
from shared.storage.table import Absent, AllOf, AnyOf, Change, Compare, Condition, ConditionFailed, Item, Key, Table

KEPT_FOR: Final = 86_400
"""Seconds that a key is remembered, since it was first used."""
_SWEPT_AFTER: Final = 60
"""Seconds after which the row of a freed key goes: it says nothing any more."""
_IN_ITS_ROW: Final = 2
"""Pieces that lie in the row itself: the head, and the first of the body. Of most answers that is all."""


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
    """Keep the answer; False when the key is another's by now. What does not lie in the row is there before the row says so.

    Raises:
        StorageUnavailable: the table does not answer. Doing it again does no harm.
    """
    ends = int(now) + KEPT_FOR
    more = enumerate(pieces[_IN_ITS_ROW:], _IN_ITS_ROW)
    await asyncio.gather(*(_put(table, claim, number, piece, ends) for number, piece in more))
    inside = {f"piece{number}": piece for number, piece in enumerate(pieces[:_IN_ITS_ROW])}
    return await _end(table, claim, {"state": "kept", "pieces": len(pieces), **inside})


async def refuse_replay(table: Table, claim: Claim) -> bool:
    """The answer was given, but is too large to be kept: the key stays used. False when it is another's by now."""
    return await _end(table, claim, {"state": "too_large"})


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
    many, holder = item["pieces"], item["holder"]
    if not isinstance(many, int) or not isinstance(holder, str):
        raise TypeError("pieces are counted, and a holder is text")
    keys = [layout.replay_piece(claim.owner, claim.name, holder, number) for number in range(_IN_ITS_ROW, many)]
    rows = await asyncio.gather(*(table.get(key, consistent=True) for key in keys))
    inside = [item[f"piece{number}"] for number in range(min(many, _IN_ITS_ROW))]
    found = [piece for piece in (*inside, *(row["said"] for row in rows if row)) if isinstance(piece, bytes)]
    return tuple(found) if len(found) == many else ()


def _key(claim: Claim) -> Key:
    return layout.replay(claim.owner, claim.name)
