"""One connection to the Runtime API: a question, its answer, and how full the way there is."""

import asyncio
from collections.abc import Mapping
from typing import Final, cast

from shared.errors import ProviderError
from shared.wire.http import ResponseParser

LARGEST_EVENT: Final = 16 * 1024 * 1024
"""Bytes. Lambda brings 6 MB: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html (2026-11)."""


class RuntimeApiGone(ConnectionError):
    """It does not answer, or not as it should. Without it there is nothing to do here."""


class Line(asyncio.Protocol):
    """`ask` and wait for the `answer`; or `ask` with a head alone, `write` pieces and `drain` between them, and then wait for it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._parser = ResponseParser()
        self._answered: asyncio.Future[None] = loop.create_future()
        self._resumed: asyncio.Future[None] | None = None
        self._lost = False
        self._answering = False
        self.flooded = False
        """An event came that is larger than any of Lambda's; it was not kept."""
        self.unheard: asyncio.Future[None] = loop.create_future()
        """Done when nobody there listens to our answer: the connection broke, or Lambda has said its word on it."""

    # What the transport tells us.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """A part of an answer."""
        try:
            self._parser.feed(data)
        except ProviderError:  # the parser's word for what is not HTTP; here nobody is a provider
            self._transport.abort()
            return
        if self._parser.buffered > LARGEST_EVENT:
            self.flooded = True
            self._transport.abort()
        elif self._parser.complete:
            self._settle(self._answered)
            if self._answering:
                self._settle(self.unheard)
                self.resume_writing()

    def connection_lost(self, error: Exception | None) -> None:
        """It is closed, for whatever reason."""
        self._lost = True
        if error is None and not self._parser.complete and self._parser.begun:
            self._end()
        self._settle(self._answered)
        self._settle(self.unheard)
        self.resume_writing()

    def pause_writing(self) -> None:
        """More waits to be sent than the other side takes."""
        self._resumed = self._loop.create_future()

    def resume_writing(self) -> None:
        """It takes more."""
        if self._resumed is not None:
            self._settle(self._resumed)
            self._resumed = None

    # What we say.

    def ask(self, request: bytes, *, answering: bool = False) -> None:
        """Begin an exchange. `answering`: it carries our answer to an invocation."""
        self._parser = ResponseParser()
        self._answered = self._loop.create_future()
        self._answering = answering
        if self._lost:
            self._settle(self._answered)
        else:
            self._transport.write(request)

    def write(self, piece: bytes) -> None:
        """More of the request. What nobody listens to is not sent."""
        if not self.unheard.done():
            self._transport.write(piece)

    async def drain(self) -> None:
        """Wait while the other side takes no more; not once it listens no more."""
        if self._resumed is not None and not self.unheard.done():
            await self._resumed

    async def answer(self) -> ResponseParser:
        """The whole answer.

        Raises:
            RuntimeApiGone: there is none.
        """
        await asyncio.shield(self._answered)
        if not self._parser.complete:
            raise RuntimeApiGone("the Runtime API hung up without an answer")
        return self._parser

    @property
    def head(self) -> Mapping[str, str]:
        """The headers of the answer, as far as they came."""
        return self._parser.headers

    def close(self) -> None:
        """Nothing more is asked here."""
        self._transport.close()

    def _end(self) -> None:
        try:
            self._parser.feed_end()
        except ProviderError:  # cut in the middle: no answer, which is what `answer` says
            return

    @staticmethod
    def _settle(future: asyncio.Future[None]) -> None:
        if not future.done():
            future.set_result(None)
