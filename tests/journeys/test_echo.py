"""A provider that says the key back, in every place where it can: the caller, the log and the table never hear it. Threats K6, K8 and K9."""

import asyncio
import base64
import io
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.fakes.house import HELLO, WatchedTable, whole_house
from tests.fakes.http_server import Visit, answer, http_server

KEYS = {
    "openai": "sk-proj-Zq7Hd2Kx9Lm4Np8RtVw3Yb6CfT3BlbkFJGj5Ks1Mu0Px",
    "anthropic": "sk-ant-api03-Qw8Er5Ty2Ui7Op4As9Df1Gh6Jk3Lz0Xc-BvNmAA",
    "google": "AIzaSyD4F7h2J9k1L6m3N8p5Q0r2S7t4U9v1W6x",
}


def whole(provider: str, text: str) -> dict[str, Any]:
    """An answer with this text wherever a text may be."""
    match provider:
        case "openai":
            call = {"id": text, "type": "function", "function": {"name": text, "arguments": json.dumps({"a": text})}}
            said = {"content": text, "reasoning_content": text, "refusal": text, "tool_calls": [call]}
            choice = {"index": 0, "message": said, "finish_reason": text}
            return {"id": text, "model": text, "service_tier": text, "choices": [choice]}
        case "anthropic":
            use = {"type": "tool_use", "id": text, "name": text, "input": {text: text}}
            thought = {"type": "thinking", "thinking": text, "signature": text}
            content = [thought, {"type": "text", "text": text}, use]
            return {"type": "message", "id": text, "model": text, "content": content, "stop_reason": text}
        case _:
            call = {"functionCall": {"name": text, "args": {text: text}}, "thoughtSignature": text}
            parts = [{"text": text, "thought": True}, {"text": text}, call]
            candidate = {"content": {"parts": parts}, "finishReason": text}
            return {"responseId": text, "modelVersion": text, "candidates": [candidate]}


def streamed(provider: str, text: str) -> bytes:
    """The same, as it grows."""
    match provider:
        case "openai":
            choice = {"index": 0, "delta": {"content": text, "refusal": text}, "finish_reason": "stop"}
            return _events({"id": text, "model": text, "choices": [choice]}) + b"data: [DONE]\n\n"
        case "anthropic":
            delta = {"type": "text_delta", "text": text}
            return _events(
                {"type": "message_start", "message": {"id": text, "model": text}},
                {"type": "content_block_delta", "index": 0, "delta": delta},
                {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
                {"type": "message_stop"},
            )
        case _:
            return _events({**whole(provider, text), "candidates": [
                {"content": {"parts": [{"text": text}]}, "finishReason": "STOP"}
            ]})  # fmt: skip


def _events(*pieces: dict[str, Any]) -> bytes:
    return b"".join(b"data: " + json.dumps(piece).encode() + b"\n\n" for piece in pieces)


STATUSES = (
    "200 OK",
    "400 No",
    "401 No",
    "402 No",
    "403 No",
    "404 No",
    "413 No",
    "429 No",
    "500 No",
    "503 No",
    "302 No",
)


class Echo:
    """Says the key that it was shown in an error of each status, in an answer and in a stream, headers and all."""

    def __init__(self) -> None:
        self.status = "200 OK"
        self.cut: int | None = None

    async def __call__(self, visit: Visit) -> None:
        key = next(key for key in KEYS.values() if key in visit.head.decode())
        provider = next(name for name, value in KEYS.items() if value == key)
        text, header = (
            f"your key is {key}!",
            {"x_request_id": key, "location": f"http://x/?key={key}", "retry_after": key},
        )
        if self.status != "200 OK":
            body = json.dumps({"error": {"message": text, "type": text, "code": text, "param": text, "status": text}})
            await visit.say(answer(body.encode(), f"{self.status}: {key}", content_type="application/json", **header))
        elif b"alt=sse" in visit.head or b'"stream":true' in visit.body:
            said = answer(streamed(provider, text), content_type="text/event-stream", **header)
            cut = len(said) if self.cut is None else said.rindex(key.encode()) + self.cut
            visit.writer.write(said[:cut])
            await visit.writer.drain()
            await asyncio.sleep(0.002)
            await visit.say(said[cut:])
        else:
            await visit.say(
                answer(json.dumps(whole(provider, text)).encode(), content_type="application/json", **header)
            )


def spellings(key: str) -> set[str]:
    """The key as sinks may have it, and every slice of twelve characters behind the prefix that all keys share."""
    coded = {base64.b64encode(key.encode()[at:]).decode()[4:-4] for at in range(3)}
    return {key, quote(key, safe=""), *coded, *(key[at : at + 12] for at in range(14, len(key) - 11))}


def kept(table: WatchedTable, home: Path) -> list[str]:
    """All that is at rest."""
    files = [file.read_bytes().decode("latin-1") for file in home.rglob("*") if file.is_file()]
    return [*files, *map(repr, table.items.values())]


@pytest.mark.parametrize("provider", KEYS)
async def test_no_echo_comes_through(tmp_path: Path, log: io.StringIO, provider: str) -> None:
    """Threats K6, K8 and K9."""
    echo, heard = Echo(), list[httpx.Response]()
    async with http_server(echo) as server:
        urls = {name: server.url("/v1") for name in KEYS}
        async with whole_house(tmp_path, egress_allow=frozenset({server.origin}), provider_urls=urls) as house:
            headers = await house.signed_up("alice")
            await house.with_key(headers, provider, apiKey=KEYS[provider])
            body = {"provider": provider, "model": "m", "messages": HELLO}

            async def ask(path: str, **more: Any) -> None:
                heard.append(await house.http.post(path, json={**body, **more}, headers=headers))

            for echo.status in STATUSES:
                await ask("/api/llm/chat")
                await ask("/api/llm/stream")
                heard.append(await house.http.post("/api/test-api-key", json={"provider": provider}, headers=headers))
                heard.append(await house.http.get(f"/api/models/{provider}", headers=headers))
            echo.status = "200 OK"
            for echo.cut in range(len(KEYS[provider]) + 1):
                await ask("/api/llm/stream")
            rest = kept(house.table, tmp_path)

    sinks = [*[response.text + str(response.headers) for response in heard], log.getvalue(), *rest]
    assert "[redacted]" in heard[0].text
    assert {response.status_code for response in heard} >= {200, 400, 402, 424, 429, 502, 503}
    for sink in sinks:
        assert not [spelling for spelling in spellings(KEYS[provider]) if spelling in sink], sink[:2000]
