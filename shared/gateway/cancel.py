"""Stops an answer by its id, wherever it is being given."""

import asyncio
from typing import Final

from shared.errors import Conflict, NotFound
from shared.gateway.stoppable import POLL
from shared.records.ids import is_ulid
from shared.services import Services
from shared.storage.cancellations import ask_to_cancel, was_heard
from shared.storage.ledger import find_row

PATIENCE: Final = POLL + 1.5
"""Seconds until nobody answered: one look of whoever gives it, and the way there and back."""
_LOOK: Final = 0.25


async def cancel(services: Services, owner: str, request_id: str, *, patience: float = PATIENCE) -> None:
    """Stop it.

    Raises:
        Conflict: it is over.
        NotFound: no such answer of this owner's is growing: it never was, or is somebody else's (threat I3).
    """
    if not is_ulid(request_id):
        raise _absent()
    if services.running.stop(owner, request_id):
        return
    if await find_row(services.table, owner, request_id) is not None:
        raise Conflict("This answer is over: there is nothing to stop.")
    await ask_to_cancel(services.table, owner, request_id, services.now())
    for _ in range(max(1, round(patience / _LOOK))):
        await asyncio.sleep(_LOOK)
        if await was_heard(services.table, owner, request_id):
            return
    raise _absent()


def _absent() -> NotFound:
    return NotFound(
        "No answer of that id is growing. The id is the `start` line's, or the header x-realmultillm-request-id."
    )
