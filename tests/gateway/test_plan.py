"""Which config, provider and model answer a wish."""

from dataclasses import replace

import pytest

from shared.chat.request import ChatRequest, Message, Text
from shared.errors import InvalidRequest, NotFound
from shared.gateway.plan import choose, named_provider, usable, with_settings
from shared.providers.find import get_provider
from shared.records.config import ChatSettings, ProviderConfig

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


def test_one_stored_key_needs_no_name() -> None:
    assert choose("anything", [OPENAI]) == OPENAI


def test_a_listed_model_tells_its_provider() -> None:
    assert choose("grok-4", [OPENAI, GROK]) == GROK


def test_a_model_that_several_could_mean_is_refused() -> None:
    """Never guessed: a guess would spend somebody's money."""
    with pytest.raises(InvalidRequest) as caught:
        choose("gpt-5", [OPENAI, GROK])

    assert caught.value.parameter == "provider"


def test_inactive_and_missing_keys_are_not_used() -> None:
    sleeping = replace(OPENAI, is_active=False)
    with pytest.raises(NotFound):
        choose("gpt-5", [sleeping])
    for config in (sleeping, None):
        with pytest.raises(NotFound):
            usable(config, get_provider("openai"))


def test_settings_complete_a_request_and_never_overrule_it() -> None:
    settings = ChatSettings(temperature=0.1, max_tokens=5, stop=("END",), system_prompt="be brief")
    completed = with_settings(ChatRequest("m", (HELLO,), temperature=0.0), settings)

    assert (completed.temperature, completed.max_tokens, completed.stop) == (0.0, 5, ("END",))
    assert completed.messages == (Message("system", (Text("be brief"),)), HELLO)


def test_a_system_message_of_the_callers_own_holds() -> None:
    own = Message("system", (Text("mine"),))

    assert with_settings(ChatRequest("m", (own, HELLO)), ChatSettings(system_prompt="x")).messages == (own, HELLO)
