"""Stops an answer by its id, wherever it is being given."""

import asyncio
from typing import Final

from shared.errors import Conflict, NotFound
from shared.gateway.stoppable import POLL
from shared.identity.caller import Caller
from shared.records.ids import is_ulid
from shared.services import Services
from shared.storage.cancellations import ask_to_cancel, was_heard
from shared.storage.ledger import find_row

PATIENCE: Final = POLL + 1.5
"""Seconds until nobody answered: one look of whoever gives it, and the way there and back."""
_LOOK: Final = 0.25


async def cancel(services: Services, caller: Caller, request_id: str, *, patience: float = PATIENCE) -> None:
    """Stop it. Somebody signed in stops any answer of theirs; an access token those that it asked for, as with history and analytics.

    Raises:
        Conflict: it is over.
        NotFound: no such answer of this caller's is growing: it never was, or is somebody else's or another token's (threat I3).
    """
    if not is_ulid(request_id):
        raise _absent()
    owner, by = caller.owner, caller.token_id
    if services.running.stop(owner, request_id, by=by):
        return
    row = await find_row(services.table, owner, request_id)
    if row is not None and by in {None, row.token_id}:
        raise Conflict("This answer is over: there is nothing to stop.")
    await ask_to_cancel(services.table, owner, request_id, services.now(), by=by)
    for _ in range(max(1, round(patience / _LOOK))):
        await asyncio.sleep(_LOOK)
        if await was_heard(services.table, owner, request_id, by=by):
            return
    raise _absent()


def _absent() -> NotFound:
    return NotFound(
        "No answer of that id is growing. The id is the `start` line's, or the header x-realmultillm-request-id."
    )
