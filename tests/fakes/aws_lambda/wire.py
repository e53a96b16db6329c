"""HTTP/1.1 as a server reads it: bodies with a length or in chunks, and the trailers behind them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

PIECE = 64 * 1024


@dataclass
class Request:
    """One request whose head has come. Names are lower case."""

    method: str
    target: str
    lines: list[tuple[str, str]]
    reader: asyncio.StreamReader = field(repr=False)
    trailers: dict[str, str] = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        joined: dict[str, str] = {}
        for name, value in self.lines:
            joined[name] = f"{joined[name]},{value}" if name in joined else value
        return joined

    @property
    def is_chunked(self) -> bool:
        return self.headers.get("transfer-encoding", "").lower() == "chunked"

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes. Raises IncompleteReadError where it breaks off."""
        if not self.is_chunked:
            left = int(self.headers.get("content-length", "0"))
            while left:
                piece = await self.reader.readexactly(min(left, PIECE))
                left -= len(piece)
                yield piece
            return
        while size := int(await self._line(), 16):
            left = size
            while left:
                piece = await self.reader.read(min(left, PIECE))
                if not piece:
                    raise asyncio.IncompleteReadError(b"", left)
                left -= len(piece)
                yield piece
            await self._line()
        while line := await self._line():
            name, _, value = line.partition(":")
            self.trailers[name.lower()] = value.strip()

    async def body(self) -> bytes:
        return b"".join([piece async for piece in self.pieces()])

    async def _line(self) -> str:
        return (await self.reader.readuntil(b"\r\n"))[:-2].decode("latin-1")


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """The next request of a connection; None when there is none."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *rest = head[:-4].split("\r\n")
    method, target, _ = first.split(" ")
    lines = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in rest)]
    return Request(method, target, lines, reader)


def answer(status: int, body: bytes = b"", *headers: tuple[str, str]) -> bytes:
    """A whole answer with a length."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {status} -\r\n{lines}content-length: {len(body)}\r\n\r\n".encode("latin-1") + body
