"""A request that has ended, as one line of the log: told once, when its row is newly written."""

from shared.insight.telemetry import attributes
from shared.observability import logger
from shared.records.ledger import LedgerRow


def tell_request(row: LedgerRow, *, answered_by: str | None = None) -> None:
    """Tell of it. `answered_by`: the provider's own name of the model that answered."""
    logger().info("request ended", extra=attributes(row, answered_by=answered_by))
