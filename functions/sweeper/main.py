"""Environment → services → one sweep. EventBridge calls the handler each minute; a sweep that fails is made up for by the next."""

import asyncio
import os
from collections.abc import Mapping
from typing import Any

from shared.gateway.books.carry_out import carry_out_if_possible
from shared.gateway.books.sweep import sweep
from shared.observability import set_up_logging
from shared.services import Services
from shared.settings import read_settings

_settings = read_settings(os.environ)
set_up_logging(_settings.log_level)


def handler(_event: Mapping[str, Any], _context: Any) -> dict[str, int]:
    """How many settlements were made up for, how many holds were ended, and how many of their requests were written to the ledger as aborted."""
    return asyncio.run(_sweep())


async def _sweep() -> dict[str, int]:
    """What is known of an end comes first: of what is not, the sweeper charges all that was reserved."""
    services = Services(_settings)
    try:
        late = await carry_out_if_possible(services)
        swept = await sweep(services)
    finally:
        await services.close()
    return {"settled": late["settled"], "holds": swept.holds, "aborted": swept.aborted}
