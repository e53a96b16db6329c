"""What callers of OpenAI's Responses may ask, and what is refused by the name that they gave it."""

import json
from typing import Any

import pytest

from shared.chat.request import (
    CachePoint,
    ChatRequest,
    KinOnly,
    Media,
    Message,
    Reasoning,
    Refusal,
    ResponseFormat,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from shared.dialects.responses.caller import CALLER
from shared.errors import InvalidRequest

CALL = {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": '{"city": "Oslo"}'}
OUTPUT = {"type": "function_call_output", "call_id": "c1", "output": "rain"}
ASKED = {"role": "user", "content": "hi"}


def read(**fields: Any) -> ChatRequest:
    body = {"model": "anthropic/claude", "input": "hi", **fields}
    return CALLER.read(json.dumps(body).encode(), {}).chat


def refused(**fields: Any) -> str | None:
    with pytest.raises(InvalidRequest) as caught:
        read(**fields)
    return caught.value.parameter


def test_a_text_alone_is_what_the_user_says() -> None:
    chat = read(instructions="be brief")

    assert chat.model == "anthropic/claude"
    assert chat.messages == (Message("system", (Text("be brief"),)), Message("user", (Text("hi"),)))
    assert not chat.stream
    assert chat.kin_only == ()


def test_the_body_is_kept_for_kin() -> None:
    chat = read(input=[ASKED], prompt_cache_key="k")

    assert chat.original is not None
    assert chat.original.dialect == "responses"
    assert chat.original.body == {"model": "anthropic/claude", "input": [ASKED], "prompt_cache_key": "k"}


def test_parameters_cross() -> None:
    """Trap 87: `tool_choice` and `parallel_tool_calls` among them."""
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    chat = read(
        stream=True,
        max_output_tokens=64,
        temperature=0.5,
        top_p=0.9,
        top_logprobs=2,
        parallel_tool_calls=False,
        tool_choice={"type": "function", "name": "weather"},
        tools=[{"type": "function", "name": "weather", "description": "d", "parameters": schema, "strict": True}],
        text={"format": {"type": "json_schema", "name": "n", "schema": schema, "strict": True}, "verbosity": "low"},
        reasoning={"effort": "low", "summary": "auto"},
        user="u",
        metadata={"a": "b"},
        service_tier="default",
        include=["reasoning.encrypted_content"],
        store=False,
        truncation="disabled",
        background=False,
    )

    assert chat.stream
    assert (chat.max_tokens, chat.temperature, chat.top_p) == (64, 0.5, 0.9)
    assert (chat.logprobs, chat.top_logprobs) == (True, 2)
    assert chat.parallel_tool_calls is False
    assert chat.tool_choice == ToolChoice("tool", "weather")
    assert chat.tools == (Tool("weather", "d", schema, strict=True),)
    assert chat.response_format == ResponseFormat("json_schema", "n", schema, strict=True)
    assert (chat.verbosity, chat.reasoning_effort) == ("low", "low")
    assert (chat.user, chat.metadata, chat.service_tier) == ("u", {"a": "b"}, "default")
    assert chat.kin_only == ()


@pytest.mark.parametrize("mode", ["auto", "none", "required"])
def test_tool_choices_by_word(mode: Any) -> None:
    assert read(tool_choice=mode).tool_choice == ToolChoice(mode)


def test_logprobs_are_asked_for_by_include() -> None:
    assert read(include=["message.output_text.logprobs"]).logprobs is True


def test_contents_of_messages() -> None:
    content = [
        {"type": "input_text", "text": "look", "prompt_cache_breakpoint": {"mode": "explicit"}},
        {"type": "input_image", "image_url": "data:image/png;base64,aGk=", "detail": "low"},
        {"type": "input_image", "image_url": "https://example.com/a.png"},
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,aGk="},
        {"type": "input_file", "file_url": "https://example.com/a.pdf"},
        {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "wav"}},
    ]
    (message,) = read(input=[{"role": "user", "content": content}]).messages

    assert message.parts == (
        Text("look", CachePoint()),
        Media("image", "image/png", "aGk=", detail="low"),
        Media("image", url="https://example.com/a.png"),
        Media("file", "application/pdf", "aGk=", name="a.pdf"),
        Media("file", url="https://example.com/a.pdf"),
        Media("audio", "audio/wav", "aGk="),
    )


def test_what_the_model_did_in_one_go_is_one_message() -> None:
    """Traps 39, 82: results follow it, each to the call that it names, in whatever order they came."""
    chat = read(
        input=[
            {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "d"}]},
            ASKED,
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}]},
            {"role": "assistant", "content": [{"type": "output_text", "text": "a", "annotations": []}]},
            {"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "no"}], "id": "msg_1"},
            CALL,
            {**CALL, "call_id": "c2"},
            {**OUTPUT, "call_id": "c2"},
            {**OUTPUT, "output": [{"type": "input_text", "text": "sun"}]},
        ]
    )

    assert chat.messages == (
        Message("system", (Text("d"),)),
        Message("user", (Text("hi"),)),
        Message(
            "assistant",
            (
                Reasoning("hm"),
                Text("a"),
                Refusal("no"),
                ToolCall("c1", "weather", '{"city": "Oslo"}'),
                ToolCall("c2", "weather", '{"city": "Oslo"}'),
            ),
        ),
        Message("tool", (ToolResult("c2", (Text("rain"),)),)),
        Message("tool", (ToolResult("c1", (Text("sun"),)),)),
    )
    assert chat.kin_only == ()


def test_thinking_that_another_key_encrypted_is_handed_on_as_far_as_it_can_be_read() -> None:
    """Trap 61: nobody but who made it gets the rest."""
    item = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "gAAA"}
    chat = read(input=[ASKED, item, {"role": "assistant", "content": "a"}])

    assert chat.messages[1].parts == (Reasoning("hm"), Text("a"))


def test_a_picture_that_was_made_comes_back_as_one() -> None:
    item = {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": "aGk="}

    assert read(input=[ASKED, item]).messages[1].parts == (Media("image", "image/png", "aGk="),)


@pytest.mark.parametrize(
    ("fields", "parameter"),
    [
        ({"store": True}, "store"),
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"conversation": {"id": "conv_1"}}, "conversation"),
        ({"background": True}, "background"),
        ({"prompt": {"id": "pmpt_1"}}, "prompt"),
    ],
)
def test_what_would_have_to_be_stored_is_refused_by_name(fields: dict[str, Any], parameter: str) -> None:
    assert refused(**fields) == parameter


@pytest.mark.parametrize(
    ("fields", "parameter"),
    [
        ({"input": []}, "input"),
        ({"input": ""}, "input"),
        ({"input": None}, "input"),
        ({"input": 5}, "input"),
        ({"input": ["hi"]}, "input[0]"),
        ({"input": [{"content": "hi"}]}, "input[0].type"),
        ({"input": [{"role": "user"}]}, "input[0].content"),
        ({"input": [{"role": "somebody", "content": "hi"}]}, "input[0].role"),
        ({"input": [{"role": "user", "content": [{"text": "hi"}]}]}, "input[0].content[0].type"),
        ({"input": [{"role": "user", "content": [{"type": "input_text"}]}]}, "input[0].content[0].text"),
        ({"input": [{"role": "user", "content": [{"type": "input_image"}]}]}, "input[0].content[0].image_url"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "ftp://a"}]}]},
            "input[0].content[0].image_url",
        ),
        (
            {"input": [{"role": "user", "content": [{"type": "input_file", "file_data": "aGk="}]}]},
            "input[0].content[0].file_data",
        ),
        ({"input": [ASKED, {"type": "function_call", "name": "f", "arguments": "{}"}]}, "input[1].call_id"),
        ({"input": [ASKED, CALL, CALL]}, "input[2].call_id"),
        ({"temperature": "warm"}, "temperature"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"tools": [{"name": "f"}]}, "tools[0].type"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"tool_choice": "sometimes"}, "tool_choice"),
        ({"tool_choice": {"type": "function"}}, "tool_choice.name"),
        ({"tool_choice": {"type": "allowed_tools", "mode": "sometimes", "tools": []}}, "tool_choice.mode"),
        ({"tool_choice": {"type": "allowed_tools", "mode": "required", "tools": []}}, "tool_choice.tools"),
        ({"text": {"format": {"type": "xml"}}}, "text.format.type"),
        ({"text": {"format": {"type": "json_schema", "name": "n"}}}, "text.format.schema"),
        ({"truncation": "sometimes"}, "truncation"),
    ],
)
def test_what_is_malformed_is_refused_by_name(fields: dict[str, Any], parameter: str) -> None:
    """Trap 85: an empty input among it."""
    assert refused(**fields) == parameter


@pytest.mark.parametrize(
    ("items", "parameter"),
    [
        ([ASKED, OUTPUT], "input[1].call_id"),
        ([ASKED, CALL], "input"),
        ([ASKED, CALL, ASKED, OUTPUT], "input[2]"),
        ([ASKED, CALL, OUTPUT, OUTPUT], "input[3].call_id"),
    ],
)
def test_calls_and_results_that_do_not_fit_are_refused(items: list[dict[str, Any]], parameter: str) -> None:
    """Trap 85: orphans."""
    assert refused(input=items) == parameter


@pytest.mark.parametrize("mode", ["auto", "required"])
def test_some_tools_alone_are_what_others_are_told_of(mode: Any) -> None:
    """Trap 87."""
    tools = [{"type": "function", "name": name} for name in ("weather", "time")]
    allowed = {"type": "allowed_tools", "mode": mode, "tools": [{"type": "function", "name": "time"}]}

    chat = read(tools=tools, tool_choice=allowed)

    assert ([tool.name for tool in chat.tools], chat.tool_choice) == (["time"], ToolChoice(mode))


@pytest.mark.parametrize(
    ("fields", "parameter"),
    [
        ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
        ({"tools": [{"type": "custom", "name": "c"}]}, "tools[0].type"),
        ({"tools": [{"type": "function", "name": "f", "defer_loading": True}]}, "tools[0].defer_loading"),
        ({"tool_choice": {"type": "web_search"}}, "tool_choice.type"),
        ({"truncation": "auto"}, "truncation"),
        ({"stop": ["x"]}, "stop"),
        ({"text": {"tone": "warm"}}, "text.tone"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_text", "text": "a", "b": 1}]}]},
            "input[0].content[0].b",
        ),
        ({"reasoning": {"context": "all"}}, "reasoning.context"),
        ({"include": ["something.new"]}, "include[0]"),
        ({"input": [ASKED, {"type": "item_reference", "id": "msg_1"}]}, "input[1].id"),
        ({"input": [ASKED, {"id": "msg_1"}]}, "input[1].id"),
        ({"input": [ASKED, {"type": "web_search_call", "id": "ws_1", "status": "completed"}]}, "input[1].type"),
        ({"input": [ASKED, {"type": "image_generation_call", "id": "ig_1"}]}, "input[1].type"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image", "file_id": "file_1"}]}]},
            "input[0].content[0].file_id",
        ),
        ({"input": [{"role": "user", "content": [{"type": "hologram"}]}]}, "input[0].content[0].type"),
    ],
)
def test_what_only_this_api_can_do_is_named(fields: dict[str, Any], parameter: str) -> None:
    assert KinOnly(parameter) in read(**fields).kin_only


@pytest.mark.parametrize(
    ("fields", "parameter"),
    [
        ({"prompt_cache_key": "k"}, "prompt_cache_key"),
        ({"safety_identifier": "u"}, "safety_identifier"),
        ({"max_tool_calls": 3}, "max_tool_calls"),
        ({"client_metadata": {"a": "b"}}, "client_metadata"),
        ({"reasoning": {"summary": "detailed"}}, "reasoning.summary"),
        ({"include": ["file_search_call.results"]}, "include[0]"),
        ({"stream_options": {"include_obfuscation": True}}, "stream_options.include_obfuscation"),
        (
            {"input": [ASKED, {"role": "assistant", "content": "a", "phase": "commentary"}]},
            "input[1].phase",
        ),
    ],
)
def test_labels_and_hints_are_harmless(fields: dict[str, Any], parameter: str) -> None:
    assert read(**fields).kin_only == (KinOnly(parameter, harmless=True),)


def test_results_of_calls_that_only_the_provider_knows_are_its_own_matter() -> None:
    """Kin alone can tell, so that nobody else is asked."""
    chat = read(input=[ASKED, {"type": "item_reference", "id": "fc_1"}, OUTPUT])

    assert KinOnly("input[1].id") in chat.kin_only


def test_values_that_say_nothing_are_passed_over() -> None:
    nothing = dict.fromkeys(
        [
            "instructions",
            "tools",
            "tool_choice",
            "text",
            "reasoning",
            "metadata",
            "previous_response_id",
            "include",
            "moderation",
        ]
    )

    assert read(**nothing, context_management=[]).kin_only == ()


def test_what_clients_add_to_an_earlier_answer_asks_for_nothing() -> None:
    """`responses.parse` of OpenAI's SDK keeps what it parsed beside the text, and hands it back."""
    part = {"type": "output_text", "text": "{}", "annotations": [], "parsed": {"a": 1}}
    call = {**CALL, "parsed_arguments": {"city": "Oslo"}}
    said = {"type": "message", "role": "assistant", "content": [part], "id": "msg_1", "status": "completed"}

    assert read(input=[ASKED, said, call, OUTPUT]).kin_only == ()
