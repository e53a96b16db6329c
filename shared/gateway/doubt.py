"""Says in the log whose reports of usage cannot be, for whoever runs the house: the row in the ledger has an estimate in their place."""

from shared.gateway.meter import Meter
from shared.gateway.target import Target
from shared.observability import logger


def warn_of_doubt(meter: Meter, target: Target) -> None:
    """One line, if the meter heard something that cannot be."""
    reported = meter.doubted()
    if reported is not None:
        counts = {"input": reported.input, "output": reported.output, "reasoning": reported.reasoning}
        named = {"provider": target.provider.id, "model": target.model}
        logger().warning("usage not believed", extra={**named, "reported": counts})
