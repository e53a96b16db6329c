"""Accounts that were deleted lately.

A process that has not heard of it yet may still write in their name, for the seconds in which it remembers a session, and to the end of
what it was carrying: the sweeper erases that, by these. A tombstone holds an owner's id, which leads nowhere, and those of their access tokens, for what a token used lies under its own name.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, cast

from shared.storage import layout
from shared.storage.table import Change, ConditionFailed, Item, Present, Table

FIRST: Final = 10
"""Seconds until it is looked again: twice as long as a session is remembered."""
KEPT: Final = 30 * 86_400
"""Seconds after which nobody is carrying anything of theirs any more, nor is a settlement waiting to be made up for."""


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Of one owner. `at`: when they left, `due`: when it is looked next; epoch seconds. `is_clean`: no file holds what was deleted."""

    owner: str
    at: int
    due: int
    tokens: frozenset[str] = frozenset()
    is_clean: bool = False

    def is_over(self, now: float) -> bool:
        """Nothing can come any more."""
        return now >= self.at + KEPT


async def bury(table: Table, owner: str, tokens: Iterable[str], *, now: float) -> None:
    """They leave. Done again, it begins anew and forgets no token."""
    began: Item = {"owner": owner, "at": int(now), "due": int(now) + FIRST, "is_clean": False}
    await table.update(layout.tombstone(owner), Change(set=began, include=_named(tokens)))


async def is_buried(table: Table, owner: str) -> bool:
    """Their account was deleted lately."""
    return await table.get(layout.tombstone(owner), consistent=True) is not None


async def due_tombstones(table: Table, now: float) -> AsyncIterator[Tombstone]:
    """Those of whom something may have been written."""
    listing, after = layout.tombstones(), None
    while True:
        page = await table.query(listing.pk, prefix=listing.prefix, after=after)
        for item in page.items:
            fields = cast("dict[str, Any]", item)
            if fields["due"] <= now:
                yield Tombstone(
                    fields["owner"],
                    fields["at"],
                    fields["due"],
                    cast("frozenset[str]", item.get("tokens", frozenset())),
                )
        after = page.after
        if after is None:
            return


async def put_off(table: Table, stone: Tombstone, tokens: Iterable[str], *, now: float) -> None:
    """Looked now, and nothing is left; the next time when as long again has passed since they left, so that many looks are few."""
    due = max(int(now) + FIRST, 2 * int(now) - stone.at)
    await _note(table, stone, Change(set={"due": due, "is_clean": True}, include=_named(tokens)))


async def try_soon(table: Table, stone: Tombstone, tokens: Iterable[str]) -> None:
    """A file still holds something: the next sweep tries again."""
    await _note(table, stone, Change(set={"is_clean": False}, include=_named(tokens)))


async def _note(table: Table, stone: Tombstone, change: Change) -> None:
    with suppress(ConditionFailed):  # another sweeper found that it is over
        await table.update(layout.tombstone(stone.owner), change, when=Present("pk"))


async def remove(table: Table, stone: Tombstone) -> None:
    """Nothing is left, and nothing can come."""
    await table.delete(layout.tombstone(stone.owner))


def _named(tokens: Iterable[str]) -> dict[str, frozenset[str]]:
    """Sets are never empty."""
    found = frozenset(tokens)
    return {"tokens": found} if found else {}
