"""The ledger: one row for each request that was let in, written once and never changed. Promise 6."""

from dataclasses import fields as fields_of
from decimal import Decimal
from typing import Any, Final

from shared.records.ledger import LedgerRow
from shared.storage import layout
from shared.storage.table import Absent, ConditionFailed, Item, Table

_KEPT_FOR: Final = 400 * 86_400
"""Seconds for which a row is kept: a year, and the time to close its books."""
_FIELDS: Final = tuple(field.name for field in fields_of(LedgerRow))


async def add_row(table: Table, row: LedgerRow) -> bool:
    """Write the row; False when the request has one already: it ended once, and this is not that end.

    Raises:
        StorageUnavailable: the table does not answer. Doing it again does no harm.
    """
    key = layout.request(row.owner, row.request_id)
    item = {"pk": key.pk, "sk": key.sk, "expires_at": int(row.started_at) + _KEPT_FOR, **_attributes(row)}
    try:
        await table.put(item, when=Absent("pk"))
    except ConditionFailed:
        return False
    return True


async def find_row(table: Table, owner: str, request_id: str) -> LedgerRow | None:
    """The row of that request, if it is theirs (threat I3)."""
    item = await table.get(layout.request(owner, request_id), consistent=True)
    return _record(item) if item else None


async def list_rows(
    table: Table, owner: str, *, after: str | None = None, limit: int = 100
) -> tuple[list[LedgerRow], str | None]:
    """A page of the owner's rows, the newest first, and where the next one begins."""
    listing = layout.requests(owner)
    page = await table.query(listing.pk, prefix=listing.prefix, after=after, limit=limit, newest_first=True)
    return [_record(item) for item in page.items], page.after


def _attributes(row: LedgerRow) -> Item:
    """Without what is not known. The table knows no floats."""
    fields: Item = {name: value for name in _FIELDS if (value := getattr(row, name)) is not None}
    return {**fields, "started_at": Decimal(f"{row.started_at:.3f}")}


def _record(item: Item) -> LedgerRow:
    fields: dict[str, Any] = {name: value for name, value in item.items() if name in LedgerRow.__dataclass_fields__}
    if "cost_usd" in fields:
        fields["cost_usd"] = Decimal(fields["cost_usd"])
    return LedgerRow(**{"token_id": None, **fields, "started_at": float(fields["started_at"])})
