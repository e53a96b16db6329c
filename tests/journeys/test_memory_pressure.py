"""Twenty callers read nothing of streams without end: what is kept for them is little, and one more is told to come again. faults.md, memory pressure."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.fakes.gateway import Gateway, running_gateway
from tests.fakes.http_server import Visit, answer, http_server
from tests.fakes.provider import GOOD_KEY, STREAM_HEAD

READERS = 20
LIMIT = 512 * 2**20
SHARE = 0.6
STILL = 1.0
"""Seconds for which nothing is taken from a provider who has more to say: it waits for its reader."""
WORD = json.dumps({"choices": [{"index": 0, "delta": {"content": "word " * 20}}]}).encode()
EVENT = b"data: " + WORD + b"\n\n"
CHUNK = f"{len(EVENT):x}\r\n".encode() + EVENT + b"\r\n"


class Flood:
    """A provider who never ends, and knows how many of its listeners take nothing any more."""

    def __init__(self) -> None:
        self.waiting = asyncio.Semaphore(0)

    async def __call__(self, visit: Visit) -> None:
        if not json.loads(visit.body).get("stream"):
            choice = {"index": 0, "message": {"role": "assistant", "content": "Bonjour"}, "finish_reason": "stop"}
            await visit.say(answer(json.dumps({"choices": [choice]}).encode(), content_type="application/json"))
            return
        await visit.say(STREAM_HEAD)
        is_waiting = False
        while True:
            visit.writer.write(CHUNK)
            taken = asyncio.ensure_future(visit.writer.drain())
            done, _ = await asyncio.wait([taken], timeout=STILL)
            if not done and not is_waiting:
                is_waiting = True
                self.waiting.release()
            await taken


@asynccontextmanager
async def slow_reader(gateway: Gateway, headers: dict[str, str]) -> AsyncIterator[None]:
    """Asks for a stream, hears its head, and takes no more, into the smallest of buffers."""
    body = json.dumps(
        {
            "provider": "openai",
            "model": "m",
            "messages": [{"role": "user", "content": "hello"}],
            "options": {"maxTokens": 100_000},
        }
    )
    lines = [f"{name}: {value}" for name, value in {**headers, "content-length": str(len(body))}.items()]
    asked = "\r\n".join(["POST /api/llm/stream HTTP/1.1", "host: house", "content-type: application/json", *lines])
    taker = socket.socket()
    taker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    taker.setblocking(False)  # noqa: FBT003 - its only form
    loop = asyncio.get_running_loop()
    try:
        await loop.sock_connect(taker, ("127.0.0.1", int(gateway.url.rpartition(":")[2])))
        await loop.sock_sendall(taker, f"{asked}\r\n\r\n{body}".encode())
        assert (await loop.sock_recv(taker, 15)).startswith(b"HTTP/1.1 200")
        yield
    finally:
        taker.close()


async def test_twenty_who_read_nothing_are_held_in_little_memory_and_one_more_is_told_to_come_again(
    tmp_path: Path,
) -> None:
    """Fault 32: the 21st of 20 gets 503, and the next is answered once one has left."""
    flood = Flood()
    async with AsyncExitStack() as stack:
        provider = await stack.enter_async_context(http_server(flood))
        settings = {
            "PROVIDER_URLS": json.dumps({"openai": provider.url("/v1")}),
            "EGRESS_ALLOW": provider.origin,
            "MOST_AT_ONCE": str(READERS),
        }
        gateway = await stack.enter_async_context(running_gateway(tmp_path, **settings))
        client = await stack.enter_async_context(gateway.signed_in())
        kept = {"provider": "openai", "apiKey": GOOD_KEY, "test": False}
        assert (await client.post("/api/provider-configs", json=kept)).status_code < 300
        headers = {"authorization": client.headers["authorization"]}
        async with AsyncExitStack() as readers:
            first = await readers.enter_async_context(AsyncExitStack())
            await first.enter_async_context(slow_reader(gateway, headers))
            for _ in range(READERS - 1):
                await readers.enter_async_context(slow_reader(gateway, headers))
            for _ in range(READERS):
                await asyncio.wait_for(flood.waiting.acquire(), 60)
            resident = psutil.Process(gateway.process.pid).memory_info().rss
            refused = await chat(client)
            await first.aclose()
            after = await first_answer(client)

    assert resident < SHARE * LIMIT, f"{resident / 2**20:.0f} MB"
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "too_busy")
    assert refused.headers["retry-after"] == "1"
    assert after.json()["choices"][0]["message"]["content"] == "Bonjour"


async def chat(client: httpx.AsyncClient) -> httpx.Response:
    body: dict[str, Any] = {"provider": "openai", "model": "m", "messages": [{"role": "user", "content": "hello"}]}
    return await client.post("/api/llm/chat", json=body)


async def first_answer(client: httpx.AsyncClient) -> httpx.Response:
    """As whoever minds `Retry-After` comes to it, only more often."""
    async with asyncio.timeout(30):
        while (answered := await chat(client)).status_code == 503:  # noqa: ASYNC110 - the server tells nobody that a place is free
            await asyncio.sleep(0.05)
    return answered
