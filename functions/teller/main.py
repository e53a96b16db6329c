"""Environment → services → alerts told. EventBridge calls the handler every two minutes; what was not told then is told by the next."""

import asyncio
import os
from collections.abc import Mapping
from typing import Any, Final

from shared.gateway.guard.tell import tell_alerts
from shared.observability import set_up_logging
from shared.services import Services
from shared.settings import read_settings

WITHIN: Final = 25.0
"""Seconds after which no alert is begun: the last one may take fifteen, and a function that is cut off tells somebody twice."""

_settings = read_settings(os.environ)
set_up_logging(_settings.log_level)


def handler(_event: Mapping[str, Any], _context: Any) -> dict[str, int]:
    """How many were heard."""
    return asyncio.run(_tell())


async def _tell() -> dict[str, int]:
    services = Services(_settings)
    try:
        return {"heard": await tell_alerts(services, within=WITHIN)}
    finally:
        await services.close()
