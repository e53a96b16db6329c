"""Lists of models of the OpenAI family, each with what its vendor adds."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.dialects.listed import UNKNOWN, Facts, ListedModel, Modalities
from shared.dialects.openai import DIALECT
from shared.errors import BadResponse
from tests.dialects.openai.test_stream import JSON

TEXT = Modalities(("text",), ("text",))
PICTURES = Modalities(("text", "image"), ("text",))
FIELDS = ["context_length", "capabilities", "architecture", "top_provider", "supported_parameters", "providers", "type"]


def read(**entry: Any) -> ListedModel:
    (model,) = DIALECT.models(json.dumps({"data": [{"id": "m", **entry}]}).encode())
    return model


@pytest.mark.parametrize(
    "body",
    [b'{"data":[{"id":"a"},{"id":"b"},{}]}', b'[{"id":"a"},{"name":"b"},7]', b'{"models":[{"name":"a"},{"name":"b"}]}'],
)
def test_lists_of_models_are_read_in_their_forms(body: bytes) -> None:
    assert DIALECT.models(body) == [ListedModel("a"), ListedModel("b")]


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'"x"', b'{"data":{}}'])
def test_what_is_no_list_of_models_is_a_bad_response(body: bytes) -> None:
    with pytest.raises(BadResponse):
        DIALECT.models(body)


def test_a_name_alone_tells_nothing() -> None:
    assert read(object="model", owned_by="openai", created=1).facts == UNKNOWN


def test_openrouter_tells_of_everything() -> None:
    model = read(
        name="Vendor: M",
        context_length=1000,
        architecture={"input_modalities": ["file", "image", "text"], "output_modalities": ["text"]},
        top_provider={"context_length": 900, "max_completion_tokens": 100},
        supported_parameters=["tools", "tool_choice", "response_format", "max_tokens"],
        reasoning={"mandatory": False},
    )

    assert model.name == "Vendor: M"
    assert model.facts == Facts(
        1000,
        100,
        Modalities(("text", "image", "file"), ("text",)),
        frozenset({"chat", "tools", "json", "vision", "files"}),
        frozenset({"schema", "reasoning", "audio", "video"}),
    )


def test_what_gives_no_text_does_not_chat() -> None:
    facts = read(architecture={"input_modalities": ["text"], "output_modalities": ["image"]}).facts

    assert "chat" in facts.lacks


def test_mistral_tells_what_a_model_can_and_cannot() -> None:
    told = {"completion_chat": True, "function_calling": False, "vision": True, "audio": False, "ocr": False}
    facts = read(capabilities=told, max_context_length=32_768).facts

    assert (facts.context_window, facts.modalities) == (32_768, PICTURES)
    assert facts.abilities == {"chat", "vision"}
    assert {"tools", "audio"} <= facts.lacks


def test_groq_tells_its_limits() -> None:
    assert read(context_window=131_072, max_completion_tokens=32_768).facts == Facts(131_072, 32_768)


@pytest.mark.parametrize(
    ("kind", "abilities", "lacks"),
    [
        ("chat", {"chat"}, set()),
        ("embedding", {"embeddings"}, {"chat"}),
        ("image", set(), {"chat"}),
        ("language", set(), set()),
    ],
)
def test_together_tells_what_kind_of_model_it_is(kind: str, abilities: set[str], lacks: set[str]) -> None:
    model = read(type=kind, display_name="M", context_length=8192)

    assert (model.name, model.facts.context_window) == ("M", 8192)
    assert model.facts.abilities == abilities
    assert model.facts.lacks == lacks


def test_fireworks_and_moonshot_tell_by_flags() -> None:
    fireworks = read(supports_chat=True, supports_image_input=False, supports_tools=True, context_length=131_072).facts
    moonshot = read(supports_image_in=True, supports_video_in=True, supports_reasoning=True).facts

    assert fireworks.modalities == TEXT
    assert fireworks.abilities == {"chat", "tools"}
    assert moonshot.abilities == {"vision", "video", "reasoning"}


def test_of_several_hosts_only_what_all_say_is_told() -> None:
    hosts = [
        {"status": "live", "context_length": 131_072, "supports_tools": True, "supports_structured_output": False},
        {"status": "live", "context_length": 65_536, "supports_tools": True, "supports_structured_output": True},
        {"status": "error", "context_length": 1, "supports_tools": False},
    ]
    facts = read(providers=hosts, architecture={"input_modalities": ["text"], "output_modalities": ["text"]}).facts

    assert facts.context_window == 65_536
    assert facts.abilities == {"chat", "tools"}
    assert "schema" not in facts.lacks


def test_a_host_that_does_not_tell_its_window_leaves_it_unknown() -> None:
    assert read(providers=[{"status": "live", "context_length": 5}, {"status": "live"}]).facts.context_window is None


def test_vllm_tells_its_window() -> None:
    assert read(max_model_len=4096).facts == Facts(4096)


@given(st.dictionaries(st.sampled_from(FIELDS), JSON | st.lists(JSON)))
def test_no_json_whatever_breaks_the_reader(entry: dict[str, Any]) -> None:
    assert read(**entry).id == "m"


@given(JSON)
def test_nor_does_it_in_place_of_a_list(value: Any) -> None:
    try:
        DIALECT.models(json.dumps(value).encode())
    except BadResponse:
        return
