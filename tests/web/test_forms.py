"""In whose words a path answers when something goes wrong."""

import pytest

from shared.web.forms import family_of


@pytest.mark.parametrize(
    ("path", "family"),
    [
        ("/v1/chat/completions", "openai"),
        ("/v1/embeddings", "openai"),
        ("/v1/models", "openai"),
        ("/v1/nothing", "openai"),
        ("/v1/responses", "responses"),
        ("/v1/responses/input_tokens", "responses"),
        ("/v1/messages", "anthropic"),
        ("/v1/messages/count_tokens", "anthropic"),
        ("/api/llm/chat", "native"),
    ],
)
def test_a_path_belongs_to_an_api(path: str, family: str) -> None:
    assert family_of(path, ()).name == family


@pytest.mark.parametrize(
    ("path", "family"),
    [("/v1/models/a", "anthropic"), ("/v1/files", "anthropic"), ("/v1/chat/completions", "openai")],
)
def test_what_is_not_openais_alone_is_anthropics_for_its_sdk(path: str, family: str) -> None:
    assert family_of(path, [(b"anthropic-version", b"2023-06-01")]).name == family
