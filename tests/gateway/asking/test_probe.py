"""Trying a key: what it costs, what each answer says of it, and what it tells nobody."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import pytest

from shared.egress.addresses import Rules
from shared.egress.client import EgressClient
from shared.egress.exchange import Outbound
from shared.errors import (
    AddressRefused,
    BadResponse,
    InvalidRequest,
    NameNotResolved,
    ProviderTimeout,
    Redirected,
    StreamInterrupted,
    TlsFailed,
    Unreachable,
)
from shared.gateway.asking.probe import probe, trial_target
from shared.gateway.targets.target import Target
from shared.providers.find import get_provider
from shared.records.config import ChatSettings, ProviderConfig
from shared.records.trial import Trial
from shared.secrets import ApiKey
from shared.settings import Settings
from tests.fakes.client import Answer, FakeAnswer, FakeClient

KEY = ApiKey("sk-good-4f7a91c2d3e8b605")
CHAT = {
    "id": "c",
    "object": "chat.completion",
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "H"}, "finish_reason": "length"}],
}


def target_of(provider: str, base_url: str | None = None, model: str | None = None, *, allow: str = "") -> Target:
    config = ProviderConfig("o1", "c1", provider, 1, 1, base_url=base_url, settings=ChatSettings(default_model=model))
    settings = Settings(home=Path("/nonexistent"), egress_allow=frozenset({allow} - {""}))
    return trial_target(get_provider(provider), config, settings)


async def tried(answer: Answer, provider: str = "openai", base_url: str | None = None, **more: Any) -> Trial:
    return await probe(target_of(provider, base_url, **more), KEY, FakeClient(lambda _: answer), patience=0.05)


@pytest.mark.parametrize(
    ("provider", "url", "header"),
    [
        ("openai", "https://api.openai.com/v1/models", ("authorization", f"Bearer {KEY.reveal()}")),
        ("anthropic", "https://api.anthropic.com/v1/models?limit=1000", ("x-api-key", KEY.reveal())),
        (
            "google",
            "https://generativelanguage.googleapis.com/v1beta/models?pageSize=1000",
            ("x-goog-api-key", KEY.reveal()),
        ),
    ],
)
async def test_the_list_of_models_is_asked_for_with_the_key_in_a_header(
    provider: str, url: str, header: tuple[str, str]
) -> None:
    """It costs nothing. Trap 50."""
    lists = {"data": [{"id": "m"}], "models": [{"name": "models/m"}]}
    client = FakeClient(lambda _: FakeAnswer(200, lists))
    trial = await probe(target_of(provider), KEY, client)
    (asked,) = client.asked

    assert (asked.method, asked.url, asked.body) == ("GET", url, b"")
    assert header in asked.headers.items()
    assert ("anthropic-version" in asked.headers) == (provider == "anthropic")
    assert (trial.valid, trial.success, trial.error) == (True, True, None)


@pytest.mark.parametrize("provider", ["github", "perplexity", "openrouter", "huggingface"])
async def test_where_that_proves_nothing_one_token_is_asked_for(provider: str) -> None:
    client = FakeClient(lambda _: FakeAnswer(200, CHAT))
    trial = await probe(target_of(provider), KEY, client)
    (asked,) = client.asked
    body = msgspec.json.decode(asked.body)

    assert (asked.method, trial.valid) == ("POST", True)
    assert asked.url.endswith("/chat/completions")
    assert body.get("max_tokens", body.get("max_completion_tokens")) == 1


async def test_a_server_without_a_list_is_asked_for_one_token() -> None:
    def answer(outbound: Outbound) -> Answer:
        return FakeAnswer(200, CHAT) if outbound.method == "POST" else FakeAnswer(404, {"error": {"message": "no"}})

    client = FakeClient(answer)
    trial = await probe(target_of("custom", "https://llm.example.com/v1", "m"), KEY, client)

    assert [asked.method for asked in client.asked] == ["GET", "POST"]
    assert trial.valid


@pytest.mark.parametrize(
    ("status", "valid", "error"),
    [
        (401, False, "provider_credential_rejected"),
        (403, False, "provider_credential_rejected"),
        (402, True, "provider_billing"),
        (429, False, "throttled"),
        (500, False, "upstream_error"),
        (503, False, "upstream_overloaded"),
    ],
)
async def test_each_refusal_says_what_it_says_of_the_key(status: int, valid: bool, error: str) -> None:  # noqa: FBT001 - a column
    trial = await tried(FakeAnswer(status, {"error": {"message": f"about {KEY.reveal()}"}}))

    assert (trial.valid, trial.success, trial.error) == (valid, False, error)
    assert trial.latency_ms is not None
    assert trial.refused == (status in {401, 403})
    assert KEY.reveal() not in trial.message


FAULTS: list[Answer] = [
    AddressRefused("no"),
    BadResponse("no"),
    FakeAnswer(200, b"<html>"),
    NameNotResolved("no"),
    ProviderTimeout("no"),
    Redirected("no"),
    StreamInterrupted("no"),
    TlsFailed("no"),
    Unreachable("no"),
]


@pytest.mark.parametrize("provider", ["openai", "custom"])
async def test_whatever_is_no_answer_is_one_answer(provider: str) -> None:
    """Threat E8."""
    place = "https://llm.example.com/v1" if provider == "custom" else None
    trials = {await tried(fault, provider, place) for fault in FAULTS}

    assert len(trials) == 1
    (trial,) = trials
    assert (trial.valid, trial.latency_ms, trial.error) == (False, None, "upstream_unreachable")


@pytest.mark.parametrize("status", [400, 404, 418, 500, 503])
async def test_at_a_chosen_place_only_what_speaks_of_the_key_is_told(status: int) -> None:
    """Threat E8: whatever else listens there looks like nothing."""
    place = "https://llm.example.com/v1"

    assert await tried(FakeAnswer(status, {}), "custom", place) == await tried(Unreachable("no"), "custom", place)
    refused = await tried(FakeAnswer(401, {}), "custom", place)
    assert refused.refused


@asynccontextmanager
async def listening(behaviour: str) -> AsyncIterator[int]:
    """A port that is closed, swallows what comes, or speaks something else."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if behaviour == "open":
            writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
            await writer.drain()
        else:
            await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    if behaviour == "closed":
        server.close()
        await server.wait_closed()
    yield port
    server.close()


async def timed(behaviour: str) -> tuple[Trial, float]:
    async with listening(behaviour) as port:
        origin = f"127.0.0.1:{port}"
        client = EgressClient(Rules(frozenset({origin})))
        began = time.monotonic()
        trial = await probe(target_of("custom", f"http://{origin}/v1", allow=origin), KEY, client, patience=0.25)
        took = time.monotonic() - began
        await client.close()
        return trial, took


async def test_closed_silent_and_foreign_ports_look_alike_in_words_and_time() -> None:
    """Threat E8, over real sockets: one body, and median times within 20 %."""
    runs = {kind: [await timed(kind) for _ in range(3)] for kind in ("closed", "silent", "open")}
    medians = [median(took for _, took in results) for results in runs.values()]

    assert len({trial for results in runs.values() for trial, _ in results}) == 1
    assert max(medians) <= min(medians) * 1.2


@pytest.mark.parametrize(
    "base_url", [None, "https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google"]
)
async def test_a_key_of_the_wrong_form_is_nobodys_answer(base_url: str | None) -> None:
    """Nobody is asked, so it is told at once, and as what it is: the caller's to correct."""
    client = FakeClient(lambda _: FakeAnswer(200, CHAT))

    with pytest.raises(InvalidRequest) as caught:
        await probe(target_of("vertex", base_url), ApiKey('{"type":"user"}'), client)

    assert caught.value.parameter == "apiKey"
    assert client.asked == []
