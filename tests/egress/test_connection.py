"""Faults, bounds and silence on one connection."""

import asyncio
import time

import pytest

from shared.egress.addresses import Rules
from shared.egress.client import EgressClient
from shared.egress.connection import Connection
from shared.egress.exchange import Outbound, Timeouts
from shared.errors import (
    BadResponse,
    ProviderTimeout,
    RealMultiLLMError,
    StreamInterrupted,
    StreamLimitReached,
    StreamStalled,
    Unreachable,
)
from tests.fakes.egress import (
    KEY,
    SHORT,
    STREAM,
    STREAM_HEAD,
    ask,
    drip,
    say_and_close,
    say_and_reset,
    say_and_wait,
    served,
)
from tests.fakes.http_server import Script, Visit, answer, saying


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (say_and_close, Unreachable),
        (say_and_reset, Unreachable),
        (lambda visit: say_and_close(visit, b"HTTP/1.1 200"), BadResponse),
        (lambda visit: say_and_reset(visit, b"HTTP/1.1 200"), BadResponse),
        (lambda visit: say_and_close(visit, *STREAM[:2]), StreamInterrupted),
        (lambda visit: say_and_reset(visit, *STREAM[:2]), StreamInterrupted),
        (lambda visit: say_and_close(visit, STREAM_HEAD, b"3\r\nab"), StreamInterrupted),
        (lambda visit: say_and_close(visit, STREAM_HEAD, b"xx\r\nab"), StreamInterrupted),
        (lambda visit: say_and_close(visit, answer(b"abc").replace(b": 3", b": 1003")), StreamInterrupted),
        (lambda visit: say_and_reset(visit, b"HTTP/1.1 200 OK\r\n\r\nabc"), StreamInterrupted),
        (say_and_wait, ProviderTimeout),
        (lambda visit: say_and_wait(visit, b"HTTP/1.1 200 OK\r\n"), ProviderTimeout),
        (drip, ProviderTimeout),
        (lambda visit: say_and_wait(visit, *STREAM[:2]), StreamStalled),
    ],
)
async def test_each_fault_has_its_name(script: Script, error: type[RealMultiLLMError]) -> None:
    """Faults 1, 9, 10 and 11. The upstream faults of faults.md that a connection can have."""
    async with served(script) as (server, client):
        with pytest.raises(error) as fault:
            await ask(client, server.url())
        await asyncio.wait_for(server.left.wait(), 2)
        await asyncio.sleep(0.01)
        left_open = len(client._open)

    assert type(fault.value) is error
    assert KEY not in repr(fault.value)
    assert left_open == 0


async def test_what_came_before_a_break_is_handed_over_first() -> None:
    pieces: list[bytes] = []

    async def collect(client: EgressClient, url: str) -> None:
        async with client.send(Outbound("POST", url, {}, b"{}")) as inbound:
            await asyncio.sleep(0.05)
            async for piece in inbound.pieces():
                pieces.append(piece)  # noqa: PERF401 - what came before the error is what counts

    async with served(lambda visit: say_and_close(visit, *STREAM[:3])) as (server, client):
        with pytest.raises(StreamInterrupted):
            await collect(client, server.url())

    assert b"".join(pieces) == b"abcdef"


async def endless(visit: Visit) -> None:
    await visit.say(STREAM_HEAD)
    while True:
        await visit.say(b"10000\r\n" + b"x" * 65_536 + b"\r\n")


async def test_an_endless_body_is_cut_at_its_bound() -> None:
    async def count(client: EgressClient, url: str) -> None:
        async with client.send(Outbound("POST", url, {}, b"{}"), SHORT) as inbound:
            async for piece in inbound.pieces():
                counted.append(len(piece))  # noqa: PERF401 - what came before the error is what counts

    counted: list[int] = []
    async with served(endless, largest_body=1_000_000) as (server, client):
        with pytest.raises(StreamLimitReached):
            await count(client, server.url())

    assert sum(counted) <= 1_000_000


async def test_a_whole_body_has_a_bound_of_its_own() -> None:
    async def read(client: EgressClient, url: str) -> None:
        async with client.send(Outbound("POST", url, {}, b"{}"), SHORT) as inbound:
            await inbound.read(limit=100_000)

    async with served(endless) as (server, client):
        with pytest.raises(BadResponse):
            await read(client, server.url())


async def test_an_answer_that_takes_too_long_is_cut() -> None:
    """Fault 17."""

    async def slow(visit: Visit) -> None:
        await visit.say(STREAM_HEAD)
        while True:
            await visit.say(b"1\r\nx\r\n")
            await asyncio.sleep(0.02)

    async with served(slow) as (server, client):
        with pytest.raises(StreamLimitReached):
            await ask(client, server.url(), Timeouts(idle=0.2, total=0.3))


async def test_a_slow_reader_does_not_stretch_the_total_time() -> None:
    async def read_slowly(client: EgressClient, url: str) -> None:
        async with client.send(Outbound("POST", url, {}, b"{}"), Timeouts(total=0.2)) as inbound:
            async for _ in inbound.pieces():
                await asyncio.sleep(0.05)

    async with served(endless) as (server, client):
        with pytest.raises(StreamLimitReached):
            await asyncio.wait_for(read_slowly(client, server.url()), 2)


@pytest.mark.parametrize("pause", [0.0, 0.01])
async def test_who_hangs_up_before_being_asked_is_unreachable(pause: float) -> None:
    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(pause)
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = EgressClient(Rules(frozenset({f"127.0.0.1:{port}"})))
    for _ in range(5):
        with pytest.raises(Unreachable):
            await ask(client, f"http://127.0.0.1:{port}/")
    await client.close()
    left_open = len(client._open)
    server.close()

    assert left_open == 0


def test_a_connection_lost_before_it_is_asked_says_so() -> None:
    async def walk() -> None:
        connection = Connection(asyncio.get_running_loop(), lambda _: None)
        transport = _DeadTransport()
        connection.connection_made(transport)
        connection.connection_lost(None)
        connection.begin(b"", SHORT)
        with pytest.raises(Unreachable):
            await connection.head()

    asyncio.run(walk())


class _DeadTransport(asyncio.Transport):
    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Nowhere."""


async def test_what_came_while_the_process_stood_still_is_no_silence() -> None:
    """The loop hears of the bytes and of the time in the same turn."""

    async def say_and_stand_still(visit: Visit) -> None:
        await visit.say(*STREAM[:2])
        await asyncio.sleep(0.1)
        visit.writer.write(STREAM[2])
        time.sleep(SHORT.idle)  # noqa: ASYNC251 - the whole process stands still
        await asyncio.sleep(0.1)
        await visit.say(STREAM[3])

    async with served(say_and_stand_still) as (server, client):
        assert await ask(client, server.url()) == b"abcdef"


async def test_a_slow_reader_makes_the_provider_wait() -> None:
    """Fault 33. Memory stays bounded, and the time that we take is not called the provider's silence."""
    sent = 0

    async def much(visit: Visit) -> None:
        nonlocal sent
        await visit.say(STREAM_HEAD)
        for _ in range(800):
            await visit.say(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
            sent += 65_536
        await visit.say(b"0\r\n\r\n")

    async with (
        served(much) as (server, client),
        client.send(Outbound("POST", server.url(), {}, b"{}"), SHORT) as inbound,
    ):
        await asyncio.sleep(0.5)
        sent_early = sent
        lengths = [len(piece) async for piece in inbound.pieces()]

    assert sent_early < 20_000_000
    assert max(lengths) <= 2 * 256 * 1024
    assert sum(lengths) == 800 * 65_536


async def test_leaving_with_an_error_silences_the_provider_at_once() -> None:
    async def leave(client: EgressClient, url: str) -> None:
        async with client.send(Outbound("POST", url, {}, b"{}")) as inbound:
            async for _ in inbound.pieces():
                raise KeyError

    async with served(endless) as (server, client):
        with pytest.raises(KeyError):
            await leave(client, server.url())
        closed_at_once = all(connection._transport.is_closing() for connection in client._open)
        await asyncio.wait_for(server.left.wait(), 1)

    assert closed_at_once


@pytest.mark.parametrize(
    "tail", [(b"1\r\nx\r\n",) * 100, (b"8000\r\n" + b"x" * 32_768 + b"\r\n",)], ids=["slow", "large"]
)
async def test_leaving_in_good_order_silences_the_provider_in_a_moment(tail: tuple[bytes, ...]) -> None:
    async def talkative(visit: Visit) -> None:
        await visit.say(*STREAM[:2])
        for part in tail:
            await asyncio.sleep(0.05)
            await visit.say(part)
        await visit.reader.read()

    async with served(talkative) as (server, client):
        async with client.send(Outbound("POST", server.url(), {}, b"{}")) as inbound:
            await anext(inbound.pieces())
        await asyncio.wait_for(server.left.wait(), 1)
        await asyncio.sleep(0.01)
        left_open = len(client._open)

    assert left_open == 0


async def test_what_nobody_reads_is_not_drained_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.egress.connection.LINGER_SECONDS", 5)

    async with served(endless) as (server, client):
        async with client.send(Outbound("POST", server.url(), {}, b"{}")) as inbound:
            await anext(inbound.pieces())
        await asyncio.wait_for(server.left.wait(), 1)


async def test_the_end_just_behind_the_last_event_keeps_the_connection() -> None:
    """First ending wins: the gateway leaves a stream at its `[DONE]`, before the last chunk has come."""

    async def almost(visit: Visit) -> None:
        await visit.say(*STREAM[:3])
        await asyncio.sleep(0.05)
        await visit.say(STREAM[3])

    async with served(almost) as (server, client):
        for _ in range(3):
            async with client.send(Outbound("POST", server.url(), {}, b"{}")) as inbound:
                await anext(inbound.pieces())
            await asyncio.sleep(0.1)

    assert server.connections == 1


@pytest.mark.parametrize("said", [(), STREAM[:2]], ids=["before the head", "in the middle"])
async def test_who_is_cancelled_silences_the_provider(said: tuple[bytes, ...]) -> None:
    gone = asyncio.Event()

    async def until_eof(visit: Visit) -> None:
        await visit.say(*said)
        await visit.reader.read()
        gone.set()

    async with served(until_eof) as (server, client):
        task = asyncio.create_task(ask(client, server.url(), Timeouts()))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(gone.wait(), 1)
        left_open = len(client._open)

    assert left_open == 0


def test_it_works_on_uvloop() -> None:
    uvloop = pytest.importorskip("uvloop")

    async def walk() -> None:
        async with served(saying(*STREAM)) as (server, client):
            for _ in range(2):
                assert await ask(client, server.url()) == b"abcdef"
            assert server.connections == 1
        async with served(lambda visit: say_and_wait(visit, *STREAM[:2])) as (server, client):
            with pytest.raises(StreamStalled):
                await ask(client, server.url())

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(walk())


async def test_no_task_outlives_its_request() -> None:
    async with served(saying(answer(b"ok"))) as (server, client):
        before = asyncio.all_tasks()
        await ask(client, server.url())
        after = {task for task in asyncio.all_tasks() - before if "serve" not in repr(task)}

    assert after == set()
