"""Which HTTP client stands under the relay: ours, aiohttp and httpx, measured side by side in one run.

    python -m benchmarks.carriers

A server process on 127.0.0.1 answers; only the CPU of the asking process is counted. The rounds of the carriers are interleaved and
the medians printed, because a machine's mood changes. Compare within one run only.
"""

import asyncio
import multiprocessing
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from typing import Final

import aiohttp
import httpx

from shared.egress.addresses import Rules
from shared.egress.client import EgressClient
from shared.egress.exchange import Outbound

ROUNDS: Final = 5
PLAIN_REQUESTS: Final = 300
STREAMS: Final = 20
"""At once, as a gateway carries them."""

CHUNKS: Final = 100
_BODY: Final = b'{"model":"m","messages":[{"role":"user","content":"Hello"}]}'
_HEADERS: Final = {"content-type": "application/json", "authorization": "Bearer made-up"}
_PLAIN: Final = b'{"id":"1","choices":[{"message":{"content":"' + b"Hello there. " * 30 + b'"}}]}'
_CHUNK: Final = (
    b'data: {"id":"1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Hello"}}]}\n\n'
)
_IMPORT: Final = (
    "import asyncio, ssl, time; t = time.perf_counter(); import {}; print((time.perf_counter() - t) * 1000)"
)

Ask = Callable[[str], Awaitable[int]]


async def main() -> None:
    """Measure and print."""
    receiving, sending = multiprocessing.Pipe(duplex=False)
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(sending,), daemon=True)
    server.start()
    port: int = receiving.recv()
    try:
        rows = await _measure(port)
    finally:
        server.terminate()
        server.join()
    table = [f"{'carrier':10}{'plain, CPU ms':>16}{'stream of 100, CPU ms':>24}{'import ms':>12}"]
    table += [f"{name:10}{plain:16.3f}{stream:24.3f}{_import_ms(name):12.0f}" for name, (plain, stream) in rows.items()]
    print("\n".join(table))  # noqa: T201 - a table for whoever runs it


async def _measure(port: int) -> dict[str, tuple[float, float]]:
    ours = EgressClient(Rules(frozenset({f"127.0.0.1:{port}"})))
    async with aiohttp.ClientSession() as session, httpx.AsyncClient(trust_env=False) as client:
        carriers: dict[str, Ask] = {
            "ours": _ask_ours(ours),
            "aiohttp": _ask_aiohttp(session),
            "httpx": _ask_httpx(client),
        }
        plain: dict[str, list[float]] = {name: [] for name in carriers}
        stream: dict[str, list[float]] = {name: [] for name in carriers}
        for _ in range(ROUNDS):
            for name, ask in carriers.items():
                plain[name].append(await _plain_ms(ask, f"http://127.0.0.1:{port}/plain"))
                stream[name].append(await _stream_ms(ask, f"http://127.0.0.1:{port}/stream"))
    await ours.close()
    return {name: (statistics.median(plain[name]), statistics.median(stream[name])) for name in carriers}


async def _plain_ms(ask: Ask, url: str) -> float:
    await ask(url)
    before = time.process_time()
    for _ in range(PLAIN_REQUESTS):
        await ask(url)
    return (time.process_time() - before) * 1000 / PLAIN_REQUESTS


async def _stream_ms(ask: Ask, url: str) -> float:
    await asyncio.gather(*(ask(url) for _ in range(STREAMS)))
    before = time.process_time()
    await asyncio.gather(*(ask(url) for _ in range(STREAMS)))
    return (time.process_time() - before) * 1000 / STREAMS


def _ask_ours(client: EgressClient) -> Ask:
    async def ask(url: str) -> int:
        async with client.send(Outbound("POST", url, _HEADERS, _BODY)) as inbound:
            return sum([len(piece) async for piece in inbound.pieces()])

    return ask


def _ask_aiohttp(session: aiohttp.ClientSession) -> Ask:
    async def ask(url: str) -> int:
        async with session.post(url, data=_BODY, headers=_HEADERS) as response:
            return sum([len(piece) async for piece in response.content.iter_any()])

    return ask


def _ask_httpx(client: httpx.AsyncClient) -> Ask:
    async def ask(url: str) -> int:
        async with client.stream("POST", url, content=_BODY, headers=_HEADERS) as response:
            return sum([len(piece) async for piece in response.aiter_raw()])

    return ask


def _import_ms(name: str) -> float:
    """Over asyncio and ssl, which every carrier needs; the best of three fresh processes."""
    module = {"ours": "shared.egress.client"}.get(name, name)
    command = [sys.executable, "-c", _IMPORT.format(module)]
    return min(float(subprocess.run(command, check=True, capture_output=True).stdout) for _ in range(3))  # noqa: S603 - our own words


def _serve(sending: Connection) -> None:
    async def serve() -> None:
        server = await asyncio.start_server(_visit, "127.0.0.1", 0)
        sending.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


async def _visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(len(_BODY))
            if b" /stream " in head:
                await _say_stream(writer)
            else:
                writer.write(
                    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(_PLAIN)
                    + _PLAIN
                )
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def _say_stream(writer: asyncio.StreamWriter) -> None:
    """Each chunk by itself, milliseconds apart, so that nobody gets two at once."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
    for _ in range(CHUNKS):
        writer.write(b"%x\r\n%b\r\n" % (len(_CHUNK), _CHUNK))
        await asyncio.sleep(0.005)
    writer.write(b"0\r\n\r\n")


if __name__ == "__main__":
    asyncio.run(main())
