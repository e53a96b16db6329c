"""Asks one target until it has spoken. Whatever fails before that may be tried again; after it, its failure is the answer."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from shared.chat.events import ChatEvent, Start
from shared.chat.receipt import Attempt
from shared.errors import RealMultiLLMError
from shared.gateway.retry import wait_before_retry
from shared.gateway.target import Target


async def relay(
    ask: Callable[[], AsyncGenerator[Sequence[ChatEvent]]], target: Target, *, attempts: list[Attempt], deadline: float
) -> AsyncGenerator[Sequence[ChatEvent]]:
    """The events of the first attempt that speaks; `attempts` grows by one for each. `deadline` is on the monotonic clock."""
    while True:
        spoken, began = False, time.monotonic()
        try:
            async with aclosing(ask()) as batches:
                async for batch in batches:
                    spoken = spoken or any(not isinstance(event, Start) for event in batch)
                    yield batch
        except RealMultiLLMError as error:
            attempts.append(_attempt(target, error.code, began))
            wait = None if spoken else wait_before_retry(error, len(attempts), remaining=deadline - time.monotonic())
            if wait is None:
                raise
            await asyncio.sleep(wait)
        else:
            attempts.append(_attempt(target, "answered", began))
            return


def _attempt(target: Target, outcome: str, began: float) -> Attempt:
    return Attempt(target.provider.id, target.model, outcome, round((time.monotonic() - began) * 1000))
