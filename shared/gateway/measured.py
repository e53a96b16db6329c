"""Sees one chat to its end, in whatever way it ends, and tells whoever counts."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from shared.chat.events import Answered, ChatEvent, Usage
from shared.chat.receipt import Done
from shared.errors import ProviderError, RealMultiLLMError
from shared.observability import ChatEnded, Outcome

type Batches = AsyncGenerator[Sequence[ChatEvent | Done]]


async def measured(batches: Batches, provider: str, tell: Callable[[ChatEnded], None]) -> Batches:
    """The same events. `provider` is who is asked first; another one may answer, or fail last. `tell` is told once, at their end: on Lambda the process may be frozen after the last byte."""
    heard = _Heard(provider)
    error: BaseException | None = None
    try:
        async with aclosing(batches):
            async for batch in batches:
                heard.hear(batch)
                yield batch
    except BaseException as broken:
        error = broken
        raise
    finally:
        tell(heard.ended(error))


class _Heard:
    """What is known of a chat so far."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._began = time.monotonic()
        self._first_token: float | None = None
        self._usage: Usage | None = None
        self._done: Done | None = None

    def hear(self, batch: Sequence[ChatEvent | Done]) -> None:
        """The first batch brings the first words: what comes before them waits for them."""
        if self._first_token is None:
            self._first_token = time.monotonic() - self._began
        for event in batch:
            if isinstance(event, Answered):
                self._provider = event.provider or self._provider
            elif isinstance(event, Usage):
                self._usage = event
            elif isinstance(event, Done):
                self._done, self._usage = event, event.usage

    def ended(self, error: BaseException | None) -> ChatEnded:
        """How it ended. Whoever leaves after the last event has heard all of it."""
        outcome, code = ("done", None) if self._done else _how(error)
        failed = error.details.get("provider") if isinstance(error, ProviderError) else None
        return ChatEnded(
            failed or self._provider,
            outcome,
            time.monotonic() - self._began,
            code=code,
            first_token_seconds=self._first_token,
            input_tokens=self._usage.input if self._usage else None,
            output_tokens=self._usage.output if self._usage else None,
            usd=self._done.receipt.cost.usd if self._done else None,
        )


def _how(error: BaseException | None) -> tuple[Outcome, str | None]:
    match error:
        case GeneratorExit() | asyncio.CancelledError():
            return "disconnected", None
        case RealMultiLLMError():
            return "error", error.code
        case _:
            return "error", RealMultiLLMError.code
