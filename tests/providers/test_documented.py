"""What vendors document of their models, held against what they really list."""

from pathlib import Path

import pytest

from shared.dialects.listed import UNKNOWN, ListedModel, Modalities
from shared.providers.catalogue import describe_listed
from shared.providers.dialects import load_dialect
from shared.providers.find import get_provider
from shared.providers.rows import PROVIDERS
from tests.fakes.recordings import exchanges

LISTS = ["anthropic", "cerebras", "deepseek", "google", "mistral", "openai", "openrouter"]


def recorded(material: Path, provider: str) -> list[ListedModel]:
    dialect = load_dialect(get_provider(provider).dialect)
    return [model for exchange in exchanges(material, provider, "models") for model in dialect.models(exchange.body)]


@pytest.mark.parametrize(
    ("model", "same"),
    [
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("o3-2025-04-16", "o3"),
        ("gpt-5-chat-latest", "gpt-5-chat"),
    ],
)
def test_a_date_behind_a_name_changes_nothing(model: str, same: str) -> None:
    openai = get_provider("openai")

    assert openai.facts(model) == openai.facts(same) != UNKNOWN


def test_unless_it_has_facts_of_its_own() -> None:
    facts = get_provider("openai").facts("gpt-4o-2024-05-13")

    assert facts.largest_output == 4_096
    assert "schema" not in facts.abilities


@pytest.mark.parametrize("model", ["gpt-4o-realtime-preview", "text-embedding-3-small", "tts-1-hd", "gpt-4o-mini-tts"])
def test_what_does_something_else_is_known_not_to_chat(model: str) -> None:
    assert "chat" in get_provider("openai").facts(model).lacks


@pytest.mark.parametrize("model", ["gpt-9", "gpt-4o-mini-search-preview", "ft:mine", "", "*"])
def test_of_an_unknown_name_nothing_is_guessed(model: str) -> None:
    """Promise 5."""
    assert get_provider("openai").facts(model) == UNKNOWN


def test_every_default_model_is_known_to_chat_where_facts_are_kept() -> None:
    kept = [
        row for row in PROVIDERS if row.documented and row.default_model and row.id in LISTS and row.id != "mistral"
    ]

    assert [row.id for row in kept if "chat" not in row.facts(row.default_model or "").abilities] == []


@pytest.mark.parametrize("provider", LISTS)
def test_a_recorded_list_is_read_whole(shared_material: Path, provider: str) -> None:
    models = recorded(shared_material, provider)

    assert models
    assert all(model.id and not model.id.startswith("models/") for model in models)
    if provider in {"anthropic", "google", "mistral", "openrouter"}:
        assert all(model.facts.context_window for model in models)


@pytest.mark.parametrize("provider", ["anthropic", "google", "mistral"])
def test_pages_and_lists_do_not_contradict_each_other(shared_material: Path, provider: str) -> None:
    row = get_provider(provider)
    for model in recorded(shared_material, provider):
        page, own = row.facts(model.id), model.facts

        assert not page.abilities & own.lacks, model.id
        assert not page.lacks & own.abilities, model.id
        assert page.context_window in (None, own.context_window), model.id
        assert page.largest_output in (None, own.largest_output), model.id
        assert page.modalities in (None, own.modalities) or own.modalities is None, model.id


def test_a_providers_own_word_wins_over_the_page(shared_material: Path) -> None:
    listed = next(model for model in recorded(shared_material, "anthropic") if model.id.startswith("claude-sonnet-4-5"))

    model = describe_listed(get_provider("anthropic"), listed)

    assert (model.name, model.facts.context_window) == ("Claude Sonnet 4.5", 1_000_000)
    assert model.facts.modalities == Modalities(("text", "image", "file"), ("text",))
    assert {"chat", "tools", "schema", "reasoning", "vision", "files"} == model.facts.abilities


def test_of_openais_list_what_cannot_chat_is_known(shared_material: Path) -> None:
    openai = get_provider("openai")
    without = {model.id for model in recorded(shared_material, "openai") if "chat" in openai.facts(model.id).lacks}

    assert {"whisper-1", "dall-e-3", "sora-2", "omni-moderation-latest", "davinci-002", "gpt-realtime-1.5"} <= without
    assert not {name for name in without if name.startswith(("o1", "o3", "o4", "gpt-5", "gpt-4.1", "gpt-audio"))}
