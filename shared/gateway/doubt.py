"""Says in the log whose reports of usage cannot be, for whoever runs the house: the row in the ledger has an estimate in their place."""

from shared.chat.events import Usage
from shared.gateway.meter import Meter
from shared.gateway.target import Target
from shared.observability import logger


def warn_of_doubt(meter: Meter, target: Target) -> None:
    """One line, if the meter heard something that cannot be."""
    reported = meter.doubted()
    if reported is not None:
        warn_of(reported, target)


def warn_of(reported: Usage, target: Target) -> None:
    """One line about that usage, which cannot be."""
    counts = {"input": reported.input, "output": reported.output, "reasoning": reported.reasoning}
    named = {"provider": target.provider.id, "model": target.model}
    logger().warning("usage not believed", extra={**named, "reported": counts})
