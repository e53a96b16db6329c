"""The chat door, in process: who, what, whom, and speak."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import pytest

from functions.chat.app import create_app
from shared.errors import StorageUnavailable, Throttled, Unreachable
from shared.gateway.targets.destination import destination
from shared.providers.find import get_provider
from shared.records.config import ChatSettings, KeyStatus, OwnPrice, ProviderConfig
from shared.secrets import ApiKey
from shared.services import Services
from shared.storage.configs import find_config, save_config
from tests.fakes.client import FakeAnswer, FakeClient
from tests.fakes.gateway import lines
from tests.fakes.services import fake_services

KEY = "sk-good-4f7a91c2d3e8b605"
HELLO = {"provider": "openai", "model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hello"}]}
PLAIN = {
    "id": "x1",
    "model": "gpt-4o-mini-2024-07-18",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500},
}
STREAM = b"".join(
    b"data: " + json.dumps(chunk).encode() + b"\n\n"
    for chunk in (
        {"id": "x1", "model": "m", "choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": None}]},
        {"id": "x1", "model": "m", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    )
)


@pytest.fixture
def client() -> FakeClient:
    return FakeClient(lambda asked: FakeAnswer(200, STREAM if b'"stream":true' in asked.body else PLAIN))


@pytest.fixture
async def services(tmp_path: Any, client: FakeClient) -> Services:
    services = fake_services(tmp_path)
    services.client = client
    return services


@pytest.fixture
async def alice(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    session = await services.accounts.sign_up("alice@example.com", "correct horse")
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(create_app(services)),
        base_url="http://house",
        headers={"authorization": f"Bearer {session.token}"},
    ) as http:
        await keep_key(services, session.user.id)
        yield http


async def keep_key(services: Services, owner: str) -> ProviderConfig:
    provider = get_provider("openai")
    config = ProviderConfig(
        owner=owner,
        id="c1",
        provider="openai",
        created_at=0,
        updated_at=0,
        key_version=1,
        fingerprint="f1",
    )
    origin = destination(provider, None, services.settings).origin
    sealed = await services.vault.seal(ApiKey(KEY), config.binding(origin))
    return await save_config(services.table, replace(config, sealed=sealed))


async def status_of(services: Services, alice: httpx.AsyncClient) -> KeyStatus:
    owner = (await services.accounts.verify(alice.headers["authorization"].removeprefix("Bearer "))).owner
    config = await find_config(services.table, owner, "openai")
    assert config is not None
    return config.key_status


async def test_one_answer_with_its_receipt(alice: httpx.AsyncClient, client: FakeClient) -> None:
    answer = (await alice.post("/api/llm/chat", json=HELLO)).json()

    assert answer["choices"][0]["message"] == {"role": "assistant", "content": "Hi"}
    assert answer["cost"] == "0.00045"
    assert answer["receipt"]["key"] == "own"
    assert answer["receipt"]["fingerprint"] == "f1"
    assert client.asked[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("path", "accept", "content_type"),
    [
        ("/api/llm/stream", "*/*", "application/x-ndjson"),
        ("/api/llm/stream", "text/event-stream", "text/event-stream; charset=utf-8"),
        ("/api/chat/openai/stream", "*/*", "text/event-stream; charset=utf-8"),
        ("/api/chat/openai/stream", "application/x-ndjson", "application/x-ndjson"),
    ],
)
async def test_a_stream_in_the_form_that_was_asked_for(
    alice: httpx.AsyncClient, path: str, accept: str, content_type: str
) -> None:
    answer = await alice.post(path, json=HELLO, headers={"accept": accept})

    assert answer.headers["content-type"] == content_type
    assert [line["type"] for line in lines(answer.text)] == ["start", "chunk", "done"]
    assert lines(answer.text)[-1]["usage"]["estimated"] is True


async def test_settings_of_the_config_complete_the_request(
    services: Services, alice: httpx.AsyncClient, client: FakeClient
) -> None:
    owner = (await services.accounts.verify(alice.headers["authorization"].removeprefix("Bearer "))).owner
    config = await find_config(services.table, owner, "openai")
    assert config is not None
    await save_config(services.table, replace(config, settings=ChatSettings(default_model="gpt-4.1", max_tokens=7)))
    await alice.post("/api/llm/chat", json={"messages": HELLO["messages"]})
    sent = json.loads(client.asked[0].body)

    assert (sent["model"], sent["max_completion_tokens"]) == ("gpt-4.1", 7)


@pytest.mark.parametrize("path", ["/api/llm/chat", "/api/llm/stream"])
async def test_a_refused_chat_has_its_true_status(alice: httpx.AsyncClient, client: FakeClient, path: str) -> None:
    """Traps 31 and 86: also when a stream was asked for."""
    client.answer = lambda _: Throttled("slow down", retry_after=30)
    answer = await alice.post(path, json=HELLO)

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "30")
    assert answer.json()["error"]["code"] == "throttled"


async def test_a_failure_that_passes_is_not_seen(alice: httpx.AsyncClient, client: FakeClient) -> None:
    failures = [Unreachable("no route", retry_after=0)]
    client.answer = lambda _: failures.pop() if failures else FakeAnswer(200, PLAIN)
    answer = await alice.post("/api/llm/chat", json=HELLO)

    assert [tried["outcome"] for tried in answer.json()["receipt"]["attempts"]] == ["upstream_unreachable", "answered"]


async def test_what_the_provider_says_of_the_key_is_noted(
    services: Services, alice: httpx.AsyncClient, client: FakeClient
) -> None:
    """Fault 4."""
    client.answer = lambda _: FakeAnswer(401, {"error": {"message": f"bad key {KEY}"}})
    refused = await alice.post("/api/llm/chat", json=HELLO)
    then = await status_of(services, alice)
    client.answer = lambda _: FakeAnswer(200, PLAIN)
    await alice.post("/api/llm/chat", json=HELLO)

    assert (refused.status_code, then) == (424, "rejected")
    assert KEY not in refused.text
    assert await status_of(services, alice) == "valid"


async def test_a_key_that_does_not_open_asks_to_be_entered_again(
    services: Services, alice: httpx.AsyncClient, client: FakeClient
) -> None:
    """Fault 25. Trap 76 and threat K1: the row says another version than the key was sealed for."""
    owner = (await services.accounts.verify(alice.headers["authorization"].removeprefix("Bearer "))).owner
    config = await find_config(services.table, owner, "openai")
    assert config is not None
    await save_config(services.table, replace(config, key_version=2))
    answer = await alice.post("/api/llm/chat", json=HELLO)

    assert (answer.status_code, answer.json()["error"]["code"]) == (424, "credential_corrupt")
    assert await status_of(services, alice) == "needs_reentry"
    assert client.asked == []


async def test_a_note_that_cannot_be_written_costs_nobody_their_answer(
    services: Services, alice: httpx.AsyncClient, client: FakeClient
) -> None:
    table: Any = services.table

    def answer(_: Any) -> FakeAnswer:
        table.down = True
        return FakeAnswer(200, PLAIN)

    client.answer = answer
    answered = await alice.post("/api/llm/chat", json=HELLO)

    assert answered.status_code == 200
    with pytest.raises(StorageUnavailable):
        await services.table.get(None)  # type: ignore[arg-type]  # the table is really away


async def test_a_table_that_is_away_is_a_503(services: Services, alice: httpx.AsyncClient) -> None:
    """Trap 74: never a 401."""
    table: Any = services.table
    table.down = True

    assert (await alice.post("/api/llm/chat", json=HELLO)).status_code == 503


@pytest.mark.parametrize(("headers", "status"), [({}, 401), ({"authorization": "Bearer sk-rml-wrong"}, 401)])
async def test_nobody_chats_without_a_credential(services: Services, headers: dict[str, str], status: int) -> None:
    transport = httpx.ASGITransport(create_app(services))
    async with httpx.AsyncClient(transport=transport, base_url="http://house", headers=headers) as anyone:
        assert (await anyone.post("/api/llm/chat", json=HELLO)).status_code == status
        assert (await anyone.get("/api/health")).json() == {"status": "ok"}


async def test_a_caller_who_leaves_before_the_body_is_whole_is_no_error(
    services: Services, alice: httpx.AsyncClient
) -> None:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"authorization", alice.headers["authorization"].encode())]
    scope: Any = {"type": "http", "method": "POST", "path": "/api/llm/chat", "headers": headers, "query_string": b""}
    await create_app(services)(scope, receive, send)

    assert sent == []


async def test_an_owners_own_price_is_on_the_receipt(services: Services, alice: httpx.AsyncClient) -> None:
    """Trap 67: before the table's."""
    owner = (await services.accounts.verify(alice.headers["authorization"].removeprefix("Bearer "))).owner
    config = await find_config(services.table, owner, "openai")
    assert config is not None
    own = {"gpt-4o-mini*": OwnPrice(Decimal(1), Decimal(4))}
    await save_config(services.table, replace(config, prices=own))

    answer = (await alice.post("/api/llm/chat", json=HELLO)).json()

    assert (answer["cost"], answer["receipt"]["price"]["source"]) == ("0.003", "custom")
