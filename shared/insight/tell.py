"""A request that has ended, as one line of the log and as metrics: told once, when its row is newly written, whatever it was and however it ended."""

from shared.insight.cloudwatch import metrics_of
from shared.insight.telemetry import attributes
from shared.observability import logger, write_metrics
from shared.records.ledger import LedgerRow


def tell_request(row: LedgerRow, *, cloudwatch: bool, answered_by: str | None = None) -> None:
    """Tell of it. `cloudwatch`: it reads the log. `answered_by`: the provider's own name of the model that answered."""
    logger().info("request ended", extra=attributes(row, answered_by=answered_by))
    if cloudwatch:
        for measured in metrics_of(row):
            write_metrics(*measured)
