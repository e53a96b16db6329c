"""Connections that are used again, and those that must not be."""

import asyncio
import gc
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from shared.egress.addresses import Rules
from shared.egress.client import EgressClient
from shared.egress.exchange import Outbound, Timeouts
from shared.errors import (
    Unreachable,
)
from tests.fakes.egress import (
    ask,
    served,
)
from tests.fakes.http_server import Visit, answer, saying


async def test_a_hundred_at_once_all_arrive() -> None:
    async def echo(visit: Visit) -> None:
        await visit.say(answer(visit.head.split()[1]))

    async with served(echo) as (server, client):
        bodies = await asyncio.gather(*(ask(client, server.url(f"/{number}"), Timeouts()) for number in range(100)))
        connections = server.connections
        again = await ask(client, server.url("/again"))
        idle = len(client._open)

    assert bodies == [b"/%d" % number for number in range(100)]
    assert (again, server.connections) == (b"/again", connections)
    assert idle <= 20


async def test_an_idle_connection_that_the_provider_closed_is_not_used() -> None:
    async def once(visit: Visit) -> None:
        await visit.say(answer(b"ok"))
        visit.writer.close()

    async with served(once) as (server, client):
        for _ in range(3):
            assert await ask(client, server.url()) == b"ok"

    assert server.connections == 3


async def test_a_good_bye_that_the_loop_has_not_seen_yet_is_seen() -> None:
    """A frozen Lambda wakes with dead connections: the socket is asked, not only the loop. Trap 70."""
    async with served(saying(answer(b"ok"))) as (server, client):
        await ask(client, server.url())
        (connection,) = client._open
        ours = connection._transport.get_extra_info("socket")
        with socket.socket(fileno=os.dup(ours.fileno())) as twin:
            twin.shutdown(socket.SHUT_RD)
        usable = connection.usable

    assert not usable


@pytest.mark.parametrize(
    "said",
    [
        answer(b"ok", connection="close"),
        answer(b"ok") + b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        answer(b"ok") + b"x",
        answer(b"ok", keep_alive="timeout=1"),
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
    ],
)
async def test_a_connection_that_cannot_be_trusted_is_not_used_again(said: bytes) -> None:
    async with served(saying(said)) as (server, client):
        for _ in range(2):
            assert await ask(client, server.url()) == b"ok"

    assert server.connections == 2


async def test_an_idle_connection_leaves_when_its_time_is_over() -> None:
    async with served(saying(answer(b"ok")), idle_seconds=0.05) as (server, client):
        await ask(client, server.url())
        await asyncio.wait_for(server.left.wait(), 1)
        left_open = len(client._open)

    assert left_open == 0


async def test_an_origin_whose_connections_are_not_kept_leaves_no_trace() -> None:
    """Anybody may name origins: what is kept of each would grow without end."""
    async with served(saying(answer(b"ok", keep_alive="timeout=1"))) as (server, client):
        await ask(client, server.url())
        traces = dict(client._pool._resting)

    assert traces == {}


async def test_a_dead_connection_is_the_gateway_s_to_retry() -> None:
    """Nothing is sent twice behind its back: attempts are counted and receipted there."""
    calls = 0

    async def second_time_silent(visit: Visit) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            await visit.say(answer(b"ok"))
        else:
            visit.reset()

    async with served(second_time_silent) as (server, client):
        await ask(client, server.url())
        with pytest.raises(Unreachable) as fault:
            await ask(client, server.url())

    assert calls == 2
    assert fault.value.worth_retrying


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_client_used_on_another_loop_starts_afresh() -> None:
    """Whoever runs each event on a loop of its own loses the connections, and nothing else: none is used again, counted or closed twice."""
    with server_of_no_loop() as server:
        client = EgressClient(Rules(frozenset({f"127.0.0.1:{server.server_port}"})))

        async def once() -> tuple[bytes, int]:
            return await ask(client, f"http://127.0.0.1:{server.server_port}/"), len(client._open)

        seen = [asyncio.run(once()) for _ in range(3)]
        asyncio.run(client.close())
        gc.collect()

    assert seen == [(b"ok", 1)] * 3
    assert not client._open


@contextmanager
def server_of_no_loop() -> Iterator[ThreadingHTTPServer]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.wfile.write(answer(b"ok"))

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        yield server
        server.shutdown()
        serving.join()


async def test_an_answer_is_dead_once_its_context_is_left() -> None:
    """The connection may carry somebody else's answer by then."""
    async with served(saying(answer(b"mine"))) as (server, client):
        async with client.send(Outbound("POST", server.url(), {}, b"{}")) as mine:
            await mine.read()
        async with client.send(Outbound("POST", server.url(), {}, b"{}")) as theirs:
            with pytest.raises(RuntimeError):
                await mine.read()

            assert await theirs.read() == b"mine"

    assert server.connections == 1
