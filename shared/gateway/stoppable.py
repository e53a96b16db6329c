"""An answer that its owner can stop by its id: at once where it is given, and through the table from anywhere else. faults.md, client disconnect.

On Lambda a caller who hangs up is not seen, so this is how they silence the provider. Nothing is written for an answer that nobody stops: whoever
wants it stopped leaves a word in the table, and who gives it looks for one each second while it grows.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

from shared.errors import Cancelled, StorageUnavailable
from shared.running import Switch
from shared.services import Services
from shared.storage.cancellations import hear_cancellation

POLL = 1.0
"""Seconds between two looks into the table; the first is that long after the first words."""


async def stoppable[T](
    services: Services, owner: str, request_id: str, pieces: AsyncGenerator[T], *, poll: float | None = POLL
) -> AsyncGenerator[T]:
    """The pieces until somebody stops them. `poll` None: only this process can, for nobody else knows the id yet.

    Raises:
        Cancelled: it was stopped, and with it what it asked for upstream.
    """
    watching: asyncio.Task[None] | None = None
    with services.running.giving(owner, request_id) as switch:
        try:
            async with aclosing(pieces):
                while True:
                    try:
                        piece = await _next(pieces, switch)
                    except StopAsyncIteration:
                        return
                    yield piece
                    if watching is None and poll is not None:
                        watching = asyncio.create_task(_watch(services, owner, request_id, switch, poll))
        finally:
            if watching is not None:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)


async def _next[T](pieces: AsyncGenerator[T], switch: Switch) -> T:
    """The wait alone is cut short; a cancellation around the `yield` would hit whoever reads."""
    if switch.thrown:
        raise _cancelled()
    waiting = asyncio.timeout(None)
    try:
        async with waiting:
            with switch.ends(waiting):
                return await anext(pieces)
    except TimeoutError as error:
        if waiting.expired():
            raise _cancelled() from error
        raise


async def _watch(services: Services, owner: str, request_id: str, switch: Switch, poll: float) -> None:
    """A table that does not answer stops nothing."""
    while not switch.thrown:
        await asyncio.sleep(poll)
        with suppress(StorageUnavailable):
            if await hear_cancellation(services.table, owner, request_id):
                switch.throw()


def _cancelled() -> Cancelled:
    return Cancelled("This answer was stopped, as its caller asked.")
