"""An end that the platform sets to a request: in time before it the work is stopped, upstream too, so that the caller still hears why. Trap 70.

Deadlines are on the event loop's clock; None where there is no end.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager

from shared.errors import DeadlineReached


@asynccontextmanager
async def before(deadline: float | None) -> AsyncGenerator[None]:
    """Work that is cancelled at the deadline. Not around a `yield`: there the cancellation would hit whoever reads.

    Raises:
        DeadlineReached: it was.
    """
    if deadline is not None and asyncio.get_running_loop().time() >= deadline:
        raise _reached()
    timeout = asyncio.timeout_at(deadline)
    try:
        async with timeout:
            yield
    except TimeoutError as error:
        if timeout.expired():
            raise _reached() from error
        raise


async def until[T](pieces: AsyncGenerator[T], deadline: float) -> AsyncGenerator[T]:
    """The pieces that come before the deadline. Raises DeadlineReached."""
    async with aclosing(pieces):
        while True:
            async with before(deadline):
                try:
                    piece = await anext(pieces)
                except StopAsyncIteration:
                    return
            yield piece


def _reached() -> DeadlineReached:
    return DeadlineReached(
        "The platform ends this request in a moment, so the answer stops here. Ask for a shorter one, or raise the function's timeout."
    )
