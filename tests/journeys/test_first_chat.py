"""The first chat, as a newcomer has it: the gateway in its own process, a provider behind real sockets, HTTP in between."""

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from tests.fakes.gateway import Gateway, lines, running_gateway
from tests.fakes.http_server import HttpServer
from tests.fakes.provider import GOOD_KEY, WORDS, fake_provider

HELLO = [{"role": "user", "content": "hello"}]
WRONG_KEY = "sk-wrong-5Tg9Bv2Nc7Mx4Qa8Ws3Ed6Rf1Yh"


@pytest.fixture
async def provider() -> AsyncIterator[HttpServer]:
    async with fake_provider() as server:
        yield server


@pytest.fixture
async def gateway(provider: HttpServer, tmp_path: Path) -> AsyncIterator[Gateway]:
    urls = f'{{"openai": "{provider.url("/v1")}"}}'
    async with running_gateway(tmp_path / "home", EGRESS_ALLOW=provider.origin, PROVIDER_URLS=urls) as running:
        yield running


@pytest.fixture
async def alice(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    async with gateway.signed_in() as client:
        yield client


async def stored(client: httpx.AsyncClient, key: str = GOOD_KEY) -> httpx.Response:
    return await client.post("/api/provider-configs", json={"provider": "openai", "apiKey": key})


async def test_from_nothing_to_an_answer(alice: httpx.AsyncClient) -> None:
    kept = await stored(alice)
    models = await alice.get("/api/models/openai")
    plain = await alice.post("/api/llm/chat", json={"provider": "openai", "model": "hello", "messages": HELLO})
    stream = await alice.post("/api/llm/stream", json={"model": "openai/hello", "messages": HELLO})
    events = await alice.post("/api/chat/openai/stream", json={"model": "hello", "messages": HELLO})

    assert kept.json()["testResult"]["valid"]
    assert {model["id"] for model in models.json()["models"]} == {"hello", "echo"}
    assert plain.json()["choices"][0]["message"]["content"] == "".join(WORDS)
    assert plain.json()["usage"]["totalTokens"] == 12
    assert [line["type"] for line in lines(stream.text)] == ["start", *["chunk"] * len(WORDS), "done"]
    assert stream.headers["content-type"] == "application/x-ndjson"
    assert lines(events.text)[-1]["finishReason"] == "stop"
    assert events.headers["content-type"].startswith("text/event-stream")


async def test_a_program_chats_with_an_access_token(gateway: Gateway, alice: httpx.AsyncClient) -> None:
    await stored(alice)
    token = (await alice.post("/api/tokens", json={"name": "ci"})).json()
    async with httpx.AsyncClient(base_url=gateway.url, headers={"x-api-key": token["token"]}) as program:
        answered = await program.post("/api/chat/openai", json={"model": "hello", "messages": HELLO})
        await alice.delete(f"/api/tokens/{token['id']}")
        await asyncio.sleep(5.1)
        revoked = await program.post("/api/chat/openai", json={"model": "hello", "messages": HELLO})

    assert (answered.status_code, revoked.status_code) == (200, 401)


async def test_a_key_that_the_provider_refuses_is_not_stored(alice: httpx.AsyncClient) -> None:
    refused = await stored(alice, WRONG_KEY)
    configs = await alice.get("/api/provider-configs")

    assert refused.status_code == 400
    assert "apiKey" in refused.json()["error"]["details"]["parameter"]
    assert "openai" not in configs.text


async def test_the_key_is_nowhere(gateway: Gateway, alice: httpx.AsyncClient) -> None:
    """Threats K6, K8, K9: not in an answer, not in what is printed, not on the disk; in no spelling and no slice."""
    said = [await stored(alice), await stored(alice, WRONG_KEY)]
    for model in ("echo", "cut", "hello", "none"):
        body = {"provider": "openai", "model": model, "messages": HELLO}
        said += [await alice.post(route, json=body) for route in ("/api/llm/chat", "/api/llm/stream")]
    routes = ("/api/provider-configs", "/api/provider-configs/openai", "/api/models/openai", "/openapi.json")
    said += [await alice.get(route) for route in routes]
    sinks = [answer.content + str(answer.headers).encode() for answer in said]
    sinks += [bytes(gateway.printed), *(file.read_bytes() for file in gateway.home.rglob("*") if file.is_file())]

    for key in (GOOD_KEY, WRONG_KEY):
        spellings = {key, quote(key, safe=""), base64.b64encode(key.encode()).decode()}
        slices = {key[at : at + 12] for at in range(9, len(key) - 11)}
        for sink in sinks:
            assert not [text for text in spellings | slices if text.encode() in sink]


async def test_a_stream_that_breaks_ends_with_one_error_and_the_next_is_answered(alice: httpx.AsyncClient) -> None:
    await stored(alice)
    broken = await alice.post("/api/llm/stream", json={"provider": "openai", "model": "cut", "messages": HELLO})
    after = await alice.post("/api/llm/chat", json={"provider": "openai", "model": "hello", "messages": HELLO})

    assert [line["type"] for line in lines(broken.text)] == ["start", "chunk", "error"]
    assert lines(broken.text)[-1]["error"]["code"] == "stream_interrupted"
    assert after.status_code == 200


async def test_a_caller_who_leaves_silences_the_provider(provider: HttpServer, alice: httpx.AsyncClient) -> None:
    """Trap 69."""
    await stored(alice)
    provider.left.clear()
    async with alice.stream("POST", "/api/llm/stream", json={"model": "openai/stall", "messages": HELLO}) as stream:
        await anext(stream.aiter_bytes())

    async with asyncio.timeout(5):
        await provider.left.wait()
    assert provider.left.is_set()


async def test_what_is_stored_survives_a_restart(provider: HttpServer, tmp_path: Path) -> None:
    settings = {"EGRESS_ALLOW": provider.origin, "PROVIDER_URLS": f'{{"openai": "{provider.url("/v1")}"}}'}
    async with running_gateway(tmp_path, **settings) as first, first.signed_in() as alice:
        await stored(alice)
        credential = alice.headers["authorization"]
    async with (
        running_gateway(tmp_path, **settings) as second,
        httpx.AsyncClient(base_url=second.url, headers={"authorization": credential}) as alice,
    ):
        answer = await alice.post("/api/llm/chat", json={"provider": "openai", "model": "hello", "messages": HELLO})

    assert answer.status_code == 200


async def test_another_user_has_no_key(gateway: Gateway, alice: httpx.AsyncClient) -> None:
    """Promise 1: a call is paid by the caller's own key, never silently by another."""
    await stored(alice)
    async with gateway.signed_in("bob@example.com") as bob:
        answer = await bob.post("/api/llm/chat", json={"provider": "openai", "model": "hello", "messages": HELLO})

    assert answer.status_code == 404


@pytest.mark.parametrize(("file", "said"), [("table.sqlite", "table"), ("keys.json", "key")])
async def test_a_file_that_cannot_be_used_stops_the_start(tmp_path: Path, file: str, said: str) -> None:
    (tmp_path / file).write_text("no such thing")
    (tmp_path / file).chmod(0o600)
    with pytest.raises(RuntimeError, match=f"realmultillm: .*{said}"):
        async with running_gateway(tmp_path):
            pass


async def test_a_wrong_setting_is_a_clear_message_and_exit_code_2(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="REALMULTILLM_LOG_LEVEL is one of"):
        async with running_gateway(tmp_path, LOG_LEVEL="loud"):
            pass
