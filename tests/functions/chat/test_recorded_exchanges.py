"""Recorded answers that are no chats, through the vendors' own SDKs: what they read through us is what they read from the provider."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from functions.chat.app import create_app
from shared.egress.exchange import Outbound
from shared.services import Services
from tests.fakes import kept
from tests.fakes.client import FakeAnswer, FakeClient
from tests.fakes.recordings import Exchange, exchanges
from tests.fakes.services import fake_services

pytestmark = pytest.mark.vectors
openai = pytest.importorskip("openai", reason="the vendors' SDKs are not installed")
anthropic = pytest.importorskip("anthropic", reason="the vendors' SDKs are not installed")
theirs = pytest.importorskip("httpx2", reason="the vendors' SDKs are not installed")
"""The client that Anthropic's SDK is built upon."""

ROWS = {"openai": "openai", "mistral": "mistral", "openrouter": "openrouter", "together": "together", "xai": "grok"}
"""Providers of recordings, and our rows."""
KIN_KINDS = {"embeddings": "/embeddings", "images": "/images/generations", "moderations": "/moderations"}
type House = tuple[Any, FakeClient, str]
"""Its app, its way out, and a session."""


@pytest.fixture
async def house(tmp_path: Path) -> House:
    services = fake_services(tmp_path)
    client = services.client = FakeClient(lambda _: FakeAnswer(500, b""))
    session = await services.accounts.sign_up("alice@example.com", "correct horse")
    await keep_all(services, session.user.id)
    return create_app(services), client, session.token


async def keep_all(services: Services, owner: str) -> None:
    await kept.keep(services, owner, *ROWS.values(), "anthropic", "google", "cohere", "bedrock")
    await kept.keep(services, owner, "custom", base_url="https://llm.example.com/v1")


def played(exchange: Exchange) -> FakeAnswer:
    headers = {
        name: value for name, value in exchange.response["headers"].items() if name in {"content-type", "x-request-id"}
    }
    return FakeAnswer(exchange.response["status"], exchange.body, headers)


def plays(exchange: Exchange) -> Callable[[Outbound], FakeAnswer]:
    return lambda _: played(exchange)


def through(app: Any, library: Any = httpx) -> Any:
    """A client who asks us."""
    return library.AsyncClient(transport=library.ASGITransport(app))


def straight(exchange: Exchange, library: Any = httpx) -> Any:
    """A client who hears the provider itself."""
    said = exchange.response
    answer = library.Response(said["status"], content=exchange.body, headers={"content-type": said["content_type"]})
    return library.AsyncClient(transport=library.MockTransport(lambda _: answer))


def kin(material: Path) -> Iterator[tuple[str, Exchange]]:
    """All that OpenAI's family answered to questions that our callers can ask."""
    for provider, row in (*ROWS.items(), ("openai-compatible", "custom")):
        for exchange in exchanges(material, provider, *KIN_KINDS):
            body = exchange.request.get("json")
            if body and exchange.request["path"].endswith(tuple(KIN_KINDS.values())):
                yield row, exchange


async def ask_openai(http: Any, token: str, path: str, body: dict[str, Any]) -> Any:
    """What the SDK makes of the answer, or of the failure."""
    vendor = sdk("openai", token, http)
    named = {
        "/embeddings": (vendor.embeddings.create, ("model", "input", "encoding_format", "dimensions")),
        "/images/generations": (vendor.images.generate, ("model", "prompt", "n", "size", "response_format")),
        "/moderations": (vendor.moderations.create, ("model", "input")),
    }
    create, known = named[path]
    extra = {name: value for name, value in body.items() if name not in known}
    try:
        answer = await create(**{name: body[name] for name in known if name in body}, extra_body=extra)
    except openai.APIStatusError as error:
        return type(error), error.status_code, error.body.get("message") if isinstance(error.body, dict) else None
    return answer.model_dump(warnings=False)


async def test_what_kin_answered_is_read_the_same(house: House, shared_material: Path) -> None:
    """Promise 4; trap 62."""
    app, client, token = house
    compared = 0
    for row, exchange in kin(shared_material):
        body = dict(exchange.request["json"])
        path = next(end for end in KIN_KINDS.values() if exchange.request["path"].endswith(end))
        if path == "/embeddings":
            body["encoding_format"] = body.get("encoding_format") or "float"
        if body.get("response_format") == "base64":
            body["response_format"] = "b64_json"
        client.answer = plays(exchange)
        async with through(app) as http:
            heard = await ask_openai(http, token, path, {**body, "model": f"{row}/{body['model']}"})
        async with straight(exchange) as provider:
            direct = await ask_openai(provider, "sk", path, body)

        if isinstance(direct, dict):
            assert heard == direct, exchange.request["path"]
        else:
            assert heard[:2] == direct[:2]
            assert direct[2] is None or direct[2] in heard[2]
        sent = json.loads(client.asked[-1].body)
        assert {**sent, "encoding_format": None} == {**exchange.request["json"], "encoding_format": None}
        compared += 1

    assert compared >= 20


async def test_others_embeddings_are_read(house: House, shared_material: Path) -> None:
    """Trap 62: asked for as the SDK does by itself, in base64."""
    app, client, token = house
    asked = sdk("openai", token, through(app))
    (gemini, unknown) = sorted(
        exchanges(shared_material, "google", "embeddings"), key=lambda exchange: exchange.response["status"]
    )
    client.answer = lambda _: played(gemini)
    (said_to,) = gemini.request["json"]["requests"]
    answer = await asked.embeddings.create(
        model="gemini-embedding-2", input=[said_to["content"]["parts"][0]["text"]], dimensions=768
    )
    said = json.loads(gemini.body)

    assert answer.data[0].embedding == pytest.approx(said["embeddings"][0]["values"], rel=1e-6)
    assert answer.usage.prompt_tokens == said["usageMetadata"]["promptTokenCount"]
    assert json.loads(client.asked[-1].body) == gemini.request["json"]
    client.answer = lambda _: played(unknown)
    with pytest.raises(openai.NotFoundError) as caught:
        await asked.embeddings.create(model="google/nonexistent-model", input="Hello, world!")
    assert caught.value.code == "model_not_found" or caught.value.status_code == 404
    (refused,) = (e for e in exchanges(shared_material, "cohere", "embeddings") if e.response["status"] == 404)
    client.answer = lambda _: played(refused)
    with pytest.raises(openai.NotFoundError):
        await asked.embeddings.create(model="cohere/nonexistent", input="Hello, world!")


async def test_anthropics_counts_are_read_the_same(house: House, shared_material: Path) -> None:
    app, client, token = house
    compared = 0
    for exchange in exchanges(shared_material, "anthropic", "count_tokens"):
        body = exchange.request["json"]
        client.answer = plays(exchange)
        heard = await count(through(app, theirs), token, {**body, "model": f"anthropic/{body['model']}"})
        assert heard == await count(straight(exchange, theirs), "sk", body)
        assert json.loads(client.asked[-1].body) == body
        compared += 1

    assert compared == 6


async def count(http: Any, token: str, body: dict[str, Any]) -> Any:
    try:
        return (await sdk("anthropic", token, http).messages.count_tokens(**body)).model_dump()
    except anthropic.APIStatusError as error:
        return type(error), error.status_code, error.body["error"]


@pytest.mark.parametrize(
    ("provider", "row", "model", "field"),
    [
        ("google", "google", "gemini-2.5-flash", "totalTokens"),
        ("openai", "openai", "gpt-5.4", "input_tokens"),
        ("bedrock", "bedrock", "anthropic.claude-sonnet-4-20250514-v1:0", "inputTokens"),
    ],
)
async def test_others_counts_are_read(
    house: House, shared_material: Path, *, provider: str, row: str, model: str, field: str
) -> None:
    app, client, token = house
    counted = 0
    for exchange in exchanges(shared_material, provider, "count_tokens"):
        client.answer = plays(exchange)
        body = {"model": f"{row}/{model}", "messages": [{"role": "user", "content": "Hello"}]}
        answer = await count(through(app, theirs), token, body)
        if exchange.response["status"] == 200:
            assert answer["input_tokens"] == json.loads(exchange.body)[field]
            counted += 1
        else:
            assert answer[1] == exchange.response["status"]

    assert counted >= 3


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
async def test_lists_of_models_are_read(tmp_path: Path, shared_material: Path, provider: str) -> None:
    """Each as the SDK of its vendor reads it from the vendor, but for the name of the provider before the model's."""
    library = {"openai": httpx, "anthropic": theirs}[provider]
    (recorded,) = exchanges(shared_material, provider, "models")
    services = fake_services(tmp_path)
    services.client = FakeClient(lambda _: played(recorded))
    session = await services.accounts.sign_up("alice@example.com", "correct horse")
    await kept.keep(services, session.user.id, provider)
    ours = sdk(provider, session.token, through(create_app(services), library))
    heard = [model.model_dump() async for model in ours.models.list()]
    expected = [m.model_dump() async for m in sdk(provider, "sk", straight(recorded, library)).models.list()]
    same = ("created", "created_at", "display_name", "max_input_tokens", "max_tokens")

    assert [model["id"] for model in heard] == [f"{provider}/{model['id']}" for model in expected]
    assert [[model.get(name) for name in same] for model in heard] == [
        [model.get(name) for name in same] for model in expected
    ]
    assert (await ours.models.retrieve(heard[-1]["id"])).model_dump() == heard[-1]


def sdk(vendor: str, key: str, http: Any) -> Any:
    if vendor == "openai":
        return openai.AsyncOpenAI(api_key=key, base_url="http://house/v1", http_client=http, max_retries=0)
    return anthropic.AsyncAnthropic(api_key=key, base_url="http://house", http_client=http, max_retries=0)
