"""Asks one target until it has spoken. Whatever fails before that may be tried again; after it, its failure is the answer."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Final, Protocol

from shared.chat.events import Annotation, Answered, ChatEvent, Start, Usage, Verbatim
from shared.chat.receipt import Attempt
from shared.errors import RealMultiLLMError
from shared.gateway.asking.retry import ATTEMPTS, wait_before_retry
from shared.gateway.targets.target import Target

_ABOUT_THE_ANSWER = (Answered, Start, Annotation, Usage, Verbatim)
"""No words yet: they wait for the first one, so that a failure before it has its honest status and may be tried again. Trap 26."""


class Listener(Protocol):
    """Hears how attempts go."""

    def ended(self, error: RealMultiLLMError | None, milliseconds: int) -> None:
        """One is over: well, or by this error. The milliseconds are until its first word, or until it failed."""
        ...


class _Nobody:
    """Hears nothing."""

    def ended(self, error: RealMultiLLMError | None, milliseconds: int) -> None:
        """Is not told."""


NOBODY: Final[Listener] = _Nobody()


async def relay(
    ask: Callable[[], AsyncGenerator[Sequence[ChatEvent]]],
    target: Target,
    *,
    attempts: list[Attempt],
    deadline: float,
    most: int = ATTEMPTS,
    listener: Listener = NOBODY,
) -> AsyncGenerator[Sequence[ChatEvent]]:
    """The events of the first attempt that speaks; `attempts` grows by one for each, of `most` at this target. `deadline` is on the monotonic clock."""
    tried = 0
    while True:
        spoken, began, waiting = None, time.monotonic(), list[ChatEvent]()
        try:
            async with aclosing(ask()) as batches:
                async for batch in batches:
                    if spoken is not None:
                        yield batch
                        continue
                    waiting.extend(batch)
                    if any(not isinstance(event, _ABOUT_THE_ANSWER) for event in batch):
                        spoken = _since(began)
                        yield waiting
        except RealMultiLLMError as error:
            tried += 1
            attempts.append(Attempt(target.provider.id, target.model, error.code, _since(began)))
            listener.ended(error, spoken or _since(began))
            left = deadline - time.monotonic()
            wait = None if spoken is not None else wait_before_retry(error, tried, remaining=left, most=most)
            if wait is None:
                raise
            await asyncio.sleep(wait)
        else:
            if waiting and spoken is None:
                yield waiting
            attempts.append(Attempt(target.provider.id, target.model, "answered", _since(began)))
            listener.ended(None, _since(began) if spoken is None else spoken)
            return


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
