"""What is done with a request once its row is newly written: counted in the table, and told in one line of the log."""

from shared.insight.telemetry import attributes
from shared.observability import logger
from shared.records.ledger import LedgerRow
from shared.storage.table import Table
from shared.storage.usage import add_usage


async def note_request(table: Table, row: LedgerRow, *, answered_by: str | None = None) -> None:
    """Tell of it, then count it. `answered_by`: the provider's own name of the model that answered.

    Raises:
        StorageUnavailable: it was told, but not counted.
    """
    logger().info("request ended", extra=attributes(row, answered_by=answered_by))
    await add_usage(table, row)
