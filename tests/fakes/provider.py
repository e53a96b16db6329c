"""A provider that speaks OpenAI's chat completions, over real sockets, and knows which key it takes."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.fakes.http_server import HttpServer, Visit, answer, http_server

GOOD_KEY = "sk-provider-Zq7Hd2Kx9Lm4Np8RtVw3Yb6Cf"
WORDS = ["Bon", "jour", ", ", "\u4f60\u597d", "!"]
USAGE = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


@asynccontextmanager
async def fake_provider() -> AsyncIterator[HttpServer]:
    """Running, until the context is left. Models: `hello` answers, `echo` says the key back, `stall` falls silent, `cut` breaks off."""
    async with http_server(_answer) as server:
        yield server


async def _answer(visit: Visit) -> None:
    if visit.headers.get("authorization") != f"Bearer {GOOD_KEY}":
        await visit.say(
            _json({"error": {"message": f"wrong key: {visit.headers.get('authorization')}", "type": "x"}}, "401 No")
        )
        return
    if visit.head.startswith(b"GET"):
        await visit.say(_json({"object": "list", "data": [{"id": "hello"}, {"id": "echo"}]}))
        return
    asked = json.loads(visit.body)
    words = [f"your key is {GOOD_KEY}"] if asked["model"] == "echo" else WORDS
    if asked.get("stream"):
        await _stream(visit, asked["model"], words)
    else:
        choice = {"index": 0, "message": {"role": "assistant", "content": "".join(words)}, "finish_reason": "stop"}
        await visit.say(_json({"id": "x1", "model": asked["model"], "choices": [choice], "usage": USAGE}))


async def _stream(visit: Visit, model: str, words: list[str]) -> None:
    await visit.say(STREAM_HEAD)
    for word in words:
        await visit.say(_event({"id": "x1", "model": model, "choices": [_choice({"content": word})]}))
        if model == "stall":
            await visit.reader.read()  # until the caller leaves
            return
        if model == "cut":
            visit.reset()
            return
    await visit.say(_event({"id": "x1", "model": model, "choices": [_choice({}, "stop")]}))
    await visit.say(_event({"id": "x1", "model": model, "choices": [], "usage": USAGE}))
    await visit.say(_chunk(b"data: [DONE]\n\n"), b"0\r\n\r\n")


def _choice(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": finish}


def _event(value: dict[str, Any]) -> bytes:
    return _chunk(b"data: " + json.dumps(value).encode() + b"\n\n")


def _chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def _json(value: dict[str, Any], status: str = "200 OK") -> bytes:
    return answer(json.dumps(value).encode(), status, content_type="application/json")
