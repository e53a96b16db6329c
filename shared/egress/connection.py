"""One connection to a provider, one exchange at a time: bytes out, an answer in, and silence measured."""

import asyncio
import select
from collections.abc import Callable
from typing import Final, cast

from shared.egress.exchange import Timeouts
from shared.errors import (
    BadResponse,
    ProviderError,
    ProviderTimeout,
    StreamInterrupted,
    StreamLimitReached,
    StreamStalled,
    Unreachable,
)
from shared.wire.http import ResponseParser

MOST_BUFFERED: Final = 256 * 1024
"""Bytes of body that wait for a slow reader before the provider is told to wait too."""

LINGER_SECONDS: Final = 0.2
LINGER_BYTES: Final = 16 * 1024
"""What may still come of an answer that nobody reads on: the end of a stream is often just behind its last event."""

UNREACHABLE: Final = "The provider could not be reached"
"""One message for refused, reset and silent, so that nobody can scan with it (threat E8)."""


_TOO_LONG: Final = "The answer took longer than the time that one answer may take"


class Connection(asyncio.Protocol):
    """A TCP or TLS connection. `begin` an exchange, wait for its `head`, then ask for a `piece` until there is none.

    Waiting is timed by one timer, armed again only when it rings too early: a stream of a thousand pieces sets a handful.
    """

    __slots__ = (
        "_answer",
        "_deadline",
        "_drained",
        "_ends",
        "_fault",
        "_idle",
        "_lost",
        "_on_lost",
        "_paused",
        "_release",
        "_timer",
        "_transport",
        "_waiter",
        "gone",
        "loop",
    )
    _transport: asyncio.Transport

    def __init__(self, loop: asyncio.AbstractEventLoop, on_lost: Callable[["Connection"], None]) -> None:
        self.loop = loop
        self.gone: asyncio.Future[None] = loop.create_future()
        """Done when the socket is closed."""
        self._on_lost = on_lost
        self._answer: ResponseParser | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._fault: ProviderError | None = None
        self._release: Callable[[], None] | None = None
        self._drained = 0
        self._paused = False
        self._lost = False
        self._deadline = self._ends = self._idle = 0.0

    # What the transport tells us.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        """A part of the answer; from an idle connection, a reason to leave it."""
        answer = self._answer
        if answer is None:
            self.abort()
            return
        try:
            answer.feed(data)
        except ProviderError as error:
            self._fail(error)
            return
        if self._release is not None:
            self._drain(answer)
            return
        if answer.buffered > MOST_BUFFERED and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """The provider has said all that it will say. The transport then closes itself."""
        self._end(None)

    def connection_lost(self, error: Exception | None) -> None:
        """The socket is closed, for whatever reason."""
        self._end(error)
        if self._timer is not None:
            self._timer.cancel()
        if not self.gone.done():
            self.gone.set_result(None)
        self._on_lost(self)

    # What the client asks.

    @property
    def usable(self) -> bool:
        """An idle connection that can carry a request. A waiting byte is the provider's good-bye, seen before we write into it.

        The loop alone would not know yet: on Lambda the process may have been frozen since the last exchange.
        """
        return not self._lost and not self._transport.is_closing() and not self._readable()

    @property
    def reusable(self) -> bool:
        """The exchange is over and left nothing behind, neither of the answer nor of the request."""
        answer = self._answer
        return (
            answer is not None
            and answer.complete
            and answer.keep_alive
            and not answer.surplus
            and not self._lost
            and not self._transport.is_closing()
            and not self._transport.get_write_buffer_size()
        )

    def begin(self, request: bytes, timeouts: Timeouts) -> ResponseParser:
        """Send a whole request; returns the answer that will grow."""
        now = self.loop.time()
        self._ends = now + timeouts.total
        self._deadline = min(now + timeouts.first_byte, self._ends)
        self._idle = timeouts.idle
        self._answer = ResponseParser()
        if self._lost:  # it hung up between accepting and being asked
            self._fault = Unreachable(UNREACHABLE)
        self._transport.write(request)
        return self._answer

    async def head(self) -> None:
        """Wait for the head of the answer.

        Raises:
            ProviderTimeout: it is not whole in time.
            Unreachable: the connection broke before any byte of it.
            BadResponse: it is no HTTP/1.1.
        """
        answer = self._begun()
        while not answer.head_complete:
            if self._fault is not None:
                raise self._fault
            await self._wait()

    async def piece(self, answer: ResponseParser) -> bytes:
        """What came of this answer's body since the last time, waiting for it if need be; empty at the end.

        Raises:
            RuntimeError: its exchange is over; what comes now may be somebody else's.
            StreamStalled: nothing came for the idle time.
            StreamLimitReached: the total time is over.
            StreamInterrupted: the connection broke.
        """
        if answer is not self._answer or self._release is not None:
            raise RuntimeError("the body of an answer is read inside its context")
        if not answer.complete and self.loop.time() >= self._ends:
            self._fail(StreamLimitReached(_TOO_LONG))
        while True:
            if self._paused and not self._lost:
                self._paused = False
                self._transport.resume_reading()
            data = answer.take()
            if data:
                return data
            if self._fault is not None:
                raise self._fault
            if answer.complete:
                return b""
            self._deadline = min(self.loop.time() + self._idle, self._ends)
            await self._wait()

    @property
    def ending(self) -> bool:
        """The answer is not whole, but may be in a moment."""
        answer = self._answer
        return answer is not None and not answer.complete and not self._lost and answer.buffered <= LINGER_BYTES

    def linger(self, release: Callable[[], None]) -> None:
        """Nobody reads on. Call `release` if the answer is whole in a moment, else close; nobody waits for either."""
        answer = self._begun()
        answer.take()
        self._drained = 0
        self._release = release
        self._deadline = self.loop.time() + LINGER_SECONDS
        self._arm()

    def rest(self) -> None:
        """The exchange is over; wait for the next."""
        self._answer = None
        self._release = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._paused:
            self._paused = False
            self._transport.resume_reading()

    def abort(self) -> None:
        """Close at once; what was not sent is not sent."""
        self._lost = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.loop.is_closed():  # it tells nobody any more; the socket is closed with the last reference to it
            self.connection_lost(None)
        else:
            self._transport.abort()

    # How waiting works.

    async def _wait(self) -> None:
        """Until something came, broke, or `_deadline` passed."""
        if self._timer is None or self._timer.when() > self._deadline:
            self._arm()
        self._waiter = self.loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _drain(self, answer: ResponseParser) -> None:
        self._drained += len(answer.take())
        if answer.complete and self._release is not None:
            self._release()
        elif self._drained > LINGER_BYTES:
            self.abort()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_at(self._deadline, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._release is not None:
            self.abort()
            return
        if self._waiter is None or self._waiter.done():  # nobody waits, or what came is about to be read
            return
        if self.loop.time() < self._deadline:
            self._arm()
            return
        self._fail(self._late())

    def _late(self) -> ProviderError:
        if not self._begun().head_complete:
            return ProviderTimeout(
                "The provider did not answer in time; it may have worked on the request all the same"
            )
        if self._deadline >= self._ends:
            return StreamLimitReached(_TOO_LONG)
        return StreamStalled("The provider fell silent in the middle of its answer")

    def _fail(self, error: ProviderError) -> None:
        if self._fault is None:
            self._fault = error
        self.abort()
        self._wake()

    def _end(self, error: Exception | None) -> None:
        """No more will come: whole, broken, or never begun."""
        self._lost = True
        answer = self._answer
        if answer is None or answer.complete:
            return
        if self._fault is None:
            self._fault = _broken(answer, error)
        self._wake()

    def _begun(self) -> ResponseParser:
        if self._answer is None:
            raise RuntimeError("no exchange has begun on this connection")
        return self._answer

    def _readable(self) -> bool:
        socket = self._transport.get_extra_info("socket")
        if not hasattr(select, "poll"):  # Windows; there the loop's own word has to do
            return False
        poll = select.poll()
        poll.register(socket.fileno(), select.POLLIN)
        return bool(poll.poll(0))


def _broken(answer: ResponseParser, error: Exception | None) -> ProviderError | None:
    """What a lost connection means for an answer that was not whole; None when its end was its end.

    Without any byte of an answer it is `Unreachable`, which may be asked again, as the vendors' own clients do:
    a server that closes an idle connection while we write into it looks just so.
    """
    if not answer.begun:
        return Unreachable(UNREACHABLE)
    if error is None:
        try:
            answer.feed_end()
        except ProviderError as broken:
            return broken
        return None
    if answer.head_complete:
        return StreamInterrupted("The connection to the provider broke in the middle of its answer")
    return BadResponse("The connection to the provider broke before its answer was whole")
