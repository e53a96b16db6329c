"""The audit log in the table: entries are added, read and verified; there is no function that changes or deletes one. Threat I12.

Entries lie under their number, put only where nothing lies, so that two who write at once never follow the same entry: one is first and the
other takes the next place. A digest over the entry before makes every later change show; the anchor, a row that says how far the log has
grown, makes it show when the newest are taken away. Whoever can write the whole table can also write a new chain: against them
the digest of every entry stands in the process's own log too.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, cast

from shared.errors import StorageUnavailable
from shared.records.audit import GENESIS, Action, AuditEntry
from shared.records.ids import mint_ulid
from shared.storage import layout
from shared.storage.table import Absent, AnyOf, Change, Compare, ConditionFailed, Item, Table

_TRIES: Final = 200
"""Places that may be taken by others, one after another, before we give up."""
_RETRY_AFTER: Final = 1.0
PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Flaw:
    """The first place where the log is not what it was: `number` of the entry, and what is wrong there."""

    number: int
    reason: str


class AuditLog:
    """Adds entries, one after another. `written` hears of each that was added, for a log that lies elsewhere."""

    def __init__(
        self, table: Table, *, now: Callable[[], float], written: Callable[[AuditEntry], None] = lambda _: None
    ) -> None:
        self._table = table
        self._now = now
        self._written = written
        self._turn = asyncio.Lock()
        self._last: tuple[int, str] | None = None

    async def add(
        self,
        action: Action,
        *,
        actor: str | None = None,
        credential: str | None = None,
        subject: str | None = None,
        details: Mapping[str, str] | None = None,
    ) -> AuditEntry:
        """Write down what was done.

        Raises:
            StorageUnavailable: it is not written down, so whoever did it should not be told that it went well.
        """
        async with self._turn:
            number, digest = self._last or await self._newest()
            now = self._now()
            for _ in range(_TRIES):
                entry = AuditEntry(
                    number=number + 1,
                    id=mint_ulid(now),
                    at=int(now),
                    action=action,
                    actor=actor,
                    credential=credential,
                    subject=subject,
                    details=dict(details or {}),
                    previous=digest,
                )
                try:
                    await self._table.put(_item(entry), when=Absent("pk"))
                except ConditionFailed as taken:
                    number, digest = _place(taken.item)
                else:
                    return await self._noted(entry)
        raise StorageUnavailable("The audit log is being written too much. Try again.", retry_after=_RETRY_AFTER)

    async def _noted(self, entry: AuditEntry) -> AuditEntry:
        self._last = (entry.number, entry.digest)
        older = AnyOf((Absent("number"), Compare("number", "<", entry.number)))
        with suppress(ConditionFailed):  # another process is further
            anchored = Change(set={"number": entry.number, "digest": entry.digest})
            await self._table.update(layout.audit_anchor(), anchored, when=older)
        self._written(entry)
        return entry

    async def _newest(self) -> tuple[int, str]:
        page = await self._table.query(layout.audit_entries().pk, limit=1, newest_first=True)
        return _place(page.items[0] if page.items else None)


async def list_entries(table: Table, *, before: int | None = None, limit: int = PAGE) -> list[AuditEntry]:
    """The newest first; `before`: those with a lower number."""
    after = layout.audit_entry(before).sk if before is not None else None
    page = await table.query(layout.audit_entries().pk, after=after, limit=limit, newest_first=True)
    return [_record(item) for item in page.items]


async def every_entry(table: Table) -> AsyncIterator[AuditEntry]:
    """All entries, the oldest first."""
    async for item in _items(table):
        yield _record(item)


async def find_flaw(table: Table) -> Flaw | None:
    """The first gap or change, or None: the log is whole. Reads all of it."""
    number, digest = 0, GENESIS
    async for item in _items(table):
        if flaw := _flaw(item, number, digest):
            return flaw
        entry = _record(item)
        number, digest = entry.number, entry.digest
    return await _end(table, number, digest)


def _flaw(item: Item, number: int, digest: str) -> Flaw | None:
    """What is wrong with what lies behind the entry of that number and digest."""
    try:
        entry = _record(item)
    except (KeyError, TypeError):
        return Flaw(number + 1, "it is no entry any more")
    if entry.number != number + 1 or item["sk"] != layout.audit_entry(entry.number).sk:
        return Flaw(number + 1, "it is missing")
    if item.get("digest") != entry.digest:
        return Flaw(entry.number, "it was changed after it was written")
    if entry.previous != digest:
        return Flaw(entry.number, "the entry before it is not the one that it followed")
    return None


async def _end(table: Table, number: int, digest: str) -> Flaw | None:
    anchor = await table.get(layout.audit_anchor(), consistent=True)
    if anchor is None:
        return Flaw(number, "the anchor, which says how far the log goes, is missing") if number else None
    if cast("int", anchor["number"]) > number:
        return Flaw(number + 1, "it is missing, and so is all that came after it")
    if anchor["number"] == number and anchor["digest"] != digest:
        return Flaw(number, "it is not the one that was written last")
    return None


async def _items(table: Table) -> AsyncIterator[Item]:
    pk, after = layout.audit_entries().pk, None
    while True:
        page = await table.query(pk, after=after, limit=PAGE)
        for item in page.items:
            yield item
        if page.after is None:
            return
        after = page.after


def _place(item: Item | None) -> tuple[int, str]:
    """Number and digest of the entry that lies there."""
    if item is None:
        return 0, GENESIS
    return cast("int", item["number"]), str(item["digest"])


def _item(entry: AuditEntry) -> Item:
    key = layout.audit_entry(entry.number)
    fields: dict[str, Any] = {name: getattr(entry, name) for name in AuditEntry.__dataclass_fields__}
    return {"pk": key.pk, "sk": key.sk, **fields, "digest": entry.digest}


def _record(item: Item) -> AuditEntry:
    fields: dict[str, Any] = {name: item[name] for name in AuditEntry.__dataclass_fields__}
    return AuditEntry(**fields)
