"""A request in OpenAI's words, read strictly where it is malformed, and told as KinOnly where only OpenAI's kin understand it."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from shared.dialects.openai.caller import CALLER
from shared.dialects.signed import signed_by, signed_id
from shared.errors import InvalidRequest

HELLO = {"role": "user", "content": "hello"}
WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Paris"}'}}


def read(headers: dict[str, str] | None = None, /, **fields: Any) -> ChatRequest:
    body = {"model": "m", "messages": [HELLO], **fields}
    return CALLER.read(json.dumps(body).encode(), headers or {}).chat


def refused(**fields: Any) -> str | None:
    with pytest.raises(InvalidRequest) as caught:
        read(**fields)
    return caught.value.parameter


def told(**fields: Any) -> set[tuple[str, bool]]:
    return {(own.parameter, own.harmless) for own in read(**fields).kin_only}


def part(value: dict[str, Any], role: str = "user") -> Any:
    return read(messages=[{"role": role, "content": [value]}]).messages[0].parts[0]


def test_the_smallest_request() -> None:
    chat = read()

    assert (chat.model, chat.messages, chat.stream) == ("m", (Message("user", (Text("hello"),)),), False)
    assert (chat.kin_only, chat.drop) == ((), False)


def test_every_parameter_arrives() -> None:
    """Trap 87."""
    chat = read(
        stream=True,
        stream_options={"include_usage": True},
        max_completion_tokens=10,
        temperature=0.5,
        top_p=0.9,
        top_k=4,
        frequency_penalty=0.1,
        presence_penalty=0.2,
        stop=["END", "STOP"],
        seed=-7,
        n=2,
        logprobs=True,
        top_logprobs=3,
        tools=[WEATHER],
        tool_choice={"type": "function", "function": {"name": "weather"}},
        parallel_tool_calls=False,
        response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": {}, "strict": True}},
        reasoning_effort="low",
        user="u",
        metadata={"a": "b"},
        service_tier="flex",
        verbosity="low",
    )

    assert (chat.stream, chat.max_tokens, chat.temperature, chat.top_p, chat.top_k) == (True, 10, 0.5, 0.9, 4)
    assert (chat.frequency_penalty, chat.presence_penalty, chat.stop) == (0.1, 0.2, ("END", "STOP"))
    assert (chat.seed, chat.n, chat.logprobs, chat.top_logprobs) == (-7, 2, True, 3)
    assert chat.tools == (Tool("weather", None, {"type": "object"}),)
    assert (chat.tool_choice, chat.parallel_tool_calls) == (ToolChoice("tool", "weather"), False)
    assert chat.response_format == ResponseFormat("json_schema", "a", {}, strict=True)
    assert (chat.reasoning_effort, chat.user, chat.metadata) == ("low", "u", {"a": "b"})
    assert (chat.service_tier, chat.verbosity, chat.kin_only) == ("flex", "low", ())


def test_null_is_nothing() -> None:
    fields = ("stop", "tools", "tool_choice", "n", "seed", "response_format", "stream", "store")

    assert read(**dict.fromkeys(fields), unheard_of=None, other=[], another={}).kin_only == ()


def test_the_length_has_two_names() -> None:
    """Trap 59."""
    assert read(max_tokens=9).max_tokens == 9
    assert read(max_tokens=9, max_completion_tokens=9).max_tokens == 9
    assert read(max_tokens=None, max_completion_tokens=8).max_tokens == 8
    assert refused(max_tokens=9, max_completion_tokens=8) == "max_tokens"


@pytest.mark.parametrize(
    ("fields", "effort", "budget"),
    [
        ({"reasoning": {"effort": "high"}}, "high", None),
        ({"reasoning": {"max_tokens": 2000}}, None, 2000),
        ({"reasoning": {"enabled": True}}, "medium", None),
        ({"reasoning": {"enabled": False}}, "none", None),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, None, 1024),
        ({"thinking": {"type": "disabled"}}, "none", None),
        ({"thinking": {"type": "enabled"}}, "medium", None),
        ({"thinking": {"type": "adaptive"}, "reasoning_effort": "low"}, "low", None),
    ],
)
def test_thinking_is_asked_for_in_the_words_of_routers_too(
    fields: dict[str, Any], effort: str | None, budget: int | None
) -> None:
    chat = read(**fields)

    assert (chat.reasoning_effort, chat.reasoning_budget, chat.kin_only) == (effort, budget, ())


def test_what_only_kin_understand_is_told_by_its_path() -> None:
    assert told(
        logit_bias={"50256": -100},
        prediction={"type": "content", "content": "x"},
        modalities=["text", "audio"],
        web_search_options={},
        reasoning={"effort": "low", "exclude": True},
        response_format={"type": "grammar", "grammar": "…"},
        tools=[WEATHER, {"type": "custom", "custom": {"name": "shell"}}],
        unheard_of=1,
    ) == {
        (name, False)
        for name in (
            *("logit_bias", "prediction", "modalities", "web_search_options", "reasoning.exclude"),
            *("response_format.type", "tools[1].type", "unheard_of"),
        )
    }


def test_what_cannot_change_the_answer_is_harmless() -> None:
    given = {
        "store": True,
        "prompt_cache_key": "k",
        "prompt_cache_retention": "24h",
        "safety_identifier": "s",
        "stream_options": {"include_obfuscation": False},
        "messages": [{**HELLO, "name": "ann"}],
    }

    assert {name for name, harmless in told(**given) if harmless} == {
        *("store", "prompt_cache_key", "prompt_cache_retention", "safety_identifier"),
        *("stream_options.include_obfuscation", "messages[0].name"),
    }


def test_what_is_done_anyway_is_no_wish() -> None:
    assert told(store=False, modalities=["text"], include_reasoning=True, logit_bias={}) == set()


def test_roles() -> None:
    said = [
        {"role": "developer", "content": "a"},
        {"role": "system", "content": [{"type": "text", "text": "b"}]},
        HELLO,
        {"role": "assistant", "content": "c", "refusal": "d", "annotations": [{"type": "url_citation"}]},
    ]

    assert read(messages=said).messages == (
        Message("system", (Text("a"),)),
        Message("system", (Text("b"),)),
        Message("user", (Text("hello"),)),
        Message("assistant", (Text("c"), Refusal("d"))),
    )
    assert told(messages=said) == {("messages[3].annotations", True)}


@pytest.mark.parametrize(
    ("given", "read_as"),
    [
        (
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk=", "detail": "low"}},
            Media("image", "image/png", "aGk=", detail="low"),
        ),
        (
            {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
            Media("image", url="https://example.com/a.png"),
        ),
        ({"type": "image_url", "image_url": "https://example.com/a"}, Media("image", url="https://example.com/a")),
        (
            {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "wav"}},
            Media("audio", "audio/wav", "aGk="),
        ),
        (
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,aGk=", "filename": "a.pdf"}},
            Media("file", "application/pdf", "aGk=", name="a.pdf"),
        ),
        ({"type": "file", "file": {"file_data": "JVBERi0x"}}, Media("file", "application/pdf", "JVBERi0x")),
        (
            {"type": "file", "file": {"file_data": "aGk=", "filename": "a.TXT"}},
            Media("file", "text/plain", "aGk=", name="a.TXT"),
        ),
        (
            {"type": "file", "file": {"file_data": "https://example.com/a.pdf", "filename": "a.pdf"}},
            Media("file", url="https://example.com/a.pdf", name="a.pdf"),
        ),
        ({"type": "video_url", "video_url": {"url": "gs://bucket/a.mp4"}}, Media("video", url="gs://bucket/a.mp4")),
        (
            {"type": "text", "text": "long", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
            Text("long", CachePoint("1h")),
        ),
        ({"type": "text", "text": "a", "prompt_cache_breakpoint": {"mode": "explicit"}}, Text("a", CachePoint())),
    ],
)
def test_parts(given: dict[str, Any], read_as: Any) -> None:
    """Trap 56."""
    assert part(given) == read_as
    assert read(messages=[{"role": "user", "content": [given]}]).kin_only == ()


def test_a_message_is_kept_by_what_stands_on_the_whole_of_it() -> None:
    """Trap 56."""
    chat = read(messages=[{**HELLO, "cache_control": {"type": "ephemeral"}}])

    assert chat.messages[0].parts == (Text("hello", CachePoint()),)
    assert read(tools=[{**WEATHER, "cache_control": {"type": "ephemeral"}}]).tools[0].cache == CachePoint()


def test_parts_that_openai_alone_can_open() -> None:
    file = {"type": "file", "file": {"file_id": "file-1"}}
    new = {"type": "hologram", "hologram": {}}

    assert told(messages=[{"role": "user", "content": [file, new]}]) == {
        ("messages[0].content[0].file.file_id", False),
        ("messages[0].content[1].type", False),
    }


def test_tools_are_called_and_answer_in_any_order() -> None:
    """Traps 41, 82."""
    other = {**CALL, "id": "c2"}
    chat = read(
        tools=[WEATHER],
        messages=[
            HELLO,
            {"role": "assistant", "content": None, "tool_calls": [CALL, other]},
            {"role": "tool", "tool_call_id": "c2", "content": [{"type": "text", "text": "rain"}], "name": "weather"},
            {"role": "tool", "tool_call_id": "c1", "content": "sun"},
        ],
    )

    assert chat.messages[1].parts == tuple(ToolCall(id_, "weather", '{"city":"Paris"}') for id_ in ("c1", "c2"))
    assert chat.messages[2:] == (
        Message("tool", (ToolResult("c2", (Text("rain"),)),)),
        Message("tool", (ToolResult("c1", (Text("sun"),)),)),
    )


def test_former_functions_are_tools() -> None:
    chat = read(
        functions=[WEATHER["function"]],
        function_call={"name": "weather"},
        messages=[
            HELLO,
            {"role": "assistant", "content": None, "function_call": CALL["function"]},
            {"role": "function", "name": "weather", "content": "sun"},
        ],
    )
    call, result = chat.messages[1].parts[0], chat.messages[2].parts[0]

    assert (chat.tools, chat.tool_choice) == (
        (Tool("weather", None, {"type": "object"}),),
        ToolChoice("tool", "weather"),
    )
    assert isinstance(call, ToolCall)
    assert result == ToolResult(call.id, (Text("sun"),))
    assert chat.kin_only == ()


def test_some_of_the_tools_are_the_tools() -> None:
    """Trap 87."""
    other = {"type": "function", "function": {"name": "other"}}
    allowed = {"mode": "required", "tools": [{"type": "function", "function": {"name": "other"}}]}
    chat = read(tools=[WEATHER, other], tool_choice={"type": "allowed_tools", "allowed_tools": allowed})

    assert (chat.tools, chat.tool_choice) == ((Tool("other"),), ToolChoice("required"))


def test_custom_calls_are_for_kin() -> None:
    call = {"id": "c1", "type": "custom", "custom": {"name": "shell", "input": "ls"}}
    messages = [
        HELLO,
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": ""},
    ]

    assert told(messages=messages) == {("messages[1].tool_calls[0].type", False)}


@pytest.mark.parametrize(
    ("given", "thought"),
    [
        ({"reasoning_content": "Hm."}, (Reasoning("Hm."),)),
        ({"reasoning": "Hm."}, (Reasoning("Hm."),)),
        (
            {
                "reasoning_content": "Hm.",
                "provider_specific_fields": {
                    "reasoning_details": [{"type": "reasoning.text", "text": "Hm.", "signature": "c2ln"}],
                    "citations": None,
                },
            },
            (Reasoning("Hm.", "c2ln"),),
        ),
        (
            {
                "reasoning_content": "Hm.",
                "reasoning_details": [
                    {"type": "reasoning.text", "text": "Hm.", "signature": "c2ln+/=", "index": 0},
                    {"type": "reasoning.encrypted", "data": "ZGF0YQ==", "index": 1},
                    {"type": "reasoning.encrypted", "data": "x", "format": "openai-responses-v1", "id": "rs_1"},
                ],
            },
            (Reasoning("Hm.", "c2ln+/="), Reasoning(redacted="ZGF0YQ==")),
        ),
        (
            {
                "thinking_blocks": [
                    {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
                    {"type": "redacted_thinking", "data": "ZGF0YQ=="},
                ]
            },
            (Reasoning("Hm.", "c2ln"), Reasoning(redacted="ZGF0YQ==")),
        ),
    ],
)
def test_earlier_thinking_comes_back_byte_exact(given: dict[str, Any], thought: tuple[Reasoning, ...]) -> None:
    """Trap 52."""
    chat = read(messages=[HELLO, {"role": "assistant", "content": "a", **given}, HELLO])

    assert chat.messages[1].parts == (*thought, Text("a"))
    assert all(own.harmless for own in chat.kin_only)


@pytest.mark.parametrize(
    "call",
    [
        {**CALL, "extra_content": {"google": {"thought_signature": "c2ln+/="}}},
        {**CALL, "provider_specific_fields": {"thought_signature": "c2ln+/="}},
        {**CALL, "id": signed_id("c1", "google", "c2ln+/=")},
    ],
)
def test_geminis_signature_of_a_call_comes_back_from_wherever_the_client_kept_it(call: dict[str, Any]) -> None:
    """Trap 48."""
    chat = read(
        messages=[
            HELLO,
            {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": call["id"], "content": "sun"},
        ]
    )

    assert signed_by(chat, "google").messages[1].parts == (ToolCall("c1", "weather", '{"city":"Paris"}', "c2ln+/="),)
    assert chat.messages[2].parts == (ToolResult("c1", (Text("sun"),)),)
    assert chat.original is not None
    assert "_signed_" not in json.dumps(chat.original.body)


def test_the_body_goes_to_kin_as_it_came() -> None:
    body = {"model": "m", "messages": [HELLO], "unheard_of": {"a": [1]}}
    chat = CALLER.read(
        json.dumps(body).encode(), {"openai-beta": "x", "authorization": "Bearer sk", "x-other": "y"}
    ).chat

    assert chat.original is not None
    assert (chat.original.dialect, chat.original.body) == ("openai", body)
    assert chat.original.headers == {"openai-beta": "x"}


def test_dropping_is_asked_for_in_a_header() -> None:
    assert read({"x-realmultillm-drop-params": "true"}).drop


@pytest.mark.parametrize(
    ("fields", "parameter"),
    [
        ({"model": None}, "model"),
        ({"model": ""}, "model"),
        ({"model": 1}, "model"),
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": {}}, "messages"),
        ({"messages": ["hi"]}, "messages[0]"),
        ({"messages": [{"content": "hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "god", "content": "hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": ["hi"]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": [{"text": "hi"}]}]}, "messages[0].content[0].type"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0].text"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "ftp://a"}}]}]},
            "messages[0].content[0].image_url.url",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:a,b"}}]}]},
            "messages[0].content[0].image_url.url",
        ),
        ({"messages": [HELLO, {"role": "assistant"}]}, "messages[1].content"),
        (
            {"messages": [HELLO, {"role": "assistant", "tool_calls": [{"id": "a", "type": "function"}]}]},
            "messages[1].tool_calls[0].function",
        ),
        ({"messages": [HELLO, {"role": "assistant", "tool_calls": [CALL]}, HELLO]}, "messages[2]"),
        ({"messages": [HELLO, {"role": "tool", "tool_call_id": "x", "content": "y"}]}, "messages[1].tool_call_id"),
        ({"messages": [HELLO, {"role": "tool", "content": "y"}]}, "messages[1].tool_call_id"),
        ({"messages": [HELLO, {"role": "function", "name": "x", "content": "y"}]}, "messages[1].name"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"n": 0}, "n"),
        ({"stop": [1]}, "stop[0]"),
        ({"stop": 1}, "stop"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": True}, "stream_options"),
        ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
        ({"tools": [{"function": 1}]}, "tools[0].function"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
        ({"tools": {}}, "tools"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": [WEATHER], "tool_choice": {"type": "function", "function": {"name": "x"}}}, "tool_choice"),
        ({"tools": [WEATHER], "tool_choice": {"type": "function"}}, "tool_choice.function"),
        ({"tools": [WEATHER], "functions": [{"name": "x"}]}, "functions"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        ({"response_format": {"type": "json_schema", "json_schema": {}}}, "response_format.json_schema.name"),
        ({"response_format": "json"}, "response_format"),
        ({"metadata": {"a": 1}}, "metadata.a"),
        ({"reasoning": "high"}, "reasoning"),
        ({"logprobs": 5}, "logprobs"),
    ],
)
def test_what_is_malformed_is_refused_by_its_path(fields: dict[str, Any], parameter: str) -> None:
    """Traps 82, 85: empty messages and orphan results are 400."""
    assert refused(**fields) == parameter


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b'{"model":"m","model":"n"}', b"\xff"])
def test_no_json_object_is_400(body: bytes) -> None:
    """Trap 85."""
    with pytest.raises(InvalidRequest) as caught:
        CALLER.read(body, {})

    assert caught.value.status == 400


def test_the_only_call_is_answered_without_naming_it() -> None:
    turns = [HELLO, {"role": "assistant", "tool_calls": [CALL]}, {"role": "tool", "content": "sun"}]

    assert read(messages=turns).messages[2].parts == (ToolResult("c1", (Text("sun"),)),)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-2, 2) | st.sampled_from(["", "text", "function", "a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["type", "text", "role", "content", "function", "name", "arguments", "id", "url", "image_url", "file", "x"]
    ), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
FIELDS = st.sampled_from(
    [
        *("tools", "tool_choice", "stop", "n", "stream", "stream_options", "response_format", "reasoning", "thinking"),
        *("functions", "function_call", "metadata", "logit_bias", "max_tokens", "modalities", "web_search_options"),
    ]
)
HELD = (
    *("content", "tool_calls", "tool_call_id", "function_call", "name", "refusal", "reasoning_content"),
    *("reasoning_details", "thinking_blocks", "images", "audio", "cache_control", "annotations"),
)
MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "user", "assistant", "tool", "function", "developer", "x"])},
    optional=dict.fromkeys(HELD, JSON),
)


@given(st.lists(MESSAGE | JSON, max_size=4), st.dictionaries(FIELDS, JSON, max_size=4))
def test_whatever_is_sent_is_read_or_refused(messages: list[Any], fields: dict[str, Any]) -> None:
    """Trap 85: never a 500."""
    body = json.dumps({"model": "m", "messages": messages, **fields}).encode()
    with suppress(InvalidRequest):
        assert len(CALLER.read(body, {}).chat.messages) == len(messages)


def test_kin_only_names_are_the_callers_own() -> None:
    assert read(logit_bias={"1": 1}).kin_only == (KinOnly("logit_bias"),)
