"""An egress client beside the server that it asks, and servers that break off in their own ways."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from shared.egress.addresses import Rules
from shared.egress.client import EgressClient
from shared.egress.exchange import Outbound, Timeouts
from tests.fakes.http_server import HttpServer, Script, Visit, http_server

STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
STREAM = (STREAM_HEAD, b"3\r\nabc\r\n", b"3\r\ndef\r\n", b"0\r\n\r\n")
SHORT = Timeouts(connect=0.5, first_byte=0.3, idle=0.3, total=5.0)
KEY = "sk-made-up-0123456789"


@asynccontextmanager
async def served(script: Script, **options: Any) -> AsyncIterator[tuple[HttpServer, EgressClient]]:
    async with http_server(script) as server:
        client = EgressClient(Rules(frozenset({server.origin})), **options)
        try:
            yield server, client
        finally:
            await client.close()


async def ask(client: EgressClient, url: str, timeouts: Timeouts = SHORT) -> bytes:
    async with client.send(Outbound("POST", url, {"authorization": f"Bearer {KEY}"}, b"{}"), timeouts) as inbound:
        return await inbound.read()


async def say_and_close(visit: Visit, *parts: bytes) -> None:
    await visit.say(*parts)
    visit.writer.close()


async def say_and_reset(visit: Visit, *parts: bytes) -> None:
    await visit.say(*parts)
    await asyncio.sleep(0.05)
    visit.reset()


async def drip(visit: Visit) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200:
        await visit.say(bytes([byte]))
        await asyncio.sleep(0.02)


async def say_and_wait(visit: Visit, *parts: bytes) -> None:
    await visit.say(*parts)
    await asyncio.sleep(0.5)
