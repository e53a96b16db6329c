"""An answer that its owner can stop by its id: at once where it is given, and through the table from anywhere else. faults.md, client disconnect.

On Lambda a caller who hangs up is not seen, so this is how they silence the provider. Nothing is written for an answer that nobody stops: whoever
wants it stopped leaves a word in the table, and who gives it looks for one each second while it grows.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

from shared.errors import Cancelled, StorageUnavailable
from shared.running import Stopped, Switch
from shared.services import Services
from shared.storage.cancellations import hear_cancellation

POLL = 1.0
"""Seconds between two looks into the table; the first is that long after the first words."""


async def stoppable[T](
    services: Services,
    owner: str,
    request_id: str,
    pieces: AsyncGenerator[T],
    *,
    token_id: str | None = None,
    poll: float | None = POLL,
) -> AsyncGenerator[T]:
    """The pieces until their owner stops them, or the access token that asked for them. `poll` None: only this process can, for nobody else knows the id yet.

    Raises:
        Cancelled: it was stopped, and with it what it asked for upstream.
    """
    watch: _Watch | None = None
    with services.running.giving(owner, request_id, token_id=token_id) as switch:
        try:
            async with aclosing(pieces):
                while True:
                    try:
                        piece = await switch.unless_thrown(pieces.__anext__)
                    except StopAsyncIteration:
                        return
                    except Stopped as error:
                        raise _cancelled() from error
                    yield piece
                    if watch is None and poll is not None:
                        watch = _Watch(services, (owner, request_id), token_id, switch, poll)
        finally:
            if watch is not None:
                await watch.end()


class _Watch:
    """Looks into the table every `poll` seconds. A table that does not answer stops nothing. Until the first look it costs a timer and no task."""

    def __init__(
        self, services: Services, name: tuple[str, str], token_id: str | None, switch: Switch, poll: float
    ) -> None:
        self._services = services
        self._name = name
        self._token_id = token_id
        self._switch = switch
        self._poll = poll
        self._timer = asyncio.get_running_loop().call_later(poll, self._begin)
        self._looking: asyncio.Task[None] | None = None

    async def end(self) -> None:
        self._timer.cancel()
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    def _begin(self) -> None:
        self._looking = asyncio.create_task(self._look())

    async def _look(self) -> None:
        while not self._switch.thrown:
            with suppress(StorageUnavailable):
                if await hear_cancellation(self._services.table, *self._name, token_id=self._token_id):
                    self._switch.throw()
            await asyncio.sleep(self._poll)


def _cancelled() -> Cancelled:
    return Cancelled("This answer was stopped, as its caller asked.")
