"""What of /v1 is no chat, in process: who is asked, in whose words, and what callers hear."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from functions.chat.app import create_app
from shared.egress.exchange import Outbound
from shared.errors import ProviderOverloaded
from shared.services import Services
from shared.storage.configs import find_config
from tests.fakes import kept
from tests.fakes.client import Answer, FakeAnswer, FakeClient
from tests.fakes.services import fake_services

BASE64 = "AAAAPwAAgL4="
"""0.5 and -0.25, little-endian floats of 32 bits."""
VECTOR = [0.5, -0.25]
HELLO = [{"role": "user", "content": "hello"}]


def embedded(embedding: Any, **more: Any) -> dict[str, Any]:
    usage = {"prompt_tokens": 3, "total_tokens": 3}
    return {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": embedding}],
        "model": "them",
        "usage": usage,
        **more,
    }


class Upstream:
    """Answers by the end of the URL, and everything else with 404."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}

    def __call__(self, asked: Outbound) -> Answer:
        found = (answer for end, answer in self.answers.items() if asked.url.endswith(end))
        return next(found, FakeAnswer(404, {"error": {"message": "no such route"}}))


@pytest.fixture
def upstream() -> Upstream:
    return Upstream()


@pytest.fixture
def client(upstream: Upstream) -> FakeClient:
    return FakeClient(upstream)


@pytest.fixture
def services(tmp_path: Path, client: FakeClient) -> Services:
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
        yield http


async def owner_of(services: Services, alice: httpx.AsyncClient) -> str:
    return (await services.accounts.verify(alice.headers["authorization"].removeprefix("Bearer "))).owner


async def keep(services: Services, alice: httpx.AsyncClient, *providers: str, **more: Any) -> None:
    await kept.keep(services, await owner_of(services, alice), *providers, **more)


def sent(client: FakeClient) -> Any:
    return json.loads(client.asked[-1].body)


async def test_kin_embeddings_go_out_and_come_back_as_they_are(
    services: Services, alice: httpx.AsyncClient, upstream: Upstream, client: FakeClient
) -> None:
    """Trap 62: base64 is what the SDK asks for and gets, byte for byte, with fields that we do not know."""
    await keep(services, alice, "openai")
    raw = b'{ "object": "list", "data": [{"embedding": "AAAAPwAAgL4=", "index": 0}], "new": 1 }'
    upstream.answers["/v1/embeddings"] = FakeAnswer(200, raw, {"x-request-id": "req_1"})
    body = {"model": "text-embedding-3-small", "input": ["a"], "encoding_format": "base64", "theirs": {"x": 1}}
    answer = await alice.post("/v1/embeddings", json=body)

    assert (answer.status_code, answer.content) == (200, raw)
    assert sent(client) == body
    assert answer.headers["x-realmultillm-provider"] == "openai"
    assert answer.headers["x-realmultillm-model"] == "text-embedding-3-small"
    assert answer.headers["x-realmultillm-attempts"] == "1"
    assert answer.headers["x-request-id"] == "req_1"


@pytest.mark.parametrize(
    ("asked", "said", "heard"),
    [
        ("base64", VECTOR, BASE64),
        ("base64", BASE64, BASE64),
        ("float", BASE64, VECTOR),
        (None, BASE64, VECTOR),
        ("float", VECTOR, VECTOR),
    ],
)
async def test_the_encoding_is_the_one_asked_for(
    services: Services, alice: httpx.AsyncClient, upstream: Upstream, *, asked: str | None, said: Any, heard: Any
) -> None:
    """Traps 62, 87: also from a provider who knows the other one alone."""
    await keep(services, alice, "custom", base_url="https://llm.example.com/v1")
    upstream.answers["/embeddings"] = FakeAnswer(200, embedded(said))
    answer = await alice.post("/v1/embeddings", json={"model": "m", "input": "a", "encoding_format": asked})

    assert answer.json()["data"][0]["embedding"] == heard
    assert answer.json()["usage"] == {"prompt_tokens": 3, "total_tokens": 3}


async def test_gemini_embeds_by_batch(
    services: Services, alice: httpx.AsyncClient, upstream: Upstream, client: FakeClient
) -> None:
    """Trap 62."""
    await keep(services, alice, "google", "openai")
    said = {"embeddings": [{"values": VECTOR}, {"values": VECTOR}], "usageMetadata": {"promptTokenCount": 4}}
    upstream.answers[":batchEmbedContents"] = FakeAnswer(200, said)
    body = {"model": "gemini-embedding-001", "input": ["a", "b"], "dimensions": 2, "encoding_format": "base64"}
    answer = await alice.post("/v1/embeddings", json={**body, "user": "u1"})

    assert [item["embedding"] for item in answer.json()["data"]] == [BASE64, BASE64]
    assert answer.json()["usage"] == {"prompt_tokens": 4, "total_tokens": 4}
    assert answer.headers["x-realmultillm-dropped"] == "user"
    assert sent(client)["requests"][1] == {
        "model": "models/gemini-embedding-001",
        "content": {"parts": [{"text": "b"}]},
        "outputDimensionality": 2,
    }


async def test_cohere_embeds_documents_unless_told(
    services: Services, alice: httpx.AsyncClient, upstream: Upstream, client: FakeClient
) -> None:
    await keep(services, alice, "cohere")
    said = {"embeddings": {"float": [VECTOR]}, "meta": {"billed_units": {"input_tokens": 2}}}
    upstream.answers["/v2/embed"] = FakeAnswer(200, said)
    await alice.post("/v1/embeddings", json={"model": "embed-v4.0", "input": "a"})
    assert sent(client)["input_type"] == "search_document"
    answer = await alice.post(
        "/v1/embeddings", json={"model": "embed-v4.0", "input": "a", "input_type": "search_query", "dimensions": 2}
    )

    assert sent(client) == {
        "model": "embed-v4.0",
        "texts": ["a"],
        "input_type": "search_query",
        "embedding_types": ["float"],
        "output_dimension": 2,
    }
    assert answer.json()["data"][0]["embedding"] == VECTOR
    assert answer.json()["usage"]["prompt_tokens"] == 2


async def test_what_a_provider_cannot_do_is_refused_or_dropped(
    services: Services, alice: httpx.AsyncClient, upstream: Upstream, client: FakeClient
) -> None:
    """Traps 81, 87: by its name, or left out and told."""
    await keep(services, alice, "google", "together")
    upstream.answers[":batchEmbedContents"] = FakeAnswer(200, {"embeddings": [{"values": VECTOR}]})
    upstream.answers["/v1/embeddings"] = FakeAnswer(200, embedded(VECTOR))
    drop = {"x-realmultillm-drop-params": "true"}
    strange = {"model": "google/gemini-embedding-001", "input": "a", "truncate": "END"}
    tokens = {"model": "google/gemini-embedding-001", "input": [1, 2]}
    sized = {"model": "together/m", "input": "a", "dimensions": 2}

    refused = [await alice.post("/v1/embeddings", json=body) for body in (strange, tokens, sized)]
    assert [answer.status_code for answer in refused] == [400, 400, 400]
    assert [answer.json()["error"]["param"] for answer in refused] == ["truncate", "input", "dimensions"]
    assert client.asked == []
    dropped = [await alice.post("/v1/embeddings", json=body, headers=drop) for body in (strange, tokens, sized)]
    assert [answer.status_code for answer in dropped] == [200, 400, 200]
    assert [dropped[0].headers["x-realmultillm-dropped"], dropped[2].headers["x-realmultillm-dropped"]] == [
        "truncate",
        "dimensions",
    ]


async def test_embeddings_that_nobody_counted_are_estimated(
    services: Services, alice: httpx.AsyncClient, upstream: Upstream
) -> None:
    """Trap 22."""
    await keep(services, alice, "google")
    upstream.answers[":batchEmbedContents"] = FakeAnswer(200, {"embeddings": [{"values": VECTOR}]})
    answer = await alice.post("/v1/embeddings", json={"model": "gemini-embedding-001", "input": "x" * 9})

    assert answer.json()["usage"] == {"prompt_tokens": 3, "total_tokens": 3, "estimated": True}


@pytest.mark.parametrize(
    ("path", "body", "parameter"),
    [
        ("/v1/embeddings", {"input": "a"}, "model"),
        ("/v1/embeddings", {"model": "m"}, "input"),
        ("/v1/embeddings", {"model": "m", "input": ""}, "input"),
        ("/v1/embeddings", {"model": "m", "input": []}, "input"),
        ("/v1/embeddings", {"model": "m", "input": ["a", 1]}, "input"),
        ("/v1/embeddings", {"model": "m", "input": {"a": 1}}, "input"),
        ("/v1/embeddings", {"model": "m", "input": ["a", {}]}, "input[1]"),
        ("/v1/embeddings", {"model": "m", "input": "a", "dimensions": 0}, "dimensions"),
        ("/v1/embeddings", {"model": "m", "input": "a", "encoding_format": "hex"}, "encoding_format"),
        ("/v1/images/generations", {"model": "m"}, "prompt"),
        ("/v1/images/generations", {"model": "m", "prompt": "a", "n": "two"}, "n"),
        ("/v1/images/generations", {"model": "m", "prompt": "a", "stream": True}, "stream"),
        ("/v1/moderations", {"model": "m"}, "input"),
        ("/v1/moderations", {"model": "m", "input": []}, "input"),
        ("/v1/moderations", [], None),
    ],
)
async def test_a_wrong_field_is_named(
    services: Services, alice: httpx.AsyncClient, path: str, body: Any, parameter: str | None
) -> None:
    await keep(services, alice, "openai")
    answer = await alice.post(path, json=body)

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == parameter


@pytest.mark.parametrize("path", ["/v1/embeddings", "/v1/images/generations", "/v1/moderations"])
async def test_who_has_no_such_thing_says_so(services: Services, alice: httpx.AsyncClient, path: str) -> None:
    await keep(services, alice, "anthropic")
    answer = await alice.post(path, json={"model": "claude-x", "input": "a", "prompt": "a"})

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "model"


async def test_an_unknown_model_is_not_found(services: Services, alice: httpx.AsyncClient, upstream: Upstream) -> None:
    """Trap 85."""
    await keep(services, alice, "openai", "mistral")
    upstream.answers["/models"] = FakeAnswer(200, {"data": [{"id": "other"}]})
    answer = await alice.post("/v1/embeddings", json={"model": "no-such-model", "input": "a"})

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "model_not_found"
    assert answer.json()["error"]["param"] == "model"


async def test_a_bare_name_means_who_can_do_it(
    services: Services, alice: httpx.AsyncClient, upstream: Upstream
) -> None:
    await keep(services, alice, "openai", "anthropic")
    upstream.answers["/v1/embeddings"] = FakeAnswer(200, embedded(VECTOR))
    answer = await alice.post("/v1/embeddings", json={"model": "my-own-embedder", "input": "a"})

    assert answer.headers["x-realmultillm-provider"] == "openai"


async def test_the_provider_chooses_a_model_where_nobody_does(
    services: Services, alice: httpx.AsyncClient, upstream: Upstream, client: FakeClient
) -> None:
    await keep(services, alice, "openai", "anthropic")
    raw = b'{"id": "modr-1", "model": "omni", "results": [{"flagged": true}]}'
    upstream.answers["/v1/moderations"] = FakeAnswer(200, raw)
    answer = await alice.post("/v1/moderations", json={"input": "a"})

    assert answer.content == raw
    assert sent(client) == {"input": "a"}
    assert "x-realmultillm-model" not in answer.headers


async def test_the_providers_refusal_is_heard(
    services: Services, alice: httpx.AsyncClient, upstream: Upstream, client: FakeClient
) -> None:
    """Trap 30: in its own words, without the key."""
    await keep(services, alice, "openai")
    said = {"error": {"message": "bad sk-openai-0123456789", "type": "t", "param": "input", "code": "c"}}
    upstream.answers["/v1/embeddings"] = FakeAnswer(400, said)
    answer = await alice.post("/v1/embeddings", json={"model": "m", "input": "a"})

    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "bad [redacted]"
    assert answer.json()["error"]["code"] == "c"
    assert answer.headers["x-realmultillm-attempts"] == "1"


async def test_a_key_does_not_come_back_in_the_head(
    services: Services, alice: httpx.AsyncClient, upstream: Upstream
) -> None:
    """Threat K9."""
    await keep(services, alice, "openai")
    head = {"x-request-id": "req-sk-openai-0123456789"}
    upstream.answers["/v1/embeddings"] = FakeAnswer(200, embedded(VECTOR), head)
    upstream.answers["/v1/moderations"] = FakeAnswer(400, {"error": {"message": "no"}}, head)
    paths = ("/v1/embeddings", "/v1/moderations")
    answers = [await alice.post(path, json={"model": "m", "input": "a"}) for path in paths]

    assert [answer.headers["x-request-id"] for answer in answers] == ["req-[redacted]"] * 2


async def test_whether_to_ask_again_is_the_providers_word(
    services: Services, alice: httpx.AsyncClient, upstream: Upstream
) -> None:
    """The vendors' SDKs look for it. Trap 86."""
    await keep(services, alice, "openai")
    head = {"x-should-retry": "false", "retry-after": "3600"}
    upstream.answers["/v1/embeddings"] = FakeAnswer(429, {"error": {"message": "no"}}, head)
    answer = await alice.post("/v1/embeddings", json={"model": "m", "input": "a"})

    assert answer.status_code == 429
    assert {name: answer.headers.get(name) for name in head} == head


async def test_a_refused_key_is_remembered(services: Services, alice: httpx.AsyncClient, upstream: Upstream) -> None:
    await keep(services, alice, "openai")
    upstream.answers["/v1/embeddings"] = FakeAnswer(401, {"error": {"message": "no"}})
    answer = await alice.post("/v1/embeddings", json={"model": "m", "input": "a"})
    config = await find_config(services.table, await owner_of(services, alice), "openai")

    assert answer.status_code >= 400
    assert config is not None
    assert config.key_status == "rejected"


async def test_what_may_be_asked_again_is(services: Services, alice: httpx.AsyncClient, client: FakeClient) -> None:
    await keep(services, alice, "openai")
    failures: list[Answer] = [ProviderOverloaded("no room", retry_after=0)]
    client.answer = lambda _: failures.pop() if failures else FakeAnswer(200, embedded(VECTOR))
    answer = await alice.post("/v1/embeddings", json={"model": "m", "input": "a"})

    assert answer.status_code == 200
    assert answer.headers["x-realmultillm-attempts"] == "2"


async def test_an_answer_that_is_none_is_a_failure(
    services: Services, alice: httpx.AsyncClient, upstream: Upstream
) -> None:
    """Trap 13."""
    await keep(services, alice, "openai")
    upstream.answers["/v1/embeddings"] = FakeAnswer(200, b"<html>", {"content-type": "text/html"})
    upstream.answers["/v1/moderations"] = FakeAnswer(200, {"hello": 1})
    answers = [
        await alice.post(path, json={"model": "m", "input": "a"}) for path in ("/v1/embeddings", "/v1/moderations")
    ]

    assert [answer.status_code for answer in answers] == [502, 502]


async def test_kin_pictures_and_their_spelling_at_together(
    services: Services, alice: httpx.AsyncClient, upstream: Upstream, client: FakeClient
) -> None:
    await keep(services, alice, "openai", "together")
    raw = b'{"created": 1, "data": [{"b64_json": "YWJj"}], "background": "opaque"}'
    upstream.answers["/v1/images/generations"] = FakeAnswer(200, raw)
    kin = await alice.post("/v1/images/generations", json={"model": "gpt-image-1", "prompt": "a", "size": "auto"})
    assert kin.content == raw
    assert sent(client) == {"model": "gpt-image-1", "prompt": "a", "size": "auto"}
    body = {"model": "together/flux", "prompt": "a", "size": "640x480", "response_format": "b64_json"}
    await alice.post("/v1/images/generations", json=body)

    assert sent(client) == {
        "model": "flux",
        "prompt": "a",
        "width": 640,
        "height": 480,
        "response_format": "base64",
    }


PAINTED = {
    "candidates": [{"content": {"parts": [{"inlineData": {"mimeType": "image/png", "data": "YWJj"}}]}}],
    "usageMetadata": {
        "promptTokenCount": 5,
        "candidatesTokenCount": 1290,
        "totalTokenCount": 1295,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 5}],
    },
}


async def test_gemini_paints(
    services: Services, alice: httpx.AsyncClient, upstream: Upstream, client: FakeClient
) -> None:
    await keep(services, alice, "google")
    upstream.answers[":generateContent"] = FakeAnswer(200, PAINTED)
    body = {"model": "gemini-2.5-flash-image", "prompt": "a", "size": "1344x768", "quality": "auto", "n": 1}
    answer = await alice.post("/v1/images/generations", json=body)

    assert answer.json() == {
        "created": 1_800_000_000,
        "data": [{"b64_json": "YWJj"}],
        "output_format": "png",
        "usage": {
            "input_tokens": 5,
            "output_tokens": 1290,
            "total_tokens": 1295,
            "input_tokens_details": {"text_tokens": 5, "image_tokens": 0},
        },
    }
    assert sent(client)["generationConfig"] == {
        "responseModalities": ["IMAGE"],
        "imageConfig": {"aspectRatio": "16:9"},
    }


async def test_imagen_paints(
    services: Services, alice: httpx.AsyncClient, upstream: Upstream, client: FakeClient
) -> None:
    await keep(services, alice, "google")
    said = {"predictions": [{"bytesBase64Encoded": "YWJj", "mimeType": "image/png"}] * 2}
    upstream.answers[":predict"] = FakeAnswer(200, said)
    body = {"model": "imagen-4.0-generate-001", "prompt": "a", "n": 2, "size": "1024x1024"}
    answer = await alice.post("/v1/images/generations", json=body)

    assert answer.json()["data"] == [{"b64_json": "YWJj"}] * 2
    assert sent(client)["parameters"] == {"sampleCount": 2, "aspectRatio": "1:1"}


@pytest.mark.parametrize(
    ("more", "parameter"),
    [
        ({"n": 2}, "n"),
        ({"size": "640x480"}, "size"),
        ({"response_format": "url"}, "response_format"),
        ({"style": "vivid"}, "style"),
        ({"quality": "hd"}, "quality"),
    ],
)
async def test_what_gemini_cannot_paint_is_refused(
    services: Services, alice: httpx.AsyncClient, more: dict[str, Any], parameter: str
) -> None:
    """Trap 81."""
    await keep(services, alice, "google")
    body = {"model": "gemini-2.5-flash-image", "prompt": "a", **more}
    answer = await alice.post("/v1/images/generations", json=body)

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == parameter


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"promptFeedback": {"blockReason": "SAFETY"}}, 400, "content_policy_violation"),
        ({"candidates": [{"finishReason": "IMAGE_SAFETY"}]}, 400, "content_policy_violation"),
        (
            {"candidates": [{"content": {"parts": [{"text": "a cat"}]}, "finishReason": "STOP"}]},
            400,
            "provider_refused_request",
        ),
        ({}, 502, "bad_upstream_response"),
    ],
)
async def test_a_picture_that_was_not_painted_is_no_success(
    services: Services, alice: httpx.AsyncClient, upstream: Upstream, *, said: Any, status: int, code: str
) -> None:
    """Traps 45, 47."""
    await keep(services, alice, "google")
    upstream.answers[":generateContent"] = FakeAnswer(200, said)
    answer = await alice.post("/v1/images/generations", json={"model": "gemini-2.5-flash-image", "prompt": "a"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_kin_counts_are_passed_on(
    services: Services, alice: httpx.AsyncClient, upstream: Upstream, client: FakeClient
) -> None:
    await keep(services, alice, "anthropic")
    upstream.answers["/v1/messages/count_tokens"] = FakeAnswer(200, {"input_tokens": 20, "more": 1})
    body = {"model": "claude-sonnet-5", "messages": HELLO, "system": "Be brief", "new_field": {"x": 1}}
    answer = await alice.post("/v1/messages/count_tokens", json=body, headers={"anthropic-version": "2023-06-01"})

    assert answer.json() == {"input_tokens": 20, "more": 1}
    assert sent(client) == body
    assert answer.headers["x-realmultillm-provider"] == "anthropic"


@pytest.mark.parametrize(
    ("provider", "model", "path", "said", "asked"),
    [
        (
            "google",
            "gemini-2.5-flash",
            "/v1beta/models/gemini-2.5-flash:countTokens",
            {"totalTokens": 12},
            {
                "generateContentRequest": {
                    "model": "models/gemini-2.5-flash",
                    "contents": [{"role": "user", "parts": [{"text": "hello"}]}],
                    "systemInstruction": {"parts": [{"text": "Be brief"}]},
                }
            },
        ),
        (
            "openai",
            "gpt-5.4",
            "/v1/responses/input_tokens",
            {"object": "response.input_tokens", "input_tokens": 12},
            None,
        ),
        (
            "bedrock",
            "us.anthropic.claude-sonnet-4-20250514-v1:0",
            "/model/us.anthropic.claude-sonnet-4-20250514-v1%3A0/count-tokens",
            {"inputTokens": 12},
            {
                "input": {
                    "converse": {
                        "messages": [{"role": "user", "content": [{"text": "hello"}]}],
                        "system": [{"text": "Be brief"}],
                    }
                }
            },
        ),
    ],
)
async def test_others_count_in_their_own_way(
    services: Services,
    alice: httpx.AsyncClient,
    upstream: Upstream,
    client: FakeClient,
    *,
    provider: str,
    model: str,
    path: str,
    said: Any,
    asked: Any,
) -> None:
    await keep(services, alice, provider)
    upstream.answers[path] = FakeAnswer(200, said)
    body = {"model": model, "messages": HELLO, "system": "Be brief", "max_tokens": 5, "temperature": 1}
    answer = await alice.post("/v1/messages/count_tokens", json=body)

    assert answer.json() == {"input_tokens": 12}, answer.text
    assert not {"max_tokens", "temperature", "max_output_tokens", "inferenceConfig", "store"} & set(sent(client))
    if asked:
        asking = sent(client)
        asking.get("generateContentRequest", {}).pop("generationConfig", None)
        assert asking == asked


@pytest.mark.parametrize(("provider", "model"), [("groq", "llama-x"), ("openai", "gpt-4o")])
async def test_where_nobody_counts_an_estimate_says_so(
    services: Services, alice: httpx.AsyncClient, provider: str, model: str
) -> None:
    """Trap 22: also where a server that should count has no such route."""
    await keep(services, alice, provider)
    tools = [{"name": "look", "input_schema": {"type": "object"}}]
    body = {"model": model, "messages": [{"role": "user", "content": "x" * 40}], "tools": tools}
    answer = await alice.post("/v1/messages/count_tokens", json=body)

    assert answer.json()["estimated"] is True
    assert 10 < answer.json()["input_tokens"] < 30


async def test_an_unknown_model_is_not_counted(
    services: Services, alice: httpx.AsyncClient, upstream: Upstream
) -> None:
    """Trap 85, in Anthropic's form."""
    await keep(services, alice, "anthropic")
    said = {"type": "error", "error": {"type": "not_found_error", "message": "model: claude-does-not-exist"}}
    upstream.answers["/count_tokens"] = FakeAnswer(404, said)
    body = {"model": "claude-does-not-exist", "messages": HELLO}
    answer = await alice.post("/v1/messages/count_tokens", json=body)

    assert answer.status_code == 404
    assert answer.json()["error"]["type"] == "not_found_error"


@pytest.mark.parametrize("path", ["/v1/embeddings", "/v1/messages/count_tokens", "/v1/models"])
async def test_a_stranger_hears_it_in_their_form(services: Services, path: str) -> None:
    """Trap 85."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(create_app(services)), base_url="http://house"
    ) as nobody:
        answer = await (nobody.get(path) if path == "/v1/models" else nobody.post(path, json={}))

    assert answer.status_code == 401
    assert answer.json()["error"]["message"]
