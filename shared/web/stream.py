"""Answers that grow, over ASGI: an honest status first, keep-alives in silence, and no work for a caller who has left.

Written against ASGI itself: https://asgi.readthedocs.io/en/latest/specs/www.html
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Self

from shared.errors import RealMultiLLMError
from shared.observability import logger
from shared.web.errors import INTERNAL_MESSAGE, HeaderList

type Message = dict[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]

SILENCE = 15.0
"""Seconds without a byte after which a keep-alive goes out (trap 72; faults.md, slow first byte)."""


@dataclass(frozen=True, slots=True)
class StreamShape:
    """How the stream looks: its content type, and the bytes that say nothing."""

    content_type: bytes
    keep_alive: bytes
    headers: Callable[[], HeaderList] = list
    """More of the head, asked for when it goes out."""


class CallerGone(Exception):
    """Nobody listens any more; there is nobody to tell."""


async def while_listening[T](receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """Do the work, but stop it as soon as the caller hangs up.

    Raises:
        CallerGone: they did. The work was cancelled, and with it what it asked for upstream.
    """
    working = asyncio.ensure_future(work)
    listening = asyncio.ensure_future(_until_gone(receive))
    try:
        await asyncio.wait((working, listening), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise CallerGone
        return working.result()
    finally:
        for task in (working, listening):
            task.cancel()
        await asyncio.gather(working, listening, return_exceptions=True)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def send_stream(
    send: Send,
    pieces: AsyncGenerator[bytes],
    shape: StreamShape,
    *,
    fail: Callable[[RealMultiLLMError], bytes],
    silence: float = SILENCE,
) -> None:
    """Send what comes, and one ending: the pieces' own, or `fail`'s words for the error that broke them off.

    Raises:
        RealMultiLLMError: before the first byte, while the status is still free.
    """
    pulse = _Pulse(send, shape, silence)
    async with aclosing(pieces), pulse:
        try:
            async for piece in pieces:
                if piece:
                    await pulse.say(piece)
        except RealMultiLLMError as error:
            if not pulse.begun:
                raise
            await pulse.say(fail(error))
        except Exception:  # whatever broke, a stream has one ending; it is logged with its traceback
            if not pulse.begun:
                raise
            logger().exception("stream failed")
            await pulse.say(fail(RealMultiLLMError(INTERNAL_MESSAGE)))
    await pulse.end()  # the very last step: once it is sent, a server says that the caller is gone


class _Pulse:
    """Sends, and sends a keep-alive whenever nothing was sent for a while."""

    def __init__(self, send: Send, shape: StreamShape, silence: float) -> None:
        self._send = send
        self._shape = shape
        self._silence = silence
        self.begun = False
        self._heard = 0.0
        self._beating: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._heard = loop.time()
        self._beating = loop.create_task(self._beat(loop))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)

    async def say(self, body: bytes) -> None:
        if not self.begun:
            await self._begin()
        self._heard = asyncio.get_running_loop().time()
        await self._send({"type": "http.response.body", "body": body, "more_body": True})

    async def end(self) -> None:
        if not self.begun:
            await self._begin()
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _begin(self) -> None:
        self.begun = True
        await self._send({"type": "http.response.start", "status": 200, "headers": self._headers()})

    def _headers(self) -> list[tuple[bytes, bytes]]:
        return [
            (b"content-type", self._shape.content_type),
            (b"cache-control", b"no-cache, no-transform"),
            (b"x-accel-buffering", b"no"),
            *self._shape.headers(),
        ]

    async def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        while True:
            quiet = loop.time() - self._heard
            if quiet >= self._silence:
                await self.say(self._shape.keep_alive)
            else:
                await asyncio.sleep(self._silence - quiet)
