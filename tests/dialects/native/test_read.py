"""A native chat request, read strictly."""

import json
from typing import Any

import pytest

from shared.chat.request import Media, Message, Reasoning, ResponseFormat, Text, Tool, ToolCall, ToolChoice, ToolResult
from shared.dialects.caller import Wish
from shared.dialects.native.read import read_request
from shared.errors import InvalidRequest

HELLO = {"role": "user", "content": "hello"}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def read(body: dict[str, Any], **named: Any) -> Wish:
    return read_request(json.dumps(body).encode(), stream=named.pop("stream", False), **named)


def refused(body: dict[str, Any], **named: Any) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        read(body, **named)
    return caught.value


def test_the_first_chat() -> None:
    wish = read({"provider": "openai", "model": "gpt-5-mini", "messages": [HELLO]}, stream=True)

    assert (wish.provider, wish.chat.model, wish.chat.stream) == ("openai", "gpt-5-mini", True)
    assert wish.chat.messages == (Message("user", (Text("hello"),)),)


def test_every_option_arrives() -> None:
    options = {
        "model": "m",
        "temperature": 0.5,
        "maxTokens": 10,
        "topP": 0.9,
        "topK": 4,
        "frequencyPenalty": 0.1,
        "presencePenalty": 0.2,
        "stop": "END",
        "systemPrompt": "be brief",
        "seed": 7,
        "n": 2,
        "logprobs": True,
        "topLogprobs": 3,
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}, "strict": True}}],
        "toolChoice": {"type": "function", "function": {"name": "f"}},
        "parallelToolCalls": False,
        "responseFormat": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}},
        "reasoningEffort": "low",
        "reasoningBudget": 100,
        "user": "u",
        "metadata": {"a": "b"},
        "serviceTier": "flex",
    }
    chat = read({"messages": [HELLO], "options": options}).chat

    assert (chat.model, chat.temperature, chat.max_tokens, chat.top_p, chat.top_k) == ("m", 0.5, 10, 0.9, 4)
    assert (chat.frequency_penalty, chat.presence_penalty, chat.stop, chat.seed, chat.n) == (0.1, 0.2, ("END",), 7, 2)
    assert (chat.logprobs, chat.top_logprobs, chat.parallel_tool_calls) == (True, 3, False)
    assert chat.messages[0] == Message("system", (Text("be brief"),))
    assert chat.tools == (Tool("f", None, {"type": "object"}, strict=True),)
    assert chat.tool_choice == ToolChoice("tool", "f")
    assert chat.response_format == ResponseFormat("json_schema", "a", {"type": "object"})
    assert (chat.reasoning_effort, chat.reasoning_budget, chat.user) == ("low", 100, "u")
    assert (chat.metadata, chat.service_tier) == ({"a": "b"}, "flex")


def test_pictures_files_and_sounds_are_read() -> None:
    parts = [
        {"type": "text", "text": "look"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk=", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,aGk=", "filename": "a.pdf"}},
        {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "wav"}},
    ]
    chat = read({"messages": [{"role": "user", "content": parts}]}).chat

    assert chat.messages[0].parts == (
        Text("look"),
        Media("image", "image/png", "aGk=", detail="low"),
        Media("image", url="https://example.com/a.png"),
        Media("file", "application/pdf", "aGk=", name="a.pdf"),
        Media("audio", "audio/wav", "aGk="),
    )


def test_an_earlier_answer_goes_back_as_it_was_given() -> None:
    """Traps 41, 48 and 52: ids and signatures byte-exact."""
    assistant = {
        "role": "assistant",
        "content": None,
        "reasoning": "hm",
        "reasoning_details": [{"text": "hm", "signature": "c2ln"}, {"redacted": "eHg="}],
        "tool_calls": [CALL | {"signature": "dGg="}],
    }
    chat = read({"messages": [HELLO, assistant, {"role": "tool", "tool_call_id": "c1", "content": "42"}]}).chat

    assert chat.messages[1].parts == (
        Reasoning("hm", "c2ln"),
        Reasoning("", None, "eHg="),
        ToolCall("c1", "f", "{}", "dGg="),
    )
    assert chat.messages[2].parts == (ToolResult("c1", (Text("42"),)),)


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": [{"role": "bot", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [HELLO], "temperature": 1}, "temperature"),
        ({"messages": [HELLO], "options": {"temperature": "hot"}}, "options.temperature"),
        ({"messages": [HELLO], "options": {"max_tokens": 5}}, "options.max_tokens"),
        ({"messages": [HELLO], "options": {"n": 0}}, "options.n"),
        ({"messages": [HELLO], "model": "a", "options": {"model": "b"}}, "options.model"),
        (
            {"messages": [HELLO], "options": {"responseFormat": {"type": "json_schema"}}},
            "options.responseFormat.json_schema",
        ),
        (
            {
                "messages": [
                    {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}]}
                ]
            },
            "messages[0].content[0].image_url.url",
        ),
    ],
)
def test_a_wrong_field_is_named(body: dict[str, Any], parameter: str) -> None:
    assert refused(body).parameter == parameter


def test_a_tool_does_not_decline() -> None:
    """Refused by name, not dropped in silence."""
    refusal = {"role": "tool", "tool_call_id": "c1", "content": [{"type": "refusal", "refusal": "no"}]}

    assert refused({"messages": [HELLO, {"role": "assistant", "tool_calls": [CALL]}, refusal]}).parameter == (
        "messages[2].content[0].type"
    )


def test_an_orphan_tool_result_is_refused() -> None:
    """Trap 85."""
    error = refused({"messages": [HELLO, {"role": "tool", "tool_call_id": "c9", "content": "x"}]})

    assert error.parameter == "messages[1].tool_call_id"


def test_tool_results_may_come_in_any_order() -> None:
    """Trap 82."""
    calls = {"role": "assistant", "tool_calls": [CALL, CALL | {"id": "c2"}]}
    results = [{"role": "tool", "tool_call_id": call, "content": call} for call in ("c2", "c1")]

    assert len(read({"messages": [HELLO, calls, *results]}).chat.messages) == 4


def test_a_call_without_its_result_is_refused() -> None:
    error = refused({"messages": [HELLO, {"role": "assistant", "tool_calls": [CALL]}, HELLO]})

    assert error.parameter == "messages[2]"


def test_the_provider_in_the_path_holds() -> None:
    assert read({"messages": [HELLO]}, provider="openai").provider == "openai"
    assert refused({"provider": "grok", "messages": [HELLO]}, provider="openai").parameter == "provider"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff", b'{"messages": NaN}'])
def test_what_is_no_json_object_is_a_400(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        read_request(body, stream=False)
