"""Bounds on what comes in: how much, and how slowly. Threat H5 and slow senders."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

from shared.errors import InvalidRequest, RequestTooLarge, RequestTooSlow

type Message = dict[str, Any]
type Receive = Callable[[], Awaitable[Message]]

LARGEST = 6 * 1024 * 1024
"""Bytes. Lambda takes no more either: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

PATIENCE = 10.0
"""Seconds for the whole body, and one more for each `SLOWEST` bytes that did come."""

SLOWEST = 100_000


LINGER = 2.0
"""Seconds for which a body that is too large is still taken and thrown away: who is busy sending reads no answer."""

LARGEST_THROWN_AWAY = 32 * 1024 * 1024


class BoundedBody:
    """An ASGI `receive` that counts and looks at the clock until the body is complete, and then stands aside."""

    def __init__(
        self,
        receive: Receive,
        headers: Sequence[tuple[bytes, bytes]],
        *,
        largest: int = LARGEST,
        patience: float = PATIENCE,
    ) -> None:
        self._receive = receive
        self._headers = headers
        self._largest = largest
        self._patience = patience
        self._received = 0
        self._began: float | None = None
        self.complete = False

    async def __call__(self) -> Message:
        """The next message.

        Raises:
            InvalidRequest: the announced length is no length, or the body is compressed.
            RequestTooLarge: more than `largest` bytes were announced or came.
            RequestTooSlow: it takes too long.
        """
        if self.complete:
            return await self._receive()
        if self._began is None:
            self._began = asyncio.get_running_loop().time()
            self._refuse_coding()
            await self._check(self._announced())
        message = await self._next(self._began + self._patience + self._received / SLOWEST)
        self._received += len(message.get("body", b""))
        self.complete = _is_last(message)
        await self._check(self._received)
        return message

    async def _next(self, deadline: float) -> Message:
        try:
            async with asyncio.timeout_at(deadline):
                return await self._receive()
        except TimeoutError as error:
            raise RequestTooSlow(f"The body did not come within {self._patience:g} seconds.") from error

    def _announced(self) -> int:
        for name, value in self._headers:
            if name == b"content-length":
                if not value.isdigit():
                    raise InvalidRequest("`content-length` is a number of bytes.", parameter="content-length")
                return int(value[:20])
        return 0

    def _refuse_coding(self) -> None:
        """What a compressed body holds is not known before it is unpacked, and so would pass every bound. No SDK sends one of its own accord."""
        for name, value in self._headers:
            if name == b"content-encoding" and value.strip().lower() not in {b"", b"identity"}:
                raise InvalidRequest(
                    "`content-encoding` is not taken: send the body as it is", parameter="content-encoding"
                )

    async def _check(self, size: int) -> None:
        if size <= self._largest:
            return
        if size <= LARGEST_THROWN_AWAY and not any(name == b"expect" for name, _ in self._headers):
            await self._throw_away()
        raise RequestTooLarge(
            f"The body is larger than {self._largest} bytes. Send less, or files by URL.",
            details={"limit": self._largest},
        )

    async def _throw_away(self) -> None:
        """The rest, as far as we are ready to wait for it."""
        thrown = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER):
                while not self.complete and thrown < LARGEST_THROWN_AWAY:
                    message = await self._receive()
                    thrown += len(message.get("body", b""))
                    self.complete = _is_last(message)


def _is_last(message: Message) -> bool:
    return message["type"] != "http.request" or not message.get("more_body", False)
