"""Requests in Anthropic's words."""

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

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
from shared.dialects.anthropic import DIALECT
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

OLD = replace(HELLO, model="claude-sonnet-4-5")
NEW = replace(HELLO, model="claude-opus-4-7")


def write(request: ChatRequest = OLD, largest: int | None = None, **changes: Any) -> dict[str, Any]:
    return DIALECT.write(replace(request, **changes), largest).body


def asked(*messages: Message) -> Any:
    return write(messages=messages)["messages"]


@pytest.mark.parametrize("model", ["claude-sonnet-4-5", "claude-opus-4-7", "kimi-k2"])
def test_the_official_types_take_what_is_written(shared_material: Path, model: str) -> None:
    validate = validator(shared_material)

    for request in rich_requests(model):
        if (request.reasoning_effort or request.reasoning_budget) and request.top_k:
            continue
        body = json.loads(json.dumps(DIALECT.write(request, None).body))
        assert validate("anthropic", "messages", body).errors == []


def test_path_headers_and_the_least_body() -> None:
    written = DIALECT.write(OLD, None)

    assert (written.path, written.query, dict(written.headers)) == (
        "/v1/messages",
        "",
        {"anthropic-version": "2023-06-01"},
    )
    assert written.body == {
        "model": "claude-sonnet-4-5",
        "max_tokens": 8192,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}],
    }
    assert write(stream=True)["stream"] is True


def test_max_tokens_comes_from_the_caller_else_the_catalogue_else_8192() -> None:
    """Trap 55."""
    assert [
        write(largest=largest, max_tokens=wanted)["max_tokens"]
        for wanted, largest in ((5, 64000), (None, 64000), (None, None))
    ] == [
        5,
        64000,
        8192,
    ]


def test_all_system_messages_are_merged() -> None:
    """Trap 58."""
    body = write(messages=(Message("system", (Text("Be kind."),)), user("Hi"), Message("system", (Text("Rhyme."),))))

    assert body["system"] == [{"type": "text", "text": "Be kind."}, {"type": "text", "text": "Rhyme."}]
    assert [message["role"] for message in body["messages"]] == ["user"]


def test_instructions_alone_are_what_the_user_says() -> None:
    body = write(messages=(Message("system", (Text("Write a poem."),)),))

    assert "system" not in body
    assert body["messages"] == [{"role": "user", "content": [{"type": "text", "text": "Write a poem."}]}]


def test_nothing_at_all_is_refused() -> None:
    """Trap 85."""
    with pytest.raises(InvalidRequest) as caught:
        write(messages=(user(" "),))

    assert caught.value.parameter == "messages"


def test_empty_text_is_dropped_and_turns_of_one_role_are_merged() -> None:
    """Trap 53."""
    assert asked(user("a", "", " \n"), user("b"), Message("assistant", (Text(""),)), user("c")) == [
        {"role": "user", "content": [{"type": "text", "text": word} for word in "abc"]}
    ]


def test_parallel_results_come_in_one_message_and_first() -> None:
    """Traps 39, 82."""
    messages = asked(*TWO_CALLS[:3], user("And?"), TWO_CALLS[3])

    assert [block["type"] for block in messages[2]["content"]] == ["tool_result", "tool_result", "text"]
    assert messages[2]["content"][0] == {
        "type": "tool_result",
        "tool_use_id": "b",
        "content": [{"type": "text", "text": "noon"}],
    }
    assert messages[2]["content"][1]["content"][1]["source"]["data"] == PIXEL


def test_calls_and_thinking_of_an_earlier_turn_go_back() -> None:
    """Traps 38, 41, 52."""
    assert asked(*TWO_CALLS)[1]["content"] == [
        {"type": "thinking", "thinking": "Two cities.", "signature": "EqQBCkYI"},
        {"type": "text", "text": "I look."},
        {"type": "tool_use", "id": "a", "name": "weather", "input": {"city": "Łódź"}},
        {"type": "tool_use", "id": "b", "name": "now", "input": {}},
    ]


def test_encrypted_thinking_goes_back_byte_exact_and_unsigned_thinking_does_not() -> None:
    """Trap 52."""
    thoughts = Message("assistant", (Reasoning(redacted="Emw+/="), Reasoning("somebody else's"), Text("Hi")))

    assert asked(user("a"), thoughts)[1]["content"] == [
        {"type": "redacted_thinking", "data": "Emw+/="},
        {"type": "text", "text": "Hi"},
    ]


def test_a_failed_call_is_told_as_one() -> None:
    messages = asked(*TWO_CALLS[:2], result("a", Text("no"), is_error=True), result("b"))

    assert messages[2]["content"] == [
        {"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text", "text": "no"}], "is_error": True},
        {"type": "tool_result", "tool_use_id": "b"},
    ]


@pytest.mark.parametrize("arguments", ["[1]", "{broken", '"text"'])
def test_arguments_that_are_no_object_are_refused_by_name(arguments: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        asked(user("a"), Message("assistant", (ToolCall("a", "f", arguments),)))

    assert caught.value.parameter == "messages[1].tool_calls"


@pytest.mark.parametrize(
    ("media", "block"),
    [
        (PICTURE, {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}),
        (
            Media("image", url="https://a.example/b.png"),
            {"type": "image", "source": {"type": "url", "url": "https://a.example/b.png"}},
        ),
        (
            PDF,
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": PDF.data},
                "title": "a.pdf",
            },
        ),
        (
            Media("file", url="https://a.example/b"),
            {"type": "document", "source": {"type": "url", "url": "https://a.example/b"}},
        ),
        (
            Media("file", "text/csv", base64.b64encode("a,é".encode()).decode()),
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "a,é"}},
        ),
        (
            Media("image", "image/jpg", "/9j/"),
            {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "/9j/"}},
        ),
        (
            Media("file", "image/png", PIXEL),
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}},
        ),
    ],
)
def test_pictures_and_documents_are_blocks(media: Media, block: dict[str, Any]) -> None:
    assert asked(user(media))[0]["content"] == [block]


@pytest.mark.parametrize(
    "media",
    [
        Media("audio", "audio/wav", "UklG"),
        Media("video", "video/mp4", "AAAA"),
        Media("file", "application/zip", "UEsD"),
        Media("image", url="gs://bucket/a.png"),
        Media("image", data=PIXEL),
        Media("file", "text/plain", "not base64!"),
    ],
)
def test_what_claude_cannot_see_is_refused_by_name(media: Media) -> None:
    """Trap 81."""
    with pytest.raises(InvalidRequest) as caught:
        asked(user("Look:", media))

    assert caught.value.parameter == "messages[0].content[1]"


def test_tools_have_an_input_schema() -> None:
    assert write(tools=(WEATHER, NOW))["tools"] == [
        {"name": "weather", "description": "The weather of a city.", "input_schema": SCHEMA, "strict": True},
        {"name": "now", "input_schema": {"type": "object", "properties": {}}},
    ]


@pytest.mark.parametrize(
    ("choice", "parallel", "written"),
    [
        (None, None, None),
        (None, True, None),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (ToolChoice("auto"), None, {"type": "auto"}),
        (ToolChoice("none"), False, {"type": "none"}),
        (ToolChoice("required"), False, {"type": "any", "disable_parallel_tool_use": True}),
        (ToolChoice("tool", "now"), None, {"type": "tool", "name": "now"}),
    ],
)
def test_the_choice_of_tools_crosses(choice: ToolChoice | None, parallel: Any, written: Any) -> None:
    """Trap 87."""
    body = write(tools=(NOW,), tool_choice=choice, parallel_tool_calls=parallel)

    assert body.get("tool_choice") == written


def test_a_choice_without_tools_is_not_written() -> None:
    assert "tool_choice" not in write(tool_choice=ToolChoice("auto"), parallel_tool_calls=False)


@pytest.mark.parametrize(
    ("changes", "parameter"),
    [
        ({"temperature": 1.5}, "options.temperature"),
        ({"n": 2}, "options.n"),
        ({"seed": 7}, "options.seed"),
        ({"logprobs": True}, "options.logprobs"),
        ({"top_logprobs": 3}, "options.topLogprobs"),
        ({"frequency_penalty": 0.5}, "options.frequencyPenalty"),
        ({"presence_penalty": 0.5}, "options.presencePenalty"),
        ({"service_tier": "flex"}, "options.serviceTier"),
        ({"reasoning_effort": "heroic"}, "options.reasoningEffort"),
        ({"reasoning_effort": "high", "temperature": 0.2}, "options.temperature"),
        ({"reasoning_budget": 2000, "top_p": 0.5}, "options.topP"),
        ({"reasoning_budget": 2000, "top_k": 5}, "options.topK"),
    ],
)
def test_what_anthropic_cannot_do_is_refused_by_name(changes: dict[str, Any], parameter: str) -> None:
    """Trap 81."""
    with pytest.raises(UnsupportedParameter, match="Anthropic") as caught:
        write(**changes)

    assert caught.value.parameter == parameter


def test_values_that_ask_for_nothing_are_no_reason_to_refuse() -> None:
    neutral = write(
        n=1,
        logprobs=False,
        top_logprobs=0,
        frequency_penalty=0.0,
        presence_penalty=0,
        reasoning_effort="low",
        temperature=1,
    )

    assert not neutral.keys() & {"n", "logprobs", "top_logprobs", "frequency_penalty", "presence_penalty"}


def test_a_schema_for_the_answer_is_an_output_format() -> None:
    body = write(response_format=ResponseFormat("json_schema", "answer", SCHEMA, strict=True))

    assert body["output_config"] == {"format": {"type": "json_schema", "schema": SCHEMA}}


def test_the_user_is_named_and_the_tier_translated() -> None:
    body = write(user="u1", service_tier="default", stop=("END",))

    assert (body["metadata"], body["service_tier"], body["stop_sequences"]) == (
        {"user_id": "u1"},
        "standard_only",
        ["END"],
    )


def test_a_prefilled_answer_is_left_as_it_is() -> None:
    """Trap 57."""
    assert asked(user("a"), Message("assistant", (Text("The answer is ("),)))[-1] == {
        "role": "assistant",
        "content": [{"type": "text", "text": "The answer is ("}],
    }


def test_breakpoints_of_the_cache_are_kept() -> None:
    """Trap 56: on texts, pictures, calls, results and tools, with the time to live where one was said."""
    hour, usual = CachePoint("1h"), CachePoint()
    messages = (
        user(replace(PICTURE, cache=hour)),
        Message("assistant", (ToolCall("a", "now", cache=usual),)),
        Message("tool", (ToolResult("a", (Text("noon"),), cache=usual),)),
    )

    body = write(messages=messages, tools=(replace(WEATHER, cache=hour),))

    kept = [block["cache_control"] for message in body["messages"] for block in message["content"]]
    assert [*kept, body["tools"][0]["cache_control"]] == [
        {"type": "ephemeral", "ttl": "1h"},
        {"type": "ephemeral"},
        {"type": "ephemeral"},
        {"type": "ephemeral", "ttl": "1h"},
    ]
    assert asked(Message("system", (Text("Rhyme.", usual),)), user("Hi")) == [
        {"role": "user", "content": [{"type": "text", "text": "Hi"}]}
    ]


def test_more_than_four_breakpoints_are_refused() -> None:
    """Trap 56."""
    with pytest.raises(InvalidRequest) as caught:
        write(messages=(user(*[Text(str(number), CachePoint()) for number in range(5)]),))

    assert caught.value.parameter == "messages"


def test_a_document_is_told_about() -> None:
    block = asked(user(replace(PDF, context="Of 2026.")))[0]["content"][0]

    assert (block["title"], block["context"]) == ("a.pdf", "Of 2026.")
