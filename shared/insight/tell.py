"""A request that has ended, as one line of the log and as metrics: told once, when its row is newly written, whatever it was and however it ended."""

from shared.insight.cloudwatch import metrics_of
from shared.insight.telemetry import NOTHING_SAID, Said, attributes
from shared.observability import logger, write_metrics
from shared.records.ledger import LedgerRow


def tell_request(row: LedgerRow, said: Said = NOTHING_SAID, *, cloudwatch: bool) -> None:
    """Tell of it. `cloudwatch`: it reads the log."""
    logger().info("request ended", extra=attributes(row, said))
    if cloudwatch:
        for measured in metrics_of(row):
            write_metrics(*measured)
