"""Usage by day, counted up."""

from shared.records.ledger import LedgerRow
from shared.storage.table import Table


async def add_usage(table: Table, row: LedgerRow) -> None:
    """Count one request that was newly written to the ledger."""
