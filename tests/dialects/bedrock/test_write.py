"""Requests in Converse's words."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from botocore.session import get_session
from botocore.validate import ParamValidator

from shared.chat.request import (
    CachePoint,
    ChatRequest,
    Media,
    Message,
    Reasoning,
    ResponseFormat,
    Text,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from shared.dialects.bedrock import DIALECT
from shared.errors import InvalidRequest, UnsupportedParameter
from tests.fakes.requests import (
    HELLO,
    NOW,
    PDF,
    PICTURE,
    PIXEL,
    SCHEMA,
    TWO_CALLS,
    WEATHER,
    result,
    rich_requests,
    user,
    validator,
)

CLAUDE = replace(HELLO, model="us.anthropic.claude-haiku-4-5-20251001-v1:0")
LATER_CLAUDE = replace(HELLO, model="us.anthropic.claude-sonnet-5")
OLD_CLAUDE = replace(HELLO, model="anthropic.claude-3-sonnet-20240229-v1:0")
NOVA = replace(HELLO, model="amazon.nova-lite-v1:0")
NOVA_2 = replace(HELLO, model="us.amazon.nova-2-lite-v1:0")
LLAMA = replace(HELLO, model="us.meta.llama3-3-70b-instruct-v1:0")
HOUR = CachePoint("1h")


def write(request: ChatRequest = CLAUDE, largest: int | None = None, **changes: Any) -> dict[str, Any]:
    return DIALECT.write(replace(request, **changes), largest).body


def asked(*messages: Message, model: ChatRequest = CLAUDE) -> Any:
    return write(model, messages=messages)["messages"]


def refusal(request: ChatRequest, **changes: Any) -> str | None:
    with pytest.raises(UnsupportedParameter) as caught:
        write(request, **changes)
    return caught.value.parameter


@cache
def converse() -> Any:
    return get_session().get_service_model("bedrock-runtime").operation_model("Converse").input_shape


def in_python(value: Any, shape: Any) -> Any:
    """As botocore, whose shapes have types of their own, takes it: bytes where the wire has base64."""
    match shape.type_name:
        case "structure" if isinstance(value, dict) and not getattr(shape, "is_document_type", False):
            return {name: in_python(given, shape.members[name]) for name, given in value.items()}
        case "list":
            return [in_python(given, shape.member) for given in value]
        case "blob":
            return base64.b64decode(value, validate=True)
        case _:
            return value


def everything() -> Iterator[ChatRequest]:
    """More than every large provider takes."""
    for request in (*rich_requests(CLAUDE.model), *rich_requests(LATER_CLAUDE.model)):
        if not ((request.reasoning_effort or request.reasoning_budget) and request.top_k):
            yield request
    cached = Text("Long.", HOUR)
    yield replace(CLAUDE, messages=(Message("system", (cached,)), user(cached)), tools=(replace(NOW, cache=HOUR),))
    yield replace(CLAUDE, tools=(WEATHER, NOW), parallel_tool_calls=False, stop=("END",), service_tier="flex")
    yield replace(NOVA_2, reasoning_effort="high", metadata={"team": "a b", "no*": "x", "y": "é"})
    media = (Media("video", "video/mp4", PIXEL), Media("audio", "audio/wav", PIXEL), Media("image", url="s3://b/a.png"))
    yield replace(NOVA, messages=(user("x", *media, replace(PDF, context="c")),), top_k=3)


def test_botocores_own_model_takes_what_is_written() -> None:
    for request in everything():
        body = in_python(json.loads(json.dumps(DIALECT.write(request, None).body)), converse())
        report = ParamValidator().validate({"modelId": request.model, **body}, converse())
        assert not report.has_errors(), report.generate_report()


def test_the_validator_of_the_recordings_takes_it_too(shared_material: Path) -> None:
    validate = validator(shared_material)

    for request in everything():
        assert validate("bedrock", "converse", json.loads(json.dumps(DIALECT.write(request, None).body))).errors == []


@pytest.mark.parametrize(
    ("model", "encoded"),
    [
        ("amazon.nova-lite-v1:0", "amazon.nova-lite-v1%3A0"),
        (
            "arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/a1b2",
            "arn%3Aaws%3Abedrock%3Aeu-central-1%3A123456789012%3Aapplication-inference-profile%2Fa1b2",
        ),
        ("../../x?y#z", "..%2F..%2Fx%3Fy%23z"),
    ],
)
def test_a_name_is_percent_encoded_whole(model: str, encoded: str) -> None:
    """Threat E7."""
    plain, stream = (DIALECT.write(replace(HELLO, model=model, stream=stream), None) for stream in (False, True))

    assert (plain.path, dict(plain.headers)) == (f"/model/{encoded}/converse", {})
    assert stream.path == f"/model/{encoded}/converse-stream"
    assert stream.headers["accept"] == "application/vnd.amazon.eventstream"
    assert plain.body == stream.body == {"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}


def test_sampling_has_its_own_corner() -> None:
    body = write(max_tokens=50, temperature=0.5, top_p=0.9, top_k=40, stop=("END",), service_tier="priority")

    assert body["inferenceConfig"] == {"maxTokens": 50, "temperature": 0.5, "topP": 0.9, "stopSequences": ["END"]}
    assert body["additionalModelRequestFields"] == {"top_k": 40}
    assert body["additionalModelResponseFieldPaths"] == ["/stop_sequence"]
    assert body["serviceTier"] == {"type": "priority"}


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (NOVA, {"inferenceConfig": {"topK": 4}}),
        (replace(HELLO, model="cohere.command-r-plus-v1:0"), {"k": 4}),
        (replace(HELLO, model="arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-v2"), {"top_k": 4}),
    ],
)
def test_top_k_is_said_in_the_models_own_words(request_: ChatRequest, fields: dict[str, Any]) -> None:
    assert write(request_, top_k=4)["additionalModelRequestFields"] == fields


@pytest.mark.parametrize(
    ("changes", "parameter"),
    [
        ({"n": 2}, "options.n"),
        ({"seed": 1}, "options.seed"),
        ({"logprobs": True}, "options.logprobs"),
        ({"top_logprobs": 3}, "options.topLogprobs"),
        ({"frequency_penalty": 0.5}, "options.frequencyPenalty"),
        ({"presence_penalty": 0.5}, "options.presencePenalty"),
        ({"verbosity": "low"}, "options.verbosity"),
        ({"service_tier": "scale"}, "options.serviceTier"),
        ({"top_k": 4}, "options.topK"),
        ({"reasoning_effort": "low"}, "options.reasoningEffort"),
        ({"reasoning_budget": 2048}, "options.reasoningBudget"),
        ({"tools": (NOW,), "parallel_tool_calls": False}, "options.parallelToolCalls"),
        ({"tools": (NOW,), "messages": TWO_CALLS, "tool_choice": ToolChoice("none")}, "options.toolChoice"),
    ],
)
def test_what_the_model_cannot_do_is_refused_by_name(changes: dict[str, Any], parameter: str) -> None:
    """Traps 81, 87."""
    assert refusal(LLAMA, **changes) == parameter


def test_values_that_ask_for_nothing_are_no_wish() -> None:
    neutral: dict[str, Any] = {
        "n": 1,
        "logprobs": False,
        "frequency_penalty": 0,
        "service_tier": "auto",
        "top_logprobs": 0,
    }

    assert write(LLAMA, **neutral).keys() == {"messages"}


def test_all_instructions_are_said_and_empty_texts_are_not() -> None:
    """Traps 53, 58."""
    messages = (Message("system", (Text("Be kind."), Text(" "))), user("Hi", ""), Message("system", (Text("Rhyme."),)))

    assert write(messages=messages) == {
        "system": [{"text": "Be kind."}, {"text": "Rhyme."}],
        "messages": [{"role": "user", "content": [{"text": "Hi"}]}],
    }


def test_instructions_alone_are_what_the_user_says_and_nothing_is_refused() -> None:
    assert write(messages=(Message("system", (Text("Go."),)),)) == {
        "messages": [{"role": "user", "content": [{"text": "Go."}]}]
    }
    with pytest.raises(InvalidRequest):
        write(messages=(user(" "),))


def test_parallel_results_are_one_turn_and_come_first() -> None:
    """Traps 38, 39, 82."""
    said = write(messages=(*TWO_CALLS, user("And?")), tools=(WEATHER, NOW))["messages"]

    assert [turn["role"] for turn in said] == ["user", "assistant", "user"]
    assert said[1]["content"][-2:] == [
        {"toolUse": {"toolUseId": "a", "name": "weather", "input": {"city": "Łódź"}}},
        {"toolUse": {"toolUseId": "b", "name": "now", "input": {}}},
    ]
    image = {"image": {"format": "png", "source": {"bytes": PIXEL}}}
    assert said[2]["content"] == [
        {"toolResult": {"toolUseId": "b", "content": [{"text": "noon"}]}},
        {"toolResult": {"toolUseId": "a", "content": [{"text": '{"$ref": "rain"}'}, image]}},
        {"text": "And?"},
    ]


def test_a_failed_call_says_so() -> None:
    said = asked(result("a", is_error=True))[0]["content"]

    assert said == [{"toolResult": {"toolUseId": "a", "content": [], "status": "error"}}]


def test_ids_of_other_providers_fit_and_still_meet() -> None:
    """Trap 41."""
    long = "call|" + "x" * 80
    calls = Message("assistant", (ToolCall(long, "now"), ToolCall(f"{long}y", "now")))
    _, called, answered = write(messages=(user("x"), calls, result(long, Text("noon"))), tools=(NOW,))["messages"]
    first, second = (block["toolUse"]["toolUseId"] for block in called["content"])

    assert answered["content"][0]["toolResult"]["toolUseId"] == first != second
    assert len(first) <= 64
    assert "|" not in first


def test_thinking_goes_back_byte_exact_and_somebody_elses_does_not() -> None:
    """Trap 52."""
    thoughts = (Reasoning("Hm.", "Eq+/="), Reasoning(redacted="Emw+/A=="), Reasoning("unsigned"))

    assert asked(user("x"), Message("assistant", (*thoughts, Text("y"))))[1]["content"] == [
        {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "Eq+/="}}},
        {"reasoningContent": {"redactedContent": "Emw+/A=="}},
        {"text": "y"},
    ]


@pytest.mark.parametrize(
    ("model", "taken"),
    [
        ("arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/a1b2", True),
        (NOVA_2.model, False),
        (LLAMA.model, False),
    ],
)
def test_a_model_that_signs_nothing_is_handed_no_signed_thinking(model: str, taken: bool) -> None:  # noqa: FBT001 - a column of the table
    said = asked(
        user("x"), Message("assistant", (Reasoning("Hm.", "Eq+/="), Text("y"))), model=replace(HELLO, model=model)
    )

    assert [list(block) for block in said[1]["content"]] == ([["reasoningContent"]] if taken else []) + [["text"]]


@pytest.mark.parametrize(
    ("media", "block"),
    [
        (Media("image", "image/jpg", "QQ=="), {"image": {"format": "jpeg", "source": {"bytes": "QQ=="}}}),
        (Media("file", "image/webp", "QQ=="), {"image": {"format": "webp", "source": {"bytes": "QQ=="}}}),
        (Media("video", "video/3gpp", "QQ=="), {"video": {"format": "three_gp", "source": {"bytes": "QQ=="}}}),
        (Media("file", "video/mp4", "QQ=="), {"video": {"format": "mp4", "source": {"bytes": "QQ=="}}}),
        (Media("audio", "audio/mpeg", "QQ=="), {"audio": {"format": "mp3", "source": {"bytes": "QQ=="}}}),
        (
            Media("video", url="s3://bucket/film.MKV"),
            {"video": {"format": "mkv", "source": {"s3Location": {"uri": "s3://bucket/film.MKV"}}}},
        ),
        (
            Media("file", "text/x-python", "QQ==", name="a_b.py", context="code"),
            {"document": {"format": "txt", "source": {"bytes": "QQ=="}, "name": "a-b-py", "context": "code"}},
        ),
        (
            Media("file", data="QQ==", name="report.docx"),
            {"document": {"format": "docx", "source": {"bytes": "QQ=="}, "name": "report-docx"}},
        ),
    ],
)
def test_media_are_named_by_format(media: Media, block: dict[str, Any]) -> None:
    assert asked(user(media))[0]["content"] == [block]


@pytest.mark.parametrize(
    "media",
    [
        Media("image", "image/tiff", "QQ=="),
        Media("image", data="QQ=="),
        Media("file", "application/zip", "QQ=="),
        Media("audio", "audio/midi", "QQ=="),
        Media("image", "image/png", url="https://example.com/a.png"),
    ],
)
def test_what_bedrock_does_not_read_is_refused_where_it_stands(media: Media) -> None:
    """Trap 51: what lies on the web comes here as bytes, or not at all."""
    assert refusal(CLAUDE, messages=(user("look", media),)) == "messages[0].content[1]"
    assert not DIALECT.fetches


def test_instructions_and_results_take_no_sound() -> None:
    sound = Media("audio", "audio/wav", "QQ==")

    assert refusal(CLAUDE, messages=(Message("system", (PICTURE,)), user("x"))) == "messages[0]"
    assert refusal(CLAUDE, messages=(Message("tool", (ToolResult("a", (sound,)),)),)) == "messages[0].content[0]"


def test_documents_have_neat_names_and_each_its_own() -> None:
    names = ["Bericht  (é) [1].pdf", "a.pdf", "a.pdf", "a pdf", "***", None, "x" * 400]
    said = asked(user(*[replace(PDF, name=name) for name in names]))[0]["content"]

    assert [block["document"]["name"] for block in said] == [
        "Bericht (-) [1]-pdf",
        "a-pdf",
        "a-pdf (2)",
        "a pdf",
        "document",
        "document (2)",
        "x" * 190,
    ]


def test_tools_and_choices() -> None:
    body = write(tools=(WEATHER, NOW), tool_choice=ToolChoice("tool", "now"))["toolConfig"]

    assert body["toolChoice"] == {"tool": {"name": "now"}}
    assert body["tools"][0]["toolSpec"]["inputSchema"] == {"json": SCHEMA}
    assert body["tools"][0]["toolSpec"]["strict"] is True
    assert body["tools"][1] == {
        "toolSpec": {"name": "now", "inputSchema": {"json": {"type": "object", "properties": {}}}}
    }
    assert write(tools=(NOW,), tool_choice=ToolChoice("required"))["toolConfig"]["toolChoice"] == {"any": {}}
    assert write(tools=(NOW,), tool_choice=ToolChoice("auto"))["toolConfig"]["toolChoice"] == {"auto": {}}
    assert "toolChoice" not in write(tools=(NOW,))["toolConfig"]


@pytest.mark.parametrize(
    ("choice", "parallel", "words"),
    [
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (ToolChoice("required"), False, {"type": "any", "disable_parallel_tool_use": True}),
        (ToolChoice("tool", "now"), False, {"type": "tool", "name": "now", "disable_parallel_tool_use": True}),
        (ToolChoice("none"), False, {"type": "none"}),
        (ToolChoice("none"), None, {"type": "none"}),
    ],
)
def test_claude_is_told_in_its_own_words_what_converse_has_no_word_for(
    choice: ToolChoice | None,
    parallel: bool | None,  # noqa: FBT001 - a column of the table
    words: dict[str, Any],
) -> None:
    """Trap 87."""
    body = write(tools=(NOW,), tool_choice=choice, parallel_tool_calls=parallel)

    assert body["additionalModelRequestFields"] == {"tool_choice": words}
    assert body["toolConfig"].keys() == {"tools"}


def test_tools_that_may_not_be_called_are_not_shown_to_others() -> None:
    assert "toolConfig" not in write(LLAMA, tools=(NOW,), tool_choice=ToolChoice("none"))


def test_calls_of_tools_that_nobody_declared_are_refused_in_our_words() -> None:
    with pytest.raises(InvalidRequest) as caught:
        write(messages=TWO_CALLS)
    assert (caught.value.parameter, caught.value.code) == ("options.tools", "invalid_request")


def test_json_after_a_schema() -> None:
    named = ResponseFormat("json_schema", "answer", SCHEMA, strict=True, description="d")
    wanted = write(response_format=named)["outputConfig"]["textFormat"]

    assert wanted["type"] == "json_schema"
    assert json.loads(wanted["structure"]["jsonSchema"].pop("schema")) == SCHEMA
    assert wanted["structure"] == {"jsonSchema": {"name": "answer", "description": "d"}}


def test_a_budget_of_thinking_has_room_beside_it() -> None:
    """Traps 54, 55: no `maxTokens` unless somebody asked for one, or a budget needs one."""
    body = write(reasoning_budget=2048, max_tokens=1000)

    assert body["additionalModelRequestFields"] == {"thinking": {"type": "enabled", "budget_tokens": 2048}}
    assert body["inferenceConfig"] == {"maxTokens": 3048}
    assert write(reasoning_effort="low", largest=64_000)["inferenceConfig"] == {"maxTokens": 64_000}
    assert "inferenceConfig" not in write(largest=64_000)
    assert "inferenceConfig" not in write(LATER_CLAUDE, reasoning_effort="low", largest=64_000)


def test_later_claudes_are_told_an_effort() -> None:
    body = write(LATER_CLAUDE, reasoning_effort="xhigh")

    assert body["additionalModelRequestFields"] == {"thinking": {"type": "adaptive", "display": "summarized"}}
    assert body["outputConfig"] == {"effort": "xhigh"}
    assert write(LATER_CLAUDE, reasoning_effort="none")["additionalModelRequestFields"] == {
        "thinking": {"type": "disabled"}
    }


def test_thinking_rests_where_earlier_calls_came_without_it() -> None:
    """Trap 84."""
    calls = tuple(
        replace(message, parts=tuple(part for part in message.parts if not isinstance(part, Reasoning)))
        for message in TWO_CALLS
    )

    assert "additionalModelRequestFields" not in write(messages=calls, tools=(WEATHER, NOW), reasoning_budget=2048)


@pytest.mark.parametrize(
    ("changes", "parameter"),
    [
        ({"temperature": 0.5}, "options.temperature"),
        ({"top_p": 0.5}, "options.topP"),
        ({"top_k": 5}, "options.topK"),
    ],
)
def test_a_thinking_claude_takes_no_sampling(changes: dict[str, Any], parameter: str) -> None:
    assert refusal(CLAUDE, reasoning_budget=2048, **changes) == parameter


@pytest.mark.parametrize(
    ("model", "effort", "fields"),
    [
        (NOVA_2.model, "minimal", {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}}),
        (NOVA_2.model, "none", {"reasoningConfig": {"type": "disabled"}}),
        ("openai.gpt-oss-20b-1:0", "high", {"reasoning_effort": "high"}),
        ("qwen.qwen3-32b-v1:0", "medium", {"reasoning_config": "medium"}),
    ],
)
def test_others_who_think_have_words_of_their_own(model: str, effort: str, fields: dict[str, Any]) -> None:
    assert write(NOVA_2, model=model, reasoning_effort=effort)["additionalModelRequestFields"] == fields
    assert refusal(NOVA_2, model=model, reasoning_effort="xhigh") == "options.reasoningEffort"


def test_cache_points_stand_behind_what_is_worth_keeping() -> None:
    """Trap 56."""
    messages = (
        Message("system", (Text("Long.", HOUR),)),
        user("Hi"),
        Message("assistant", (ToolCall("a", "now"),)),
        Message("tool", (ToolResult("a", (Text("noon"),), cache=CachePoint()),)),
    )
    tools, hour, plain = (replace(NOW, cache=CachePoint("7d")),), {"type": "default", "ttl": "1h"}, {"type": "default"}
    body = write(messages=messages, tools=tools)

    assert body["system"] == [{"text": "Long."}, {"cachePoint": hour}]
    assert body["messages"][2]["content"][1:] == [{"cachePoint": plain}]
    assert body["toolConfig"]["tools"][1:] == [{"cachePoint": plain}]


@pytest.mark.parametrize(
    ("model", "system", "tools"),
    [
        (CLAUDE.model, {"type": "default", "ttl": "1h"}, True),
        ("us.anthropic.claude-opus-4-1-20250805-v1:0", {"type": "default"}, True),
        ("us.anthropic.claude-3-7-sonnet-20250219-v1:0", {"type": "default"}, True),
        (NOVA.model, {"type": "default"}, False),
        (OLD_CLAUDE.model, None, False),
        (LLAMA.model, None, False),
    ],
)
def test_a_model_that_keeps_nothing_is_given_no_hint(model: str, system: dict[str, str] | None, tools: bool) -> None:  # noqa: FBT001 - a column of the table
    """Trap 56: a time to live only where it is taken."""
    messages = (Message("system", (Text("Long.", HOUR),)), user("Hi"))
    body = write(CLAUDE, model=model, messages=messages, tools=(replace(NOW, cache=HOUR),))

    assert body["system"][1:] == ([{"cachePoint": system}] if system else [])
    assert len(body["toolConfig"]["tools"]) == (2 if tools else 1)


def test_of_many_cache_points_the_last_four_stay() -> None:
    """Trap 56."""
    parts = [Text(f"{number}", CachePoint()) for number in range(5)]
    body = write(messages=(Message("system", (parts[0],)), user(*parts)), tools=(replace(NOW, cache=CachePoint()),))

    assert body["system"] == [{"text": "0"}]
    assert len(body["toolConfig"]["tools"]) == 1
    assert ["cachePoint" in block for block in body["messages"][0]["content"]] == [
        False, False, True, False, True, False, True, False, True,
    ]  # fmt: skip


def test_labels_that_aws_takes_go_into_its_logs() -> None:
    labels = {"team": "a b", "no*": "x", "umlaut": "é", **{f"l{number}": "v" for number in range(20)}}
    said = write(metadata=labels, user="u1")["requestMetadata"]

    assert len(said) == 16
    assert said["team"] == "a b"
    assert said.keys().isdisjoint({"no*", "umlaut"})
