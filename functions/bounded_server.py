"""What the embedded server takes in and holds back before and behind every door, which uvicorn's fast parser does not bound: threat H5; faults.md, memory pressure, slowloris, slow reader."""

import asyncio
from typing import Any, Final

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shared.errors import TooBusy
from shared.web.edge import Edge

LARGEST_HEAD: Final = 64 * 1024
"""Bytes of request line and headers; of trailers too. A credential of ours has less than 1000. Counted read by read, so roughly."""
HEAD_PATIENCE: Final = 10.0
"""Seconds for a whole head, from the connection or from its own first byte on; a body has its own (`shared.web.body`)."""
READER_PATIENCE: Final = 60.0
"""Seconds for which a reader may take nothing at all of what waits for it (64 KiB, then its provider waits)."""
KEPT_FOR_A_READER: Final = 128 * 1024
"""Bytes of an answer that the system keeps for a reader, who would else have megabytes; Linux doubles what it is told."""

_REFUSAL: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_TOO_SLOW: Final = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class BoundedServer(HttpToolsProtocol):
    """uvicorn's protocol, which hangs up on whoever sends without a head or a piece of body becoming whole, or reads nothing."""

    head_patience = HEAD_PATIENCE
    reader_patience = READER_PATIENCE
    _unfinished = 0
    _head_due: asyncio.TimerHandle | None = None
    _reader_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Somebody is there, and has to say what they want."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """They are gone."""
        self._expect_no_head()
        self._expect_no_reader()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """What the network brought."""
        self._unfinished += len(data)
        super().data_received(data)
        if self._unfinished > LARGEST_HEAD:
            self._hang_up(_REFUSAL)

    def on_message_begin(self) -> None:
        """The first byte of a head."""
        super().on_message_begin()
        if self._head_due is None:
            self._expect_head()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._unfinished = 0
        self._expect_no_head()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body, which the doors bound."""
        self._unfinished = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._unfinished = 0
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The reader is slower than we are: whoever answers waits, and with them the provider."""
        super().pause_writing()
        self._expect_no_reader()
        self._expect_reader(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """The reader has caught up."""
        self._expect_no_reader()
        super().resume_writing()

    def _expect_head(self) -> None:
        self._head_due = self.loop.call_later(self.head_patience, self._hang_up, _TOO_SLOW)

    def _expect_no_head(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    def _expect_reader(self, waiting: int) -> None:
        self._reader_due = self.loop.call_later(self.reader_patience, self._look_at_reader, waiting)

    def _look_at_reader(self, waiting: int) -> None:
        """Whoever took something may go on. A good-bye would wait for the same reader, so there is none."""
        left = self.transport.get_write_buffer_size()
        if left < waiting:
            self._expect_reader(left)
        else:
            self.transport.abort()

    def _expect_no_reader(self) -> None:
        if self._reader_due is not None:
            self._reader_due.cancel()
            self._reader_due = None

    def _hang_up(self, why: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(why)
            self.transport.close()


class BoundedCrowd:
    """Lets so many requests in at once; one more is told to come again, before anything of it is read.

    What one holds is bounded: a body of at most 6 MB, and two buffers of 64 KiB while its answer grows.
    """

    def __init__(self, app: ASGIApp, *, most: int) -> None:
        self._app = app
        self._most = most
        self._inside = 0
        self._full = Edge(_full)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the life of the server."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._inside >= self._most:
            await self._full(scope, receive, send)  # type: ignore[arg-type]  # the same in Starlette's words
            return
        self._inside += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._inside -= 1


async def _full(*_: Any) -> None:
    raise TooBusy("This process answers as many requests at once as it can. Ask again in a moment.", retry_after=1)
