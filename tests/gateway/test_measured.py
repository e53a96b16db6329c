"""A chat is counted once, however it ends."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from decimal import Decimal
from typing import Any

import pytest

from shared.chat.events import ChatEvent, TextDelta, Usage
from shared.chat.receipt import Cost, Done, Receipt
from shared.errors import StreamStalled, Throttled
from shared.gateway.measured import Batches, measured
from shared.observability import ChatEnded

DONE = Done(
    ((0, "stop", None),), Usage(input=7, output=5), Receipt("own", "f", "openai", "m", (), Cost(Decimal("0.002")))
)


async def saying(*batches: Sequence[ChatEvent | Done] | BaseException) -> AsyncGenerator[Sequence[ChatEvent | Done]]:
    for batch in batches:
        await asyncio.sleep(0)
        if isinstance(batch, BaseException):
            raise batch
        yield batch


async def told(batches: Batches, *, leave_after: int = 99) -> tuple[ChatEnded, list[Any]]:
    ends: list[ChatEnded] = []
    heard = []
    async with aclosing(measured(batches, "openai", ends.append)) as chat:
        async for batch in chat:
            heard.append(batch)
            if len(heard) == leave_after:
                break
    (end,) = ends
    return end, heard


async def test_a_chat_that_went_well_has_its_tokens_and_its_price() -> None:
    end, heard = await told(saying([TextDelta("a")], [TextDelta("b"), Usage(input=7)], [DONE]))

    assert len(heard) == 3
    assert (end.provider, end.outcome, end.code) == ("openai", "done", None)
    assert (end.input_tokens, end.output_tokens, end.usd) == (7, 5, Decimal("0.002"))
    assert end.first_token_seconds is not None
    assert 0 <= end.first_token_seconds <= end.seconds


async def test_whoever_leaves_after_the_last_event_has_heard_all() -> None:
    """A whole answer stops listening at Done."""
    end, _ = await told(saying([TextDelta("a")], [DONE]), leave_after=2)

    assert end.outcome == "done"


async def test_whoever_leaves_before_is_disconnected_and_what_was_used_is_counted() -> None:
    end, _ = await told(saying([Usage(input=7), TextDelta("a")], [DONE]), leave_after=1)

    assert (end.outcome, end.code, end.usd) == ("disconnected", None, None)
    assert (end.input_tokens, end.output_tokens) == (7, None)


async def test_a_chat_that_is_cancelled_is_disconnected() -> None:
    ends: list[ChatEnded] = []

    async def listen() -> None:
        async for _ in measured(_endless(), "openai", ends.append):
            pass

    work = asyncio.create_task(listen())
    await asyncio.sleep(0.01)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work

    assert [end.outcome for end in ends] == ["disconnected"]


async def _endless() -> AsyncGenerator[Sequence[ChatEvent | Done]]:
    yield [TextDelta("a")]
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("error", "code"),
    [(Throttled("no"), "throttled"), (StreamStalled("no"), "stream_stalled"), (ValueError("ours"), "internal_error")],
)
async def test_an_error_keeps_its_code_and_goes_on(error: Exception, code: str) -> None:
    ends: list[ChatEnded] = []
    with pytest.raises(type(error)):
        async for _ in measured(saying([TextDelta("a")], error), "openai", ends.append):
            pass

    assert [(end.outcome, end.code) for end in ends] == [("error", code)]


async def test_an_error_before_the_first_word_has_no_first_word() -> None:
    ends: list[ChatEnded] = []
    with pytest.raises(Throttled):
        async for _ in measured(saying(Throttled("no")), "openai", ends.append):
            pass

    assert [(end.first_token_seconds, end.input_tokens) for end in ends] == [(None, None)]
