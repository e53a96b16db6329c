"""What every OpenAI-like provider is asked, before its row spells it."""

from dataclasses import replace
from typing import Any

import pytest

from shared.chat.request import (
    ChatRequest,
    Media,
    Message,
    Refusal,
    ResponseFormat,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from shared.dialects.openai.write import kin, write
from shared.errors import UnsupportedParameter

PLAIN = ChatRequest("m", (Message("user", (Text("Hi"),)),))


def body(**wishes: Any) -> dict[str, Any]:
    return write(replace(PLAIN, **wishes), None).body


def messages(*turns: Message) -> list[dict[str, Any]]:
    written: list[dict[str, Any]] = body(messages=turns)["messages"]
    return written


def test_what_the_caller_left_out_is_left_out() -> None:
    written = write(PLAIN, 4096)

    assert (written.path, written.query, dict(written.headers)) == ("/chat/completions", "", {})
    assert written.body == {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}


def test_false_and_zero_are_wishes() -> None:
    assert (
        body(temperature=0.0, logprobs=False, seed=0).items()
        >= {"temperature": 0.0, "logprobs": False, "seed": 0}.items()
    )


def test_a_stream_always_asks_for_its_usage() -> None:
    """Trap 16."""
    assert body(stream=True)["stream_options"] == {"include_usage": True}
    own = {"stream_options": {"include_obfuscation": False, "include_usage": False}}
    assert kin(own, replace(PLAIN, stream=True))["stream_options"] == {
        "include_obfuscation": False,
        "include_usage": True,
    }


def test_every_tool_result_is_a_message_of_its_own_with_its_id() -> None:
    """Traps 41, 82."""
    results = (ToolResult("b", (Text("2"),)), ToolResult("a", (Text("1"), Text("!"))))

    assert messages(Message("tool", results)) == [
        {"role": "tool", "tool_call_id": "b", "content": "2"},
        {
            "role": "tool",
            "tool_call_id": "a",
            "content": [{"type": "text", "text": "1"}, {"type": "text", "text": "!"}],
        },
    ]


def test_an_earlier_answer_keeps_its_calls_and_its_refusal() -> None:
    """Traps 25, 38."""
    calls = Message("assistant", (ToolCall("a", "f", ""),))

    assert messages(calls, Message("assistant", (Refusal("no"),)), Message("assistant", ())) == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
        },
        {"role": "assistant", "content": None, "refusal": "no"},
        {"role": "assistant", "content": ""},
    ]


@pytest.mark.parametrize(
    ("media", "part"),
    [
        (
            Media("image", "image/png", "aGk=", detail="low"),
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk=", "detail": "low"}},
        ),
        (Media("image", url="https://x.example"), {"type": "image_url", "image_url": {"url": "https://x.example"}}),
        (
            Media("file", "application/pdf", "aGk="),
            {"type": "file", "file": {"filename": "document.pdf", "file_data": "data:application/pdf;base64,aGk="}},
        ),
        (
            Media("audio", "audio/mpeg", "aGk="),
            {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "mp3"}},
        ),
        (
            Media("audio", "audio/x-flac", "aGk="),
            {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "flac"}},
        ),
        (Media("video", url="https://x.example"), {"type": "video_url", "video_url": {"url": "https://x.example"}}),
    ],
)
def test_media_are_parts(media: Media, part: dict[str, Any]) -> None:
    assert messages(Message("user", (Text("see"), media)))[0]["content"] == [{"type": "text", "text": "see"}, part]


def test_what_a_tool_shows_is_shown_behind_the_results_of_its_turn() -> None:
    picture = Media("image", "image/png", "aGk=")
    results = Message("tool", (ToolResult("a", (Text("done"), picture)), ToolResult("b", (Text("rain"),))))

    said = messages(results, Message("user", (Text("and?"),)))

    assert [turn["role"] for turn in said] == ["tool", "tool", "user", "user"]
    assert said[0]["content"][0] == {"type": "text", "text": "done"}
    assert said[1] == {"role": "tool", "tool_call_id": "b", "content": "rain"}
    assert said[2]["content"][1]["image_url"]["url"] == "data:image/png;base64,aGk="
    assert said[3]["content"] == "and?"


@pytest.mark.parametrize(
    "turn",
    [
        Message("user", (Media("audio", url="https://x.example/a.wav"),)),
        Message("assistant", (Media("image", "image/png", "aGk="),)),
    ],
)
def test_what_no_openai_like_api_can_be_told_is_refused(turn: Message) -> None:
    """Trap 81."""
    with pytest.raises(UnsupportedParameter) as caught:
        messages(turn)

    assert caught.value.parameter == "messages[0].content"


def test_tools_and_formats() -> None:
    """Trap 87."""
    asked = body(
        tools=(Tool("f", None, {"type": "object"}, strict=True),),
        tool_choice=ToolChoice("tool", "f"),
        response_format=ResponseFormat("json_schema", schema={"type": "object"}),
        stop=("a", "b"),
    )

    assert asked["tools"] == [
        {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}, "strict": True}}
    ]
    assert asked["tool_choice"] == {"type": "function", "function": {"name": "f"}}
    assert asked["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": {"type": "object"}},
    }
    assert asked["stop"] == ["a", "b"]
