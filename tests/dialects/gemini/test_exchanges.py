"""Embeddings and pictures in Gemini's words, and in Google Cloud's."""

import json
from pathlib import Path
from typing import Any

import pytest

from shared.dialects.exchanges import Ask
from shared.dialects.gemini import embeddings, images, vertex_embeddings
from shared.errors import UnsupportedParameter
from tests.fakes.recordings import exchanges


def ask(model: str, **body: Any) -> Ask:
    return Ask(model, {"model": model, **body}, 7)


def test_names_are_percent_encoded() -> None:
    """Threat E7."""
    written = embeddings.EXCHANGE.write(ask("../x?key=1", input="a"))

    assert written.path == "/v1beta/models/..%2Fx%3Fkey%3D1:batchEmbedContents"


def test_google_cloud_predicts_several_and_embeds_one() -> None:
    several = vertex_embeddings.EXCHANGE.write(ask("text-embedding-005", input=["a", "b"], dimensions=2))
    assert several.path == "/v1beta/models/text-embedding-005:predict"
    assert several.body == {
        "instances": [{"content": "a"}, {"content": "b"}],
        "parameters": {"outputDimensionality": 2},
    }
    with pytest.raises(UnsupportedParameter) as caught:
        vertex_embeddings.EXCHANGE.write(ask("gemini-embedding-2", input=["a", "b"]))

    assert caught.value.parameter == "input"


def test_google_clouds_predictions_are_read() -> None:
    said = {
        "predictions": [
            {"embeddings": {"values": [0.5], "statistics": {"token_count": 2}}},
            {"embeddings": {"values": [1.5], "statistics": {"token_count": 3}}},
        ]
    }
    answer = vertex_embeddings.EXCHANGE.read(json.dumps(said).encode(), ask("text-embedding-005", input=["a", "b"]))
    said_by_us = json.loads(answer.body)

    assert [item["embedding"] for item in said_by_us["data"]] == [[0.5], [1.5]]
    assert said_by_us["usage"] == {"prompt_tokens": 5, "total_tokens": 5}


@pytest.mark.vectors
def test_a_recorded_embedding_of_google_cloud_is_read(shared_material: Path) -> None:
    (exchange,) = exchanges(shared_material, "google-vertex", "embeddings")
    text = exchange.request["json"]["content"]["parts"][0]["text"]
    asked = ask("gemini-embedding-2", input=text)
    answer = json.loads(vertex_embeddings.EXCHANGE.read(exchange.body, asked).body)

    assert vertex_embeddings.EXCHANGE.write(asked).body == exchange.request["json"]
    assert answer["data"][0]["embedding"] == json.loads(exchange.body)["embedding"]["values"]
    assert answer["usage"] == {"prompt_tokens": 11, "total_tokens": 11}


def test_thoughts_are_no_pictures() -> None:
    blob = {"inlineData": {"mimeType": "image/jpeg", "data": "YWJj"}}
    said = {"candidates": [{"content": {"parts": [{**blob, "thought": True}, {"text": "Here"}, blob]}}]}
    answer = json.loads(images.EXCHANGE.read(json.dumps(said).encode(), ask("gemini-3-pro-image", prompt="a")).body)

    assert answer == {"created": 7, "data": [{"b64_json": "YWJj"}], "output_format": "jpeg"}
