"""Plain answers of Converse, and what is said in place of them."""

import json
from typing import Any

import pytest

from shared.chat.collect import collect
from shared.chat.events import Annotation, Finish, MediaOutput
from shared.chat.request import Reasoning, ToolCall
from shared.dialects.bedrock import DIALECT
from shared.errors import BadResponse

BLOCKS: list[dict[str, Any]] = [
    {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "Eq+/="}}},
    {"reasoningContent": {"redactedContent": "Emw+/A=="}},
    {"text": "It rains in "},
    {"citationsContent": {"content": [{"text": "Łódź."}], "citations": [{"title": "Sky", "location": {}}]}},
    {"image": {"format": "webp", "source": {"bytes": "UklGRg=="}}},
    {"toolUse": {"toolUseId": "s", "name": "nova_grounding", "input": {}, "type": "server_tool_use"}},
    {"toolUse": {"toolUseId": "a", "name": "weather", "input": {"city": "Łódź"}}},
    {"toolUse": {"toolUseId": "b", "name": "now", "input": None, "type": None}},
]
USED = {"inputTokens": 4, "outputTokens": 7, "totalTokens": 11, "cacheReadInputTokens": 0}


def answer(blocks: list[Any], **fields: Any) -> bytes:
    said = {"output": {"message": {"role": "assistant", "content": blocks}}, "stopReason": "end_turn", **fields}
    return json.dumps(said).encode()


def test_every_kind_of_block_has_its_event() -> None:
    """Traps 38, 40, 52."""
    whole = collect(DIALECT.read(answer(BLOCKS, usage=USED, trace={"guardrail": {}}, serviceTier={"type": "flex"})))
    choice = whole.choices[0]

    assert choice.text == "It rains in Łódź."
    assert choice.reasoning_blocks == (Reasoning("Hm.", "Eq+/="), Reasoning(redacted="Emw+/A=="))
    assert choice.media == (MediaOutput("image/webp", "UklGRg=="),)
    assert choice.tool_calls == (ToolCall("a", "weather", '{"city":"Łódź"}'), ToolCall("b", "now", "{}"))
    assert choice.finish == Finish("tool_calls", "end_turn")
    assert choice.annotations == (
        Annotation("citationsContent", {"title": "Sky", "location": {}}),
        Annotation("toolUse", BLOCKS[5]["toolUse"]),
        Annotation("trace", {"guardrail": {}}),
        Annotation("service_tier", "flex"),
    )


def test_an_answer_may_be_empty() -> None:
    whole = collect(DIALECT.read(answer([])))

    assert (whole.choices[0].text, whole.choices[0].finish, whole.usage) == ("", Finish("stop", "end_turn"), None)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"x"', b"{}", b'{"message": "hello"}'])
def test_what_is_no_answer_is_a_bad_response(body: bytes) -> None:
    with pytest.raises(BadResponse):
        DIALECT.read(body)


def test_the_list_of_models_tells_what_they_take_and_give() -> None:
    told: dict[str, Any] = {"modelId": "amazon.nova-lite-v1:0", "modelName": "Nova Lite"}
    told |= {"inputModalities": ["TEXT", "IMAGE", "VIDEO"], "outputModalities": ["TEXT"]}
    listed = DIALECT.models(json.dumps({"modelSummaries": [told, {"modelId": "x"}, {"modelName": "no id"}]}).encode())

    assert [(model.id, model.name) for model in listed] == [("amazon.nova-lite-v1:0", "Nova Lite"), ("x", None)]
    assert {"chat", "vision", "video"} <= listed[0].facts.abilities
    assert listed[1].facts.modalities is None


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"modelSummaries": {}}'])
def test_what_is_no_list_of_models_is_a_bad_response(body: bytes) -> None:
    with pytest.raises(BadResponse):
        DIALECT.models(body)
