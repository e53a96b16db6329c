"""A raw HTTP server for egress tests: what it says is bytes, so it can say what no honest server would."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Script = Callable[["Visit"], Awaitable[None]]


@dataclass
class Visit:
    """One request as it came, and the way back."""

    head: bytes
    body: bytes
    reader: asyncio.StreamReader = field(repr=False)
    writer: asyncio.StreamWriter = field(repr=False)

    async def say(self, *parts: bytes) -> None:
        """Send each part as its own segment."""
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()
            await asyncio.sleep(0)

    def reset(self) -> None:
        """Close without a good-bye (RST)."""
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    @property
    def headers(self) -> dict[str, str]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}


@dataclass
class HttpServer:
    """Serves `script` for every request, on one port of 127.0.0.1."""

    script: Script
    port: int = 0
    connections: int = 0
    visits: list[Visit] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client closed its connection."""
    writers: set[asyncio.StreamWriter] = field(default_factory=set, repr=False)

    @property
    def origin(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str = "/") -> str:
        return f"http://{self.origin}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.add(writer)
        try:
            while (visit := await _read(reader, writer)) is not None:
                self.visits.append(visit)
                await self.script(visit)
                if writer.transport.is_closing():
                    break
        except ConnectionError:
            pass
        self.left.set()
        self.writers.discard(writer)
        writer.close()


@asynccontextmanager
async def http_server(script: Script, context: ssl.SSLContext | None = None) -> AsyncIterator[HttpServer]:
    """A running server. On the way out, whatever is still connected is cut."""
    running = HttpServer(script)
    server = await asyncio.start_server(running.serve, "127.0.0.1", 0, ssl=context)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        server.close()
        for writer in running.writers:
            writer.transport.abort()
        await server.wait_closed()
        await asyncio.sleep(0.01)


def answer(body: bytes = b"{}", status: str = "200 OK", **headers: str) -> bytes:
    """A plain answer with its length."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\n{lines}content-length: {len(body)}\r\n\r\n".encode() + body


def saying(*parts: bytes, close: bool = False) -> Script:
    """A script that says these bytes to everyone."""

    async def script(visit: Visit) -> None:
        await visit.say(*parts)
        if close:
            visit.writer.close()

    return script


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Visit | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    visit = Visit(head, b"", reader, writer)
    visit.body = await reader.readexactly(int(visit.headers.get("content-length", "0")))
    return visit
