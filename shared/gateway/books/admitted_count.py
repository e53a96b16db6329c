"""A question how long a chat would be, where a provider is asked: let in like any other request, of which it is one, and it uses nothing else."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from shared.chat.events import Answered
from shared.errors import RealMultiLLMError
from shared.gateway.books.admit import Asked, admit_or_undo, limits_of
from shared.gateway.books.admitted import seconds_left
from shared.gateway.books.estimate import Need
from shared.gateway.books.settle import Ended, outcome_of, settle
from shared.gateway.targets.target import Target
from shared.services import Services

API: Final = "counts"
"""What the ledger calls it."""
_NOTHING: Final = Need(0, 0, 0, free=True)


async def admitted_count[Counted](
    services: Services,
    asked: Asked,
    target: Target,
    count: Callable[[], Awaitable[tuple[Counted, Answered]]],
    *,
    tell: Callable[[dict[str, str]], None],
    ends: float | None = None,
) -> tuple[Counted, Answered]:
    """What `count` says. Where it asks nobody, nobody has to be let in. `tell` and `ends` are as with chats.

    Raises:
        BudgetSpent, LimitReached: a limit says no; nobody was asked.
        StorageUnavailable: nobody can tell whether it may go on.
        RealMultiLLMError: as `count` does.
    """
    if target.provider.find_offer("counts", target.model) is None:
        return await count()
    limited, began = await limits_of(services, asked, (target,)), time.monotonic()
    admission = await admit_or_undo(services, asked, limited, ((target, _NOTHING),), within=seconds_left(ends))
    tell(admission.headers)

    async def end(outcome: Ended, attempts: int) -> None:
        work = settle(services, asked, admission, target, outcome, attempts=attempts, ends=ends)
        await asyncio.shield(services.surely(work))  # a caller who leaves does not leave it open

    try:
        counted, answered = await count()
    except BaseException as error:
        if isinstance(error, RealMultiLLMError):
            error.headers = {**error.headers, **admission.headers}
        await end(Ended(*outcome_of(error), None, None, _elapsed(began)), 1)
        raise
    await end(Ended("done", None, None, None, _elapsed(began)), max(1, answered.attempts))
    return counted, answered


def _elapsed(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
