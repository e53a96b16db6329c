"""Where vendors have what their dialect names another path for."""

import pytest

from shared.dialects.dialect import Written
from shared.providers import places


def test_most_are_where_the_dialect_says() -> None:
    written = Written("/v1/messages", {"model": "m"})

    assert places.as_written(written) is written


def test_a_folder_stands_before_the_path() -> None:
    assert places.under("/openai/v1")(Written("/chat/completions", {})).path == "/openai/v1/chat/completions"


def test_vertex_has_the_version_in_its_base_url() -> None:
    written = Written("/v1beta/models/gemini-2.5-flash:streamGenerateContent", {}, query="alt=sse")

    placed = places.vertex(written)

    assert (placed.path, placed.query) == ("/models/gemini-2.5-flash:streamGenerateContent", "alt=sse")


@pytest.mark.parametrize(
    ("model", "stream", "path"),
    [
        ("claude-haiku-4-5@20251001", {}, "/models/claude-haiku-4-5@20251001:rawPredict"),
        ("claude-haiku-4-5@20251001", {"stream": True}, "/models/claude-haiku-4-5@20251001:streamRawPredict"),
        ("../../secret?x#y", {"stream": False}, "/models/..%2F..%2Fsecret%3Fx%23y:rawPredict"),
    ],
)
def test_claude_on_vertex_is_named_in_the_path_and_nothing_else_is(
    model: str, stream: dict[str, bool], path: str
) -> None:
    """Threat E7."""
    body = {"model": model, "messages": [], **stream}
    written = Written("/v1/messages", body, {"anthropic-version": "2023-06-01"})

    placed = places.vertex_claude(written)

    assert placed.path == path
    assert "model" not in placed.body
    assert placed.body["anthropic_version"] == "vertex-2023-10-16"
    assert placed.headers == written.headers
    assert body["model"] == model


def test_tokens_are_counted_by_a_model_of_their_own() -> None:
    placed = places.vertex_claude(Written("/v1/messages/count_tokens", {"model": "claude-opus-4-1@20250805"}))

    assert placed.path == "/models/count-tokens:rawPredict"
    assert placed.body == {"anthropic_version": "vertex-2023-10-16", "model": "claude-opus-4-1@20250805"}
