"""Attempts at one target: again before it spoke, never after."""

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from shared.chat.events import Annotation, ChatEvent, Start, TextDelta, Usage
from shared.chat.receipt import Attempt
from shared.errors import ProviderFailed, RealMultiLLMError, StreamInterrupted, Unreachable
from shared.gateway.asking.relay import relay
from shared.gateway.targets.target import Target

TARGET = cast("Target", SimpleNamespace(provider=SimpleNamespace(id="openai"), model="m"))
type Script = Sequence[ChatEvent | RealMultiLLMError]


class Provider:
    """Answers each attempt after the next script, and knows whether it was closed."""

    def __init__(self, *scripts: Script) -> None:
        self.scripts = list(scripts)
        self.asked = 0
        self.closed = 0

    async def __call__(self) -> AsyncGenerator[Sequence[ChatEvent]]:
        self.asked += 1
        try:
            for step in self.scripts.pop(0):
                if isinstance(step, RealMultiLLMError):
                    raise step
                yield [step]
        finally:
            self.closed += 1


async def heard(ask: Callable[[], Any], attempts: list[Attempt]) -> list[ChatEvent]:
    batches = relay(ask, TARGET, attempts=attempts, deadline=time.monotonic() + 60)
    return [event async for batch in batches for event in batch]


async def test_a_target_that_did_not_speak_is_asked_again() -> None:
    provider = Provider([Unreachable("no route", retry_after=0)], [TextDelta("hello")])
    attempts: list[Attempt] = []

    assert await heard(provider, attempts) == [TextDelta("hello")]
    assert [attempt.outcome for attempt in attempts] == ["upstream_unreachable", "answered"]


async def test_an_error_in_the_stream_before_its_first_word_is_tried_again() -> None:
    """Trap 26."""
    provider = Provider([Start("1"), ProviderFailed("overloaded", retry_after=0)], [Start("2"), TextDelta("hello")])

    assert TextDelta("hello") in await heard(provider, [])


async def test_what_only_describes_the_answer_is_no_word_of_it() -> None:
    """Trap 26: OpenAI's first chunk tells the tier; an error after it is still before the first byte."""
    about, failed = Annotation("service_tier", "default"), ProviderFailed("overloaded", retry_after=0)
    provider = Provider([Start("1"), about, failed], [Start("2"), about, TextDelta("hello")])

    assert await heard(provider, []) == [Start("2"), about, TextDelta("hello")]


async def test_an_answer_without_words_is_heard_too() -> None:
    assert await heard(Provider([Start("1"), Usage(input=1)]), []) == [Start("1"), Usage(input=1)]


async def test_nothing_is_retried_after_the_first_word() -> None:
    """Trap 33."""
    provider = Provider([TextDelta("hel"), ProviderFailed("gone", retry_after=0)], [TextDelta("hello")])

    with pytest.raises(ProviderFailed):
        await heard(provider, [])
    assert provider.asked == 1


async def test_a_broken_stream_is_recorded_with_its_code() -> None:
    attempts: list[Attempt] = []
    with pytest.raises(StreamInterrupted):
        await heard(Provider([TextDelta("hel"), StreamInterrupted("cut")]), attempts)

    assert [attempt.outcome for attempt in attempts] == ["stream_interrupted"]


async def test_a_caller_who_leaves_silences_the_provider() -> None:
    """Trap 69: nested generators are closed from the outside in."""
    provider = Provider([TextDelta("a"), TextDelta("b")])
    batches = relay(provider, TARGET, attempts=[], deadline=time.monotonic() + 60)
    await anext(batches)
    await batches.aclose()

    assert provider.closed == 1
