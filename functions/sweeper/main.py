"""Environment → services → one sweep. EventBridge calls the handler each minute; a sweep that fails is made up for by the next."""

import asyncio
import os
from collections.abc import Mapping
from typing import Any

from shared.gateway.sweep import sweep
from shared.observability import set_up_logging
from shared.services import Services
from shared.settings import read_settings

_settings = read_settings(os.environ)
set_up_logging(_settings.log_level)


def handler(_event: Mapping[str, Any], _context: Any) -> dict[str, int]:
    """How many holds were ended, and how many of their requests were written to the ledger as aborted."""
    return asyncio.run(_sweep())


async def _sweep() -> dict[str, int]:
    services = Services(_settings)
    try:
        swept = await sweep(services)
    finally:
        await services.close()
    return {"holds": swept.holds, "aborted": swept.aborted}
