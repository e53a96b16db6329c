"""Whose model a name means, when several keys are stored."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared.egress.exchange import Outbound
from shared.errors import Forbidden, InvalidRequest, ModelNotFound, NotFound, Unreachable
from shared.gateway.targets.whom import whom
from shared.identity.caller import Caller
from shared.providers.find import get_provider
from shared.records.token import AccessToken
from shared.services import Services
from tests.fakes import kept
from tests.fakes.client import Answer, FakeAnswer, FakeClient
from tests.fakes.services import fake_services

ALICE = Caller(owner="alice", email=None, role="user")
LISTS: dict[str, list[str]] = {
    "api.groq.com": ["llama-x", "openai/gpt-oss-120b", "qwen"],
    "router.huggingface.co": ["meta-llama/Llama-3.3-70B-Instruct", "openai/gpt-oss-120b"],
    "openrouter.ai": ["meta-llama/llama-3.3-70b-instruct", "openai/gpt-4o-mini"],
    "api.cerebras.ai": ["gpt-oss-120b", "qwen"],
}


def lists(outbound: Outbound) -> Answer:
    """Every provider's own list; who has none here cannot be reached."""
    host = outbound.url.split("/")[2]
    if host not in LISTS:
        return Unreachable("nobody there")
    return FakeAnswer(200, {"data": [{"id": name} for name in LISTS[host]]})


@pytest.fixture
def client() -> FakeClient:
    return FakeClient(lists)


@pytest.fixture
def services(tmp_path: Path, client: FakeClient) -> Services:
    services = fake_services(tmp_path)
    services.client = client
    return services


async def keep(services: Services, *providers: str, **more: Any) -> None:
    for provider in providers:
        place = {"base_url": "https://llm.example.com/v1"} if get_provider(provider).pricing == "self-hosted" else {}
        await kept.keep(services, "alice", provider, **place, **more)


async def found(services: Services, model: str, *, wished: str | None = None) -> tuple[str, str]:
    config, named = await whom(services, ALICE, wished=wished, model=model)
    return config.provider, named


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("gpt-4o-mini", ("openai", "gpt-4o-mini")),
        ("claude-haiku-4-5", ("anthropic", "claude-haiku-4-5")),
        ("gemini-2.0-flash", ("google", "gemini-2.0-flash")),
        ("claude/claude-x", ("anthropic", "claude-x")),
        ("gemini/gemini-x", ("google", "gemini-x")),
        ("openai/no-such-name", ("openai", "no-such-name")),
    ],
)
async def test_several_keys_and_a_name_that_tells(
    services: Services, client: FakeClient, model: str, expected: tuple[str, str]
) -> None:
    await keep(services, "openai", "anthropic", "google")

    assert await found(services, model) == expected
    assert client.asked == []


@pytest.mark.parametrize("model", ["anything", "claude-haiku-4-5", ""])
async def test_the_only_key_gets_every_name_without_a_slash(services: Services, client: FakeClient, model: str) -> None:
    await keep(services, "openai")

    assert await found(services, model) == ("openai", model)
    assert client.asked == []


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openrouter", "meta-llama/llama-9"),
        ("huggingface", "meta-llama/Llama-3.3-70B-Instruct:fastest"),
        ("together", "mine/fine-tuned"),
        ("fireworks", "accounts/mine/models/m"),
        ("github", "microsoft/phi-4"),
        ("groq", "meta-llama/llama-4-scout-17b-16e-instruct"),
        ("google", "models/gemini-2.5-flash"),
        ("vllm", "Qwen/Qwen3-8B"),
        ("ollama", "hf.co/unsloth/m"),
        ("bedrock", "arn:aws:bedrock:eu-west-1:1:inference-profile/m"),
    ],
)
async def test_the_only_key_gets_a_name_with_a_slash_where_its_provider_has_such(
    services: Services, client: FakeClient, provider: str, model: str
) -> None:
    await keep(services, provider)

    assert await found(services, model) == (provider, model)
    assert client.asked == []


@pytest.mark.parametrize("model", ["opnai/gpt-4o-mini", "nope/llama", "sk-live-0123456789/x"])
@pytest.mark.parametrize("providers", [("openai",), ("openai", "groq"), ("groq", "openrouter", "huggingface", "vllm")])
async def test_an_unknown_provider_before_a_model_asks_nobody_for_it(
    services: Services, client: FakeClient, providers: tuple[str, ...], model: str
) -> None:
    """Promise 1: nobody is asked whom the caller did not name. The name is not repeated: people paste keys into the wrong field."""
    await keep(services, *providers)
    with pytest.raises(ModelNotFound) as caught:
        await found(services, model)

    assert (caught.value.status, caught.value.code) == (404, "model_not_found")
    assert caught.value.details == {"parameter": "model"}
    assert "no provider of ours" in caught.value.message
    assert "write it as provider/model" in caught.value.message
    assert model not in caught.value.message
    assert {outbound.method for outbound in client.asked} <= {"GET"}


async def test_what_an_owner_lists_is_theirs_whatever_stands_before_the_slash(
    services: Services, client: FakeClient
) -> None:
    await keep(services, "openai", "openrouter")
    await keep(services, "cerebras", models=("house/model",))

    assert await found(services, "house/model") == ("cerebras", "house/model")
    assert client.asked == []


@pytest.mark.parametrize(
    "model", ["meta-llama/llama-3.3-70b-instruct:free", "Meta-Llama/Llama-3.3-70B-Instruct:online"]
)
async def test_a_list_tells_in_any_case_and_without_what_stands_behind_a_colon(services: Services, model: str) -> None:
    await keep(services, "openai", "openrouter", "vllm")

    assert await found(services, model) == ("openrouter", model)


async def test_who_shows_no_list_gets_the_names_that_it_is_known_to_have(services: Services) -> None:
    """GitHub has none; where both could be meant and one lists it, that one is."""
    await keep(services, "openai", "github", "openrouter")

    assert await found(services, "mistral-ai/mistral-medium") == ("github", "mistral-ai/mistral-medium")


async def test_lists_tell_what_names_do_not(services: Services, client: FakeClient) -> None:
    """Once an hour; whoever does not answer has nothing."""
    await keep(services, "openai", "groq", "huggingface", "cerebras")

    assert await found(services, "gpt-oss-120b") == ("cerebras", "gpt-oss-120b")
    assert await found(services, "llama-x") == ("groq", "llama-x")
    assert await found(services, "meta-llama/Llama-3.3-70B-Instruct") == (
        "huggingface",
        "meta-llama/Llama-3.3-70B-Instruct",
    )
    asked = [outbound.url.split("/")[2] for outbound in client.asked]
    assert sorted(host for host in asked if host in LISTS) == [
        "api.cerebras.ai",
        "api.groq.com",
        "router.huggingface.co",
    ]


async def test_a_model_that_two_list_is_refused_with_both_names(services: Services) -> None:
    await keep(services, "groq", "cerebras")
    with pytest.raises(InvalidRequest) as caught:
        await found(services, "qwen")

    assert "cerebras/qwen, groq/qwen" in caught.value.message
    assert caught.value.parameter == "model"


async def test_a_model_that_nobody_has_is_not_found(services: Services) -> None:
    """Trap 85."""
    await keep(services, "groq", "cerebras")
    with pytest.raises(ModelNotFound) as caught:
        await found(services, "gpt-99")

    assert caught.value.details == {"parameter": "model"}


async def test_a_provider_without_a_key_is_told(services: Services) -> None:
    await keep(services, "openai", "groq")
    with pytest.raises(ModelNotFound) as caught:
        await found(services, "anthropic/claude-x")
    assert "No active key of Anthropic" in caught.value.message
    with pytest.raises(NotFound) as wished:
        await found(services, "claude-x", wished="anthropic")

    assert wished.value.details["parameter"] == "provider"


async def test_names_by_vendor_are_some_providers_own(services: Services) -> None:
    """Without a key of OpenAI's, `openai/gpt-4o-mini` is what OpenRouter calls it."""
    await keep(services, "openrouter", "huggingface", "groq")

    assert await found(services, "openai/gpt-4o-mini") == ("openrouter", "openai/gpt-4o-mini")


async def test_a_key_that_was_put_to_rest_is_not_replaced_by_another_providers(services: Services) -> None:
    await keep(services, "openrouter")
    await keep(services, "openai", is_active=False)
    with pytest.raises(ModelNotFound):
        await found(services, "openai/gpt-4o-mini")


async def test_a_narrowed_token_chooses_among_its_own(services: Services) -> None:
    await keep(services, "openai", "groq")
    token = AccessToken("t", "alice", "ci", b"", 0, 0, providers=("groq",))
    config, _ = await whom(services, replace(ALICE, token=token), wished=None, model="gpt-4o")
    assert config.provider == "groq"
    other = replace(ALICE, token=replace(token, providers=("mistral",)))
    with pytest.raises(Forbidden):
        await whom(services, other, wished=None, model="gpt-4o")
