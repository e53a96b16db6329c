"""What the embedded server takes in and holds back, over real sockets; only our patience is shortened."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.server import ServerState

from functions.bounded_server import KEPT_FOR_A_READER, BoundedCrowd, BoundedServer

HEAD = b"POST /api/llm/chat HTTP/1.1\r\nhost: house\r\n"


class Hasty(BoundedServer):
    """The same with less patience."""

    head_patience = 0.2
    reader_patience = 0.2


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[int]:
    """The port."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KEPT_FOR_A_READER)
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, http=Hasty, log_config=None, lifespan="off"))
    running = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        await running


async def hello(_: Scope, __: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


@pytest.mark.parametrize("sent", [b"", b"POST", HEAD, HEAD + b"x: " + b"y" * 100])
async def test_who_never_finishes_a_head_is_hung_up_on(sent: bytes) -> None:
    """Fault 33, slowloris. Threat H5."""
    async with serving(hello) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        said = await asyncio.wait_for(reader.read(), 10)
        writer.close()

    assert said.startswith(b"HTTP/1.1 408 ")


async def test_a_connection_may_bring_one_head_after_another() -> None:
    """Patience begins anew with each."""
    async with serving(hello) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        answers = []
        for _ in range(4):
            answers.append((await client.get("/")).text)
            await asyncio.sleep(0.1)

    assert answers == ["hello"] * 4


class Flood:
    """Says a megabyte at a time for as long as it is taken, and knows how it ended."""

    def __init__(self) -> None:
        self.said = 0
        self.left = asyncio.Event()

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(self._until_gone(receive))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not gone.done():
            await send({"type": "http.response.body", "body": b"x" * 2**16, "more_body": True})
            self.said += 2**16
            await asyncio.sleep(0)
        await gone
        self.left.set()

    async def _until_gone(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass


async def test_who_reads_nothing_makes_us_wait_and_is_then_cut_off() -> None:
    """Faults 32 and 33, slow reader: what waits for them is bounded, and their provider is silenced."""
    flood = Flood()
    async with serving(flood) as port:
        taker = socket.socket()
        taker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        taker.setblocking(False)  # noqa: FBT003 - its only form
        await asyncio.get_running_loop().sock_connect(taker, ("127.0.0.1", port))
        await asyncio.get_running_loop().sock_sendall(taker, b"GET / HTTP/1.1\r\nhost: house\r\n\r\n")
        await asyncio.wait_for(flood.left.wait(), 10)
        taker.close()

    assert flood.said < 4 * 2**20


class Backlog:
    """A transport in which so many bytes wait for their reader."""

    def __init__(self, waiting: int) -> None:
        self.waiting = waiting
        self.aborted = False

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def abort(self) -> None:
        self.aborted = True


async def test_who_took_something_since_the_last_look_is_let_be() -> None:
    """Fault 33: slow is not idle."""
    config = uvicorn.Config(hello, log_config=None)
    config.load()
    server, backlog = BoundedServer(config, ServerState(), {}), Backlog(900)
    server.transport = cast("asyncio.Transport", backlog)
    server._look_at_reader(1000)
    let_be = not backlog.aborted
    server._look_at_reader(900)
    server._expect_no_reader()

    assert let_be
    assert backlog.aborted


async def test_one_too_many_is_told_to_come_again_and_the_next_is_answered() -> None:
    """Fault 32, memory pressure: of 20 who may be inside the 21st is not read at all."""
    go_on, inside, read = asyncio.Event(), asyncio.Semaphore(0), []

    async def waits(scope: Scope, receive: Receive, send: Send) -> None:
        read.append(await receive())
        inside.release()
        await go_on.wait()
        await hello(scope, receive, send)

    transport = httpx.ASGITransport(BoundedCrowd(waits, most=20))
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
        waiting = [asyncio.create_task(client.post("/v1/chat/completions")) for _ in range(20)]
        for _ in waiting:
            await inside.acquire()
        refused = await client.post("/v1/chat/completions", json={"model": "m"})
        before = len(read)
        go_on.set()
        answers = await asyncio.gather(*waiting)
        after = await client.post("/v1/chat/completions")

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert json.loads(refused.text)["error"]["code"] == "too_busy"
    assert before == 20
    assert {answer.status_code for answer in (*answers, after)} == {200}
