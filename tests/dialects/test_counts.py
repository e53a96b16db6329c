"""How each family is asked how long a chat is, and what it answers."""

import json
from pathlib import Path
from typing import Any

import pytest

from shared.chat.request import ChatRequest, Message, Text, Tool
from shared.errors import BadResponse
from shared.providers.dialects import load_counter, load_dialect
from tests.fakes.recordings import exchanges

CHAT = ChatRequest(
    "m/1",
    (Message("system", (Text("Be brief"),)), Message("user", (Text("Hello"),))),
    max_tokens=5,
    temperature=0.5,
    tools=(Tool("look", "Looks", {"type": "object", "properties": {}}),),
)
FIELDS: dict[tuple[str, str], tuple[str, set[str]]] = {
    ("anthropic", "counts"): ("/v1/messages/count_tokens", {"model", "messages", "system", "tools"}),
    ("responses", "counts"): ("/responses/input_tokens", {"model", "input", "tools"}),
    ("bedrock", "counts"): ("/model/m%2F1/count-tokens", {"input"}),
    ("gemini", "counts"): ("/v1beta/models/m%2F1:countTokens", {"generateContentRequest"}),
    ("gemini", "vertex_counts"): (
        "/v1beta/models/m%2F1:countTokens",
        {"contents", "systemInstruction", "tools", "generationConfig"},
    ),
}


@pytest.mark.parametrize(("name", "file"), FIELDS)
def test_what_is_read_is_counted_and_nothing_else_is_asked(name: str, file: str) -> None:
    path, fields = FIELDS[name, file]
    written = load_counter(name, file).write(load_dialect(name).write(CHAT, 100), CHAT.model)

    assert (written.path, written.query) == (path, "")
    assert set(written.body) == fields
    said = json.dumps(written.body)
    assert "Be brief" in said
    assert "Looks" in said


@pytest.mark.parametrize(("name", "file"), FIELDS)
@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"[]", b'{"input_tokens": "x", "totalTokens": null}'])
def test_an_answer_without_a_count_is_none(name: str, file: str, body: bytes) -> None:
    with pytest.raises(BadResponse):
        load_counter(name, file).read(body)


@pytest.mark.vectors
@pytest.mark.parametrize(
    ("provider", "name", "file"),
    [
        ("anthropic", "anthropic", "counts"),
        ("openai", "responses", "counts"),
        ("bedrock", "bedrock", "counts"),
        ("google", "gemini", "counts"),
        ("google-vertex", "gemini", "vertex_counts"),
    ],
)
def test_recorded_counts_are_read(shared_material: Path, provider: str, name: str, file: str) -> None:
    found = 0
    for exchange in exchanges(shared_material, provider, "count_tokens"):
        if exchange.response["status"] == 200:
            said: dict[str, Any] = json.loads(exchange.body)
            counts = [said.get(word) for word in ("input_tokens", "inputTokens", "totalTokens")]
            assert load_counter(name, file).read(exchange.body) in counts
            found += 1

    assert found >= 2
