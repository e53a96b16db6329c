"""A table in memory: the pure model behind the port. `down = True` makes every verb raise StorageUnavailable. And one that counts what another is asked."""

import time
from collections import Counter
from collections.abc import Callable
from decimal import Decimal

from shared.errors import StorageUnavailable
from shared.storage.conditions import applied, canonical_change, check_condition, holds
from shared.storage.table import Change, Condition, ConditionFailed, Item, Key, Page, Table
from shared.storage.values import canonical_item, check_key, check_query, check_size, expired


class MemoryTable:
    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self.items: dict[tuple[str, str], Item] = {}
        self.down = False

    async def get(self, key: Key, *, consistent: bool = False) -> Item | None:
        item = self._find(key)
        return canonical_item(item) if item is not None else None

    async def put(self, item: Item, *, when: Condition | None = None) -> None:
        new = canonical_item(item)
        key = Key(str(new["pk"]), str(new["sk"]))
        self._check(when, self._find(key))
        self._store(key, new)

    async def update(self, key: Key, change: Change, *, when: Condition | None = None) -> Item:
        exact = canonical_change(change)
        old = self._find(key)
        self._check(when, old)
        new = applied(exact, old, key)
        self._store(key, new)
        return canonical_item(new)

    async def delete(self, key: Key, *, when: Condition | None = None) -> Item | None:
        old = self._find(key)
        self._check(when, old)
        self.items.pop((key.pk, key.sk), None)
        return old

    async def query(
        self, pk: str, *, prefix: str = "", after: str | None = None, limit: int = 100, newest_first: bool = False
    ) -> Page:
        check_query(pk, prefix, after, limit)
        self._answer()
        names = sorted(sk for there, sk in self.items if there == pk and sk.startswith(prefix))
        live = [sk for sk in names if not expired(self.items[pk, sk], self._now())]
        ordered = live[::-1] if newest_first else live
        rest = [sk for sk in ordered if after is None or (sk < after if newest_first else sk > after)]
        items = [canonical_item(self.items[pk, sk]) for sk in rest[:limit]]
        return Page(items, rest[limit - 1] if len(rest) > limit else None)

    async def scrub(self, *, thoroughly: bool) -> bool:
        return True

    async def close(self) -> None:
        """Nothing to let go of; a test may look on."""

    def _answer(self) -> None:
        if self.down:
            raise StorageUnavailable("the table does not answer: try again", retry_after=1)

    def _find(self, key: Key) -> Item | None:
        self._answer()
        check_key(key)
        item = self.items.get((key.pk, key.sk))
        return None if item is None or expired(item, self._now()) else item

    def _check(self, when: Condition | None, item: Item | None) -> None:
        if when is None:
            return
        check_condition(when)
        if not holds(when, item):
            raise ConditionFailed(canonical_item(item) if item is not None else None)

    def _store(self, key: Key, item: Item) -> None:
        check_size(item)
        self.items[key.pk, key.sk] = item


class Recorded:
    """Passes on, and counts: `reads` as DynamoDB bills items of 4 KB at most, half where the read need not be consistent."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self.calls = Counter[str]()
        self.reads = Decimal(0)

    @property
    def writes(self) -> int:
        return sum(self.calls[verb] for verb in ("put", "update", "delete"))

    async def get(self, key: Key, *, consistent: bool = False) -> Item | None:
        self.calls["get"] += 1
        self.reads += 1 if consistent else Decimal("0.5")
        return await self._table.get(key, consistent=consistent)

    async def put(self, item: Item, *, when: Condition | None = None) -> None:
        self.calls["put"] += 1
        await self._table.put(item, when=when)

    async def update(self, key: Key, change: Change, *, when: Condition | None = None) -> Item:
        self.calls["update"] += 1
        return await self._table.update(key, change, when=when)

    async def delete(self, key: Key, *, when: Condition | None = None) -> Item | None:
        self.calls["delete"] += 1
        return await self._table.delete(key, when=when)

    async def query(
        self, pk: str, *, prefix: str = "", after: str | None = None, limit: int = 100, newest_first: bool = False
    ) -> Page:
        self.calls["query"] += 1
        self.reads += Decimal("0.5")
        return await self._table.query(pk, prefix=prefix, after=after, limit=limit, newest_first=newest_first)

    async def scrub(self, *, thoroughly: bool) -> bool:
        return await self._table.scrub(thoroughly=thoroughly)

    async def close(self) -> None:
        await self._table.close()
