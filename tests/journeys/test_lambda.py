"""Chats through the chat door as Lambda runs it: the fake function URL, our runtime in a process of its own, a provider behind real sockets."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.aws_lambda.events import function_url, rest_api
from tests.fakes.aws_lambda.house import chats
from tests.fakes.http_server import HttpServer, Visit, http_server

STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
HELLO = [{"role": "user", "content": "hello"}]
ROUTES = {
    "/api/llm/stream": {"provider": "openai", "model": "m", "messages": HELLO},
    "/v1/chat/completions": {"model": "openai/m", "messages": HELLO, "stream": True},
    "/v1/messages": {"model": "openai/m", "messages": HELLO, "max_tokens": 100, "stream": True},
}


def said(content: str | None, finish: str | None = None) -> bytes:
    delta = {} if content is None else {"content": content}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    data = b"data: " + json.dumps({"id": "x", "model": "m", "choices": [choice]}).encode() + b"\n\n"
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


ENDING = said(None, "stop") + b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"


class Provider:
    """Says its first word, and the last when it is let."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.finished = asyncio.Event()

    async def __call__(self, visit: Visit) -> None:
        await visit.say(STREAM_HEAD, said("first "))
        left = asyncio.ensure_future(visit.reader.read(1))
        going = asyncio.ensure_future(self.go_on.wait())
        await asyncio.wait((left, going), return_when=asyncio.FIRST_COMPLETED)
        going.cancel()
        left.cancel()
        await asyncio.gather(left, going, return_exceptions=True)
        if self.go_on.is_set():
            await visit.say(said("last"), ENDING)
            self.finished.set()


@asynccontextmanager
async def provider() -> AsyncIterator[tuple[Provider, HttpServer]]:
    script = Provider()
    async with http_server(script) as server:
        yield script, server


async def until(pieces: AsyncIterator[bytes], word: bytes) -> bytes:
    """All that came until the word did."""
    heard = b""
    while word not in heard:
        heard += await anext(pieces)
    return heard


def last_error(text: str) -> dict[str, Any]:
    """The error that ends a stream, whatever its dialect."""
    lines = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith(("data: {", "{"))]
    error: dict[str, Any] = json.loads(lines[-1])["error"]
    return error


@pytest.mark.parametrize("payload", [function_url, rest_api])
async def test_the_first_byte_is_heard_before_the_last_is_sent(tmp_path: Path, payload: Any) -> None:
    """Trap 73: nothing between provider and caller gathers a stream. Told by the order of events, and by no clock."""
    async with provider() as (script, server), chats(tmp_path, server, payload=payload) as (client, door):
        for path, body in ROUTES.items():
            script.go_on.clear()
            script.finished.clear()
            async with client.stream("POST", path, json=body) as answer:
                pieces = answer.aiter_bytes()
                first = await until(pieces, b"first ")
                was_finished = script.finished.is_set()
                script.go_on.set()
                rest = b"".join([piece async for piece in pieces])

            assert answer.status_code == 200, path
            assert not was_finished
            assert b"last" not in first
            assert b"last" in rest

    assert len(door.environments) == 1


async def test_five_seconds_before_the_end_of_the_function_a_stream_ends_with_its_promised_event(
    tmp_path: Path,
) -> None:
    """Fault 27. Trap 70, and faults.md: upstream is stopped, and the caller hears `deadline` in their own dialect. Of a short time it is the half."""
    async with provider() as (_, server), chats(tmp_path, server, seconds=2.0) as (client, door):
        asked = [client.post(path, json=body) for path, body in ROUTES.items()]
        plain = client.post("/api/llm/chat", json=ROUTES["/api/llm/stream"])
        *streams, whole = await asyncio.gather(*asked, plain)

        assert all(environment.is_alive for environment in door.environments)
        assert all("error" not in environment.api.heard for environment in door.environments)
    native, openai, anthropic = (last_error(stream.text) for stream in streams)

    assert [stream.status_code for stream in streams] == [200, 200, 200]
    assert all("first " in stream.text for stream in streams)
    assert (native["code"], native["statusCode"]) == ("deadline", 504)
    assert openai["code"] == "deadline"
    assert anthropic["type"] == "timeout_error"
    assert (whole.status_code, whole.json()["error"]["code"]) == (504, "deadline")
    assert len(server.visits) == 4
    assert server.left.is_set()


async def test_a_caller_who_leaves_is_not_seen_and_changes_nothing(tmp_path: Path) -> None:
    """Fault 28. Trap 70: Lambda tells nobody. The answer goes on to its end, and the next caller is served by the same process."""
    async with provider() as (script, server), chats(tmp_path, server) as (client, door):
        async with client.stream("POST", "/api/llm/stream", json=ROUTES["/api/llm/stream"]) as answer:
            await until(answer.aiter_bytes(), b"first ")
        script.go_on.set()
        await asyncio.wait_for(door.environments[0].idle.wait(), 10)
        health = await client.get("/api/health")

    assert health.json()["status"] == "ok"
    assert script.finished.is_set()
    assert len(door.environments) == 1
    assert "error" not in door.environments[0].api.heard


async def test_a_provider_who_breaks_off_is_an_event_and_not_a_cut(tmp_path: Path) -> None:
    async def cut(visit: Visit) -> None:
        await visit.say(STREAM_HEAD, said("first "))
        visit.reset()

    async with http_server(cut) as server, chats(tmp_path, server) as (client, door):
        answers = [await client.post(path, json=body) for path, body in ROUTES.items()]

    assert [last_error(answer.text)["message"] for answer in answers] == [
        "The connection to the provider broke in the middle of its answer"
    ] * 3
    assert set(door.environments[0].api.heard) == {"next", "response"}


async def test_a_process_that_dies_cuts_its_stream_and_the_next_caller_gets_another(tmp_path: Path) -> None:
    """A cut is no ending: the caller's client raises."""
    async with provider() as (script, server), chats(tmp_path, server) as (client, door):
        async with client.stream("POST", "/api/llm/stream", json=ROUTES["/api/llm/stream"]) as answer:
            pieces = answer.aiter_bytes()
            await until(pieces, b"first ")
            os.kill(door.environments[0].process.pid, signal.SIGKILL)
            with pytest.raises(httpx.RemoteProtocolError):
                await until(pieces, b"last")
        script.go_on.set()
        after = await client.post("/api/llm/stream", json=ROUTES["/api/llm/stream"])

    assert '"done"' in after.text
    assert len(door.environments) == 2


async def test_what_a_caller_says_of_themselves_is_not_believed(tmp_path: Path) -> None:
    """Threat H1: another tenant, another request id, another end of the function."""
    spoofed = {
        "x-amz-tenant-id": "somebody-else",
        "x-amzn-lambda-context": '{"deadline": 1}',
        "x-amzn-request-context": "{}",
        "x-forwarded-for": "198.51.100.1",
        "x-realmultillm-request-id": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    }
    async with provider() as (script, server), chats(tmp_path, server) as (client, _):
        script.go_on.set()
        answer = await client.post("/api/llm/stream", json=ROUTES["/api/llm/stream"], headers=spoofed)

    assert '"done"' in answer.text
    assert answer.headers["x-realmultillm-request-id"] != spoofed["x-realmultillm-request-id"]
    assert b"somebody-else" not in server.visits[0].head
