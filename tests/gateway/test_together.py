"""Several answers heard at once."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from shared.gateway.together import WAITING, together


async def saying(*words: str, silenced: list[str] | None = None, forever: bool = False) -> AsyncGenerator[str]:
    try:
        for word in words:
            await asyncio.sleep(0)
            yield word
        if forever:
            await asyncio.Event().wait()
    finally:
        if silenced is not None:
            silenced.append(words[0])


async def test_each_piece_comes_with_its_place_and_each_answer_in_its_order() -> None:
    heard = [piece async for piece in together([saying("a", "b"), saying(), saying("c", "d")])]

    assert [word for place, word in heard if place == 0] == ["a", "b"]
    assert [word for place, word in heard if place == 2] == ["c", "d"]
    assert len(heard) == 4


async def test_a_fast_one_does_not_wait_for_a_slow_one() -> None:
    async with aclosing(together([saying("slow", forever=True), saying("a", "b", "c")])) as pieces:
        heard = [await anext(pieces) for _ in range(4)]

    assert (1, "c") in heard


async def test_who_stops_listening_silences_all() -> None:
    """Trap 69."""
    silenced: list[str] = []
    answers = [saying(word, silenced=silenced, forever=True) for word in ("a", "b", "c")]
    async with aclosing(together(answers)) as pieces:
        for _ in answers:
            await anext(pieces)

    assert sorted(silenced) == ["a", "b", "c"]


async def test_a_slow_listener_holds_the_answers_back() -> None:
    said = 0

    async def endless() -> AsyncGenerator[int]:
        nonlocal said
        while True:
            said += 1
            yield said

    async with aclosing(together([endless()])) as pieces:
        await anext(pieces)
        await asyncio.sleep(0.05)

    assert said <= WAITING + 3


async def test_what_one_raises_is_raised_and_the_others_are_silenced() -> None:
    silenced: list[str] = []

    async def failing() -> AsyncGenerator[str]:
        yield "x"
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        _ = [piece async for piece in together([failing(), saying("a", silenced=silenced, forever=True)])]

    assert silenced == ["a"]
