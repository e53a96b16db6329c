"""Which config, provider and model answer a wish."""

from dataclasses import replace

import pytest

from shared.chat.request import ChatRequest, Message, Text
from shared.errors import Forbidden, InvalidRequest, ModelNotFound, NotFound
from shared.gateway.targets.plan import meant, named_provider, reachable, the_one, usable, with_settings
from shared.identity.caller import Caller
from shared.providers.find import get_provider
from shared.providers.rows import PROVIDERS
from shared.records.config import ChatSettings, ProviderConfig
from shared.records.token import AccessToken

OPENAI = ProviderConfig(owner="o", id="1", provider="openai", created_at=0, updated_at=0)
GROK = replace(OPENAI, id="2", provider="grok", models=("grok-4",))
HELLO = Message("user", (Text("hello"),))


@pytest.mark.parametrize(
    ("wished", "model", "provider", "named"),
    [
        ("openai", "gpt-5", "openai", "gpt-5"),
        ("claude", "", "anthropic", ""),
        (None, "anthropic/claude-x", "anthropic", "claude-x"),
        (None, "gemini/gemini-x", "google", "gemini-x"),
        (None, "openrouter/openai/gpt-5", "openrouter", "openai/gpt-5"),
        ("openrouter", "openai/gpt-5", "openrouter", "openai/gpt-5"),
        (None, "nobody/knows", None, "nobody/knows"),
        (None, "grok-4", None, "grok-4"),
    ],
)
def test_a_provider_is_named_by_id_alias_or_prefix(
    wished: str | None, model: str, provider: str | None, named: str
) -> None:
    found, rest = named_provider(wished, model)

    assert (found.id if found else None, rest) == (provider, named)


def test_an_unknown_provider_is_a_404_that_does_not_repeat_it() -> None:
    """People paste keys into the wrong field."""
    with pytest.raises(NotFound) as caught:
        named_provider("sk-live-0123456789", "m")

    assert "sk-live" not in str(caught.value)


ANYBODY = Caller(owner="o", email=None, role="user")


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        ("gpt-4o-mini", "openai"),
        ("o3-mini", "openai"),
        ("chatgpt-4o-latest", "openai"),
        ("text-embedding-3-small", "openai"),
        ("omni-moderation-latest", "openai"),
        ("dall-e-3", "openai"),
        ("claude-haiku-4-5", "anthropic"),
        ("Claude-Haiku-4-5", "anthropic"),
        ("gemini-2.0-flash", "google"),
        ("gemma-3-27b-it", "google"),
        ("text-embedding-004", "google"),
        ("grok-4", "grok"),
        ("ministral-8b-latest", "mistral"),
        ("deepseek-chat", "deepseek"),
        ("command-a-03-2025", "cohere"),
        ("embed-v4.0", "cohere"),
        ("sonar-pro", "perplexity"),
        ("kimi-k2-0905-preview", "moonshot"),
    ],
)
def test_a_name_tells_who_makes_the_model(model: str, provider: str) -> None:
    hosts = {"bedrock", "vertex", "vertex-anthropic"}
    everybody = [replace(OPENAI, provider=row.id) for row in PROVIDERS if row.id not in hosts]

    assert [config.provider for config in meant(model, everybody)] == [provider]


@pytest.mark.parametrize(
    "model", ["gpt-oss-120b", "llama3.2", "deepseek-r1-distill-llama-70b", "mistral-embed-x/y", ""]
)
def test_a_name_that_others_serve_tells_nothing_of_its_maker(model: str) -> None:
    makers = [replace(OPENAI, provider=name) for name in ("openai", "deepseek", "google", "anthropic")]

    assert meant(model, makers) == []


def test_what_its_owner_lists_holds_against_who_makes_it() -> None:
    assert meant("grok-4", [OPENAI, GROK]) == [GROK]
    assert meant("gpt-4o", [OPENAI, replace(GROK, models=("gpt-4o",))])[0].provider == "grok"
    assert meant("mine", [replace(OPENAI, settings=ChatSettings(default_model="mine")), GROK])[0].provider == "openai"


def test_a_model_that_several_could_mean_is_refused_with_their_names() -> None:
    """Never guessed: a guess would spend somebody's money."""
    with pytest.raises(InvalidRequest) as caught:
        the_one("gpt-5", [GROK, OPENAI], [GROK, OPENAI])

    assert caught.value.parameter == "model"
    assert "grok/gpt-5, openai/gpt-5" in caught.value.message


def test_a_model_that_nobody_has_is_not_found() -> None:
    """Trap 85."""
    with pytest.raises(ModelNotFound) as caught:
        the_one("gpt-5", [], [GROK, OPENAI])

    assert (caught.value.status, caught.value.code) == (404, "model_not_found")
    assert "grok, openai" in caught.value.message


def test_without_a_model_the_provider_is_needed() -> None:
    with pytest.raises(InvalidRequest) as caught:
        the_one("", [GROK, OPENAI], [GROK, OPENAI])

    assert "grok, openai" in caught.value.message


def test_inactive_and_missing_keys_are_not_used() -> None:
    sleeping = replace(OPENAI, is_active=False)
    with pytest.raises(NotFound):
        reachable(ANYBODY, [sleeping])
    for config in (sleeping, None):
        with pytest.raises(NotFound) as caught:
            usable(config, get_provider("openai"))
        assert caught.value.details["parameter"] == "provider"
        with pytest.raises(ModelNotFound) as missed:
            usable(config, get_provider("openai"), by_model=True)
        assert missed.value.details["parameter"] == "model"


def test_a_token_reaches_its_own_providers_alone() -> None:
    """Threat I4: the others are not even named."""
    token = AccessToken("t", "o", "ci", b"", 0, 0, providers=("grok",))

    assert reachable(replace(ANYBODY, token=token), [OPENAI, GROK]) == [GROK]
    with pytest.raises(Forbidden):
        reachable(replace(ANYBODY, token=token), [OPENAI])


def test_settings_complete_a_request_and_never_overrule_it() -> None:
    settings = ChatSettings(temperature=0.1, max_tokens=5, stop=("END",), system_prompt="be brief")
    completed = with_settings(ChatRequest("m", (HELLO,), temperature=0.0), settings)

    assert (completed.temperature, completed.max_tokens, completed.stop) == (0.0, 5, ("END",))
    assert completed.messages == (Message("system", (Text("be brief"),)), HELLO)


def test_a_system_message_of_the_callers_own_holds() -> None:
    own = Message("system", (Text("mine"),))

    assert with_settings(ChatRequest("m", (own, HELLO)), ChatSettings(system_prompt="x")).messages == (own, HELLO)
