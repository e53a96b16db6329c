"""Asks one target until it has spoken. Whatever fails before that may be tried again; after it, its failure is the answer."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from shared.chat.events import Annotation, Answered, ChatEvent, Start, Usage, Verbatim
from shared.chat.receipt import Attempt
from shared.errors import RealMultiLLMError
from shared.gateway.retry import wait_before_retry
from shared.gateway.target import Target

_ABOUT_THE_ANSWER = (Answered, Start, Annotation, Usage, Verbatim)
"""No words yet: they wait for the first one, so that a failure before it has its honest status and may be tried again. Trap 26."""


async def relay(
    ask: Callable[[], AsyncGenerator[Sequence[ChatEvent]]], target: Target, *, attempts: list[Attempt], deadline: float
) -> AsyncGenerator[Sequence[ChatEvent]]:
    """The events of the first attempt that speaks; `attempts` grows by one for each. `deadline` is on the monotonic clock."""
    while True:
        spoken, began, waiting = False, time.monotonic(), list[ChatEvent]()
        try:
            async with aclosing(ask()) as batches:
                async for batch in batches:
                    if spoken:
                        yield batch
                        continue
                    waiting.extend(batch)
                    if any(not isinstance(event, _ABOUT_THE_ANSWER) for event in batch):
                        spoken = True
                        yield waiting
        except RealMultiLLMError as error:
            attempts.append(_attempt(target, error.code, began))
            wait = None if spoken else wait_before_retry(error, len(attempts), remaining=deadline - time.monotonic())
            if wait is None:
                raise
            await asyncio.sleep(wait)
        else:
            if waiting and not spoken:
                yield waiting
            attempts.append(_attempt(target, "answered", began))
            return


def _attempt(target: Target, outcome: str, began: float) -> Attempt:
    return Attempt(target.provider.id, target.model, outcome, round((time.monotonic() - began) * 1000))
