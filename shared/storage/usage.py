"""Usage by day, counted up as it happens."""

from datetime import UTC, datetime

from shared.records.ledger import LedgerRow
from shared.storage import layout
from shared.storage.table import Change, Table


async def add_usage(table: Table, row: LedgerRow) -> None:
    """Count one request that was newly written to the ledger. Raises StorageUnavailable."""
    day = f"{datetime.fromtimestamp(row.started_at, UTC):%Y-%m-%d}"
    counted = {"requests": 1, "charged_micros": row.charged_micros}
    await table.update(layout.usage_of_day(row.owner, day), Change(increase=counted))
