"""One invocation as Lambda sees it: an event on its way in, pieces of an answer on their way out."""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

MOST_WAITING = 8
"""Pieces that wait for a slow caller before the function's process has to wait too."""


class FunctionFailed(Exception):
    """It reported an error, broke its stream off, or died."""

    def __init__(self, kind: str, message: str = "") -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message


class Invocation:
    """Its answer is heard with `pieces` or `whole`."""

    def __init__(self, event: bytes, *, seconds: float = 900.0) -> None:
        self.id = str(uuid.uuid4())
        self.event = event
        self.ends = time.time() + seconds
        self.is_stream = False
        self.content_type = ""
        self.answered = False
        """The process has begun to answer; a second answer is refused."""
        self.over = asyncio.Event()
        self._pieces: asyncio.Queue[bytes | FunctionFailed | None] = asyncio.Queue(MOST_WAITING)

    def begin(self, content_type: str, *, is_stream: bool) -> None:
        self.answered, self.content_type, self.is_stream = True, content_type, is_stream

    async def put(self, piece: bytes) -> None:
        await self._pieces.put(piece)

    async def end(self, failure: FunctionFailed | None = None) -> None:
        if not self.over.is_set():
            self.over.set()
            await self._pieces.put(failure)

    async def pieces(self) -> AsyncIterator[bytes]:
        """As they come. Raises FunctionFailed, in the middle too."""
        while (piece := await self._pieces.get()) is not None:
            if isinstance(piece, FunctionFailed):
                raise piece
            yield piece

    async def whole(self) -> bytes:
        return b"".join([piece async for piece in self.pieces()])

    async def json(self) -> Any:
        return json.loads(await self.whole())
