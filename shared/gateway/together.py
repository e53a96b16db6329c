"""Several answers at once, heard in the order in which their pieces come."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

WAITING = 64
"""Pieces that wait for a slow reader; then the answers wait too."""


async def together[T](answers: Sequence[AsyncGenerator[T]]) -> AsyncGenerator[tuple[int, T]]:
    """Each piece with the place of its answer. An answer that raises ends all; who wants the others to go on catches that within it.

    Whoever stops reading silences every one.
    """
    said: asyncio.Queue[tuple[int, T] | int] = asyncio.Queue(WAITING)

    async def hear(place: int, answer: AsyncGenerator[T]) -> None:
        try:
            async with aclosing(answer):
                async for piece in answer:
                    await said.put((place, piece))
        finally:
            if not (task := asyncio.current_task()) or not task.cancelling():
                await said.put(place)

    hearing = [asyncio.create_task(hear(place, answer)) for place, answer in enumerate(answers)]
    try:
        going_on = len(hearing)
        while going_on:
            match await said.get():
                case int(ended):
                    going_on -= 1
                    await hearing[ended]
                case piece:
                    yield piece
    finally:
        for task in hearing:
            task.cancel()
        await asyncio.gather(*hearing, return_exceptions=True)
