"""The platform's end of a request, said while it can be. Trap 70."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from shared.errors import DeadlineReached
from shared.gateway.deadline import before, until


def now() -> float:
    return asyncio.get_running_loop().time()


class Pieces:
    """Says some, then falls silent; knows whether it was closed."""

    def __init__(self, *said: str, silent: bool = True) -> None:
        self.said = said
        self.silent = silent
        self.closed = False

    async def __call__(self) -> AsyncGenerator[str]:
        try:
            for piece in self.said:
                yield piece
            if self.silent:
                await asyncio.Event().wait()
        finally:
            self.closed = True


async def listen(pieces: AsyncGenerator[str], heard: list[str], *, slowly: float = 0) -> None:
    async for piece in pieces:
        heard.append(piece)
        await asyncio.sleep(slowly)


async def test_work_that_is_done_in_time_is_done() -> None:
    async with before(now() + 60):
        await asyncio.sleep(0)
    async with before(None):
        await asyncio.sleep(0)


async def test_work_is_cancelled_at_the_deadline() -> None:
    with pytest.raises(DeadlineReached) as reached:
        async with before(now() + 0.01):
            await asyncio.Event().wait()

    assert (reached.value.status, reached.value.code) == (504, "deadline")


async def test_behind_the_deadline_nothing_is_begun() -> None:
    begun = False
    with pytest.raises(DeadlineReached):
        async with before(now() - 1):
            begun = True

    assert not begun


async def test_a_timeout_of_the_works_own_is_not_the_platforms() -> None:
    with pytest.raises(TimeoutError):
        async with before(now() + 60):
            raise TimeoutError


async def test_pieces_come_until_the_deadline_and_their_source_is_silenced() -> None:
    pieces, heard = Pieces("a", "b"), list[str]()
    with pytest.raises(DeadlineReached):
        await listen(until(pieces(), now() + 0.02), heard)

    assert heard == ["a", "b"]
    assert pieces.closed


async def test_pieces_that_end_before_it_end() -> None:
    pieces = Pieces("a", silent=False)

    assert [piece async for piece in until(pieces(), now() + 60)] == ["a"]
    assert pieces.closed


async def test_a_source_that_never_pauses_is_stopped_too() -> None:
    async def flood() -> AsyncGenerator[str]:
        while True:
            yield "x"

    ends = now() + 0.01
    with pytest.raises(DeadlineReached):
        await listen(until(flood(), ends), [])

    assert now() >= ends


async def test_a_reader_who_takes_long_is_not_cancelled() -> None:
    pieces, heard = Pieces("a", "b"), list[str]()
    with pytest.raises(DeadlineReached):
        await listen(until(pieces(), now() + 0.01), heard, slowly=0.03)

    assert heard == ["a"]
