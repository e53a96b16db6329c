"""Says in the log and the metrics whose reports of usage cannot be, for whoever runs the house: the row in the ledger has an estimate in their place."""

from shared.chat.events import Usage
from shared.gateway.books.meter import Meter
from shared.gateway.targets.target import Target
from shared.observability import ProviderDistrusted, logger
from shared.services import Services


def warn_of_doubt(services: Services, meter: Meter, target: Target) -> None:
    """One line, if the meter heard something that cannot be."""
    reported = meter.doubted()
    if reported is not None:
        warn_of(services, reported, target)


def warn_of(services: Services, reported: Usage, target: Target) -> None:
    """One line about that usage, which cannot be, and one more in the metrics."""
    counts = {"input": reported.input, "output": reported.output, "reasoning": reported.reasoning}
    named = {"provider": target.provider.id, "model": target.model}
    services.incidents.note(ProviderDistrusted(target.provider.id, "usage"))
    logger().warning("usage not believed", extra={**named, "reported": counts})
