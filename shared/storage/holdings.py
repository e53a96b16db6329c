"""Where the sweeper has to look: an entry for each admission item that lately had holds, so that an idle installation costs no reads."""

from dataclasses import dataclass
from typing import Any, Final, cast

from shared.records.limits import Scope
from shared.storage import layout
from shared.storage.table import Change, Compare, ConditionFailed, Key, Page, Table

_WATCHED_FOR: Final = 1800
"""Seconds after which an entry may go, when nothing is held: longer than a process remembers its note, and than a hold lives."""
_KEPT_FOR: Final = 30 * 86_400
"""Seconds for which an entry waits for a sweeper."""


@dataclass(frozen=True, slots=True)
class Holding:
    """An item that may have holds. `until`: epoch seconds until which somebody may count on the entry."""

    scope: Scope
    shard: int
    until: int

    @property
    def key(self) -> Key:
        """The admission item."""
        return layout.admission(self.scope.kind, self.scope.id, self.shard)


async def note_holding(table: Table, scope: Scope, shard: int, *, now: float) -> None:
    """There may be holds from now on."""
    change = Change(
        set={
            "kind": scope.kind,
            "scope": scope.id,
            "shard": shard,
            "until": int(now) + _WATCHED_FOR,
            "expires_at": int(now) + _KEPT_FOR,
        }
    )
    await table.update(layout.holding(scope.kind, scope.id, shard), change)


async def list_holdings(table: Table, *, after: str | None = None) -> tuple[list[Holding], str | None]:
    """A page of them, and where the next one begins: users and tokens come before what they share, for their holds tell of the request."""
    listing = layout.holdings()
    page: Page = await table.query(listing.pk, prefix=listing.prefix, after=after, newest_first=True)
    found = []
    for item in page.items:
        fields = cast("dict[str, Any]", item)
        found.append(Holding(Scope(fields["kind"], fields["scope"]), fields["shard"], fields["until"]))
    return found, page.after


async def forget_holdings(table: Table, scope: Scope) -> None:
    """The scope is deleted itself: nobody has to look there any more."""
    listing = layout.holdings_of(scope.kind, scope.id)
    while items := (await table.query(listing.pk, prefix=listing.prefix)).items:
        for item in items:
            await table.delete(Key(str(item["pk"]), str(item["sk"])))


async def drop_holding(table: Table, holding: Holding) -> None:
    """Nothing is held there; an entry that was renewed meanwhile stays."""
    key = layout.holding(holding.scope.kind, holding.scope.id, holding.shard)
    try:
        await table.delete(key, when=Compare("until", "=", holding.until))
    except ConditionFailed:
        return
