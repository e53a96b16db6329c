"""An answer stopped while it grows: over real sockets, in every caller's words, and silent upstream. faults.md, client disconnect."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.fakes.gateway import Gateway, lines, running_gateway
from tests.fakes.http_server import HttpServer
from tests.fakes.provider import GOOD_KEY, fake_provider

pytestmark = pytest.mark.asyncio(loop_scope="module")

HELLO = [{"role": "user", "content": "hello"}]
STALL = {"model": "openai/stall", "messages": HELLO}
PROVIDERS = ("openai", "mistral")
ROUTES: dict[str, dict[str, Any]] = {
    "/api/llm/stream": STALL,
    "/api/chat/openai/stream": {**STALL, "model": "stall"},
    "/v1/chat/completions": {**STALL, "stream": True},
    "/v1/messages": {**STALL, "stream": True, "max_tokens": 64},
    "/v1/responses": {"model": "mistral/stall", "input": "hello", "stream": True},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def provider() -> AsyncIterator[HttpServer]:
    async with fake_provider() as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(provider: HttpServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    urls = json.dumps(dict.fromkeys(PROVIDERS, provider.url("/v1")))
    home: Path = tmp_path_factory.mktemp("home")
    async with running_gateway(home, EGRESS_ALLOW=provider.origin, PROVIDER_URLS=urls) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def alice(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    async with gateway.signed_in() as client:
        for name in PROVIDERS:
            kept = await client.post("/api/provider-configs", json={"provider": name, "apiKey": GOOD_KEY})
            assert kept.status_code == 201
        yield client


async def stopped(alice: httpx.AsyncClient, route: str, body: dict[str, Any]) -> tuple[httpx.Response, str]:
    """The answer to the stop, and all that the stream said."""
    async with alice.stream("POST", route, json=body) as stream:
        pieces = stream.aiter_text()
        said = [await anext(pieces)]
        cancelled = await alice.post(f"/api/requests/{stream.headers['x-realmultillm-request-id']}/cancel")
        async with asyncio.timeout(5):
            said += [piece async for piece in pieces]
    return cancelled, "".join(said)


@pytest.mark.parametrize("route", ROUTES)
async def test_a_stream_ends_with_one_error_in_its_callers_words_and_the_provider_is_silenced(
    provider: HttpServer, alice: httpx.AsyncClient, route: str
) -> None:
    """Fault 28. Trap 69."""
    provider.left.clear()
    cancelled, said = await stopped(alice, route, ROUTES[route])
    async with asyncio.timeout(5):
        await provider.left.wait()
    told = lines("\n".join(line for line in said.split("\n") if not line.startswith("event:")))

    assert cancelled.status_code == 200
    assert "Bon" in said
    assert "stopped, as its caller asked" in json.dumps(told[-1])
    assert [line for line in told if "error" in json.dumps(line.get("type", line))][-1] == told[-1]
    assert not {"done", "message_stop", "response.completed"} & {str(line.get("type")) for line in told}
    assert "[DONE]" not in said


async def test_the_start_line_names_what_can_be_stopped_and_what_is_over_cannot(alice: httpx.AsyncClient) -> None:
    cancelled, said = await stopped(alice, "/api/llm/stream", STALL)
    first, *_, last = lines(said)
    again = await alice.post(f"/api/requests/{first['id']}/cancel")
    (row, *_) = (await alice.get("/api/analytics/requests")).json()["requests"]

    assert cancelled.json() == {"id": first["id"], "cancelled": True}
    assert (last["type"], last["error"]["code"], last["error"]["statusCode"]) == ("error", "cancelled", 499)
    assert (row["id"], row["outcome"], row["attempts"]) == (first["id"], "cancelled", 1)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "conflict")


async def test_nobody_else_can_stop_it(gateway: Gateway, alice: httpx.AsyncClient) -> None:
    """Threat I3: another person's id is as if absent, and the answer goes on."""
    async with (
        gateway.signed_in("bob@example.com") as bob,
        alice.stream("POST", "/api/llm/stream", json=STALL) as stream,
    ):
        pieces = stream.aiter_text()
        await anext(pieces)
        id_ = stream.headers["x-realmultillm-request-id"]
        bobs = await bob.post(f"/api/requests/{id_}/cancel")
        alices = await alice.post(f"/api/requests/{id_}/cancel")

    assert (bobs.status_code, alices.status_code) == (404, 200)


async def test_what_an_idempotency_key_waits_for_can_be_stopped_and_then_asked_anew(alice: httpx.AsyncClient) -> None:
    """faults.md, client retry: who lost the connection knows no id, so the refusal tells it. Threat I7."""
    key = {"idempotency-key": "stop-1"}
    async with alice.stream("POST", "/api/llm/stream", json=STALL, headers=key) as stream:
        pieces = stream.aiter_text()
        said = [await anext(pieces)]
        refused = (await alice.post("/api/llm/stream", json=STALL, headers=key)).json()["error"]
        cancelled = await alice.post(f"/api/requests/{refused['details']['runningId']}/cancel")
        async with asyncio.timeout(5):
            said += [piece async for piece in pieces]
    async with alice.stream("POST", "/api/llm/stream", json=STALL, headers=key) as anew:
        first = lines(await anext(anew.aiter_text()))[0]

    assert refused["code"] == "request_in_progress"
    assert cancelled.status_code == 200
    assert lines("".join(said))[-1]["error"]["code"] == "cancelled"
    assert (anew.status_code, first["type"]) == (200, "start")
    assert first["id"] != refused["details"]["runningId"]


async def test_who_leaves_frees_their_idempotency_key(provider: HttpServer, alice: httpx.AsyncClient) -> None:
    """Trap 69: the provider is silenced, so there is no answer to come back for."""
    provider.left.clear()
    key = {"idempotency-key": "leave-1"}
    async with alice.stream("POST", "/v1/chat/completions", json=ROUTES["/v1/chat/completions"], headers=key) as stream:
        await anext(stream.aiter_text())
    told: list[tuple[int, bool]] = [(409, False)]
    async with asyncio.timeout(5):
        await provider.left.wait()
        while told[-1][0] == 409:
            body = ROUTES["/v1/chat/completions"]
            async with alice.stream("POST", "/v1/chat/completions", json=body, headers=key) as anew:
                told.append((anew.status_code, "idempotency-replayed" in anew.headers))
            await asyncio.sleep(0.05)

    assert told[-1] == (200, False)


async def test_what_was_asked_of_a_stopped_answer_stays_in_its_conversation(alice: httpx.AsyncClient) -> None:
    _, said = await stopped(alice, "/api/llm/stream", {**STALL, "keep": True})
    conversation = lines(said)[0]["conversationId"]
    kept = (await alice.get(f"/api/chat/history/{conversation}")).json()["messages"]

    assert [(one["state"], one["error"], one["message"]) for one in kept] == [("failed", "cancelled", HELLO[0])]


async def test_what_was_asked_of_a_caller_who_left_stays_too(alice: httpx.AsyncClient) -> None:
    async with alice.stream("POST", "/api/llm/stream", json={**STALL, "keep": True}) as stream:
        first = json.loads(await anext(stream.aiter_lines()))
    kept: list[dict[str, Any]] = []
    async with asyncio.timeout(5):
        while not kept:
            there = await alice.get(f"/api/chat/history/{first['conversationId']}")
            kept = there.json().get("messages", [])
            await asyncio.sleep(0.05)

    assert [(one["state"], one["error"]) for one in kept] == [("failed", "disconnected")]


async def test_who_leaves_a_comparison_silences_every_provider(provider: HttpServer, alice: httpx.AsyncClient) -> None:
    """Trap 69."""
    provider.left.clear()
    targets = [{"model": "openai/stall"}] * 3
    before = len(provider.writers)
    async with alice.stream("POST", "/api/chat/compare", json={"messages": HELLO, "targets": targets}) as stream:
        said, pieces = "", stream.aiter_text()
        while said.count('"type":"chunk"') < len(targets):
            said += await anext(pieces)
        during = len(provider.writers)
    async with asyncio.timeout(5):
        while len(provider.writers) > before:  # noqa: ASYNC110 - the fake has no event for the last of several
            await asyncio.sleep(0.05)

    assert during >= before + 2
    assert {line["target"] for line in lines(said)} == {0, 1, 2}
