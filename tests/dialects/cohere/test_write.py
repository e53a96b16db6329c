"""Requests in Cohere's words."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared.chat.request import (
    ChatRequest,
    Media,
    Message,
    Reasoning,
    ResponseFormat,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
)
from shared.dialects.cohere import DIALECT
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

NOTES = Media("file", "text/plain", "R3JheiBpcyBzdW5ueS4=", name="notes.txt")
NO_PICTURES = (
    *TWO_CALLS[:2],
    result("b", Text("noon")),
    result("a", Text('{"$ref": "rain"}')),
)
"""Cohere takes only text from a tool."""


def write(request: ChatRequest = HELLO, **changes: Any) -> dict[str, Any]:
    return DIALECT.write(replace(request, **changes), None).body


def asked(*messages: Message) -> Any:
    return write(messages=messages)["messages"]


def test_the_least_body_and_its_path() -> None:
    written = DIALECT.write(HELLO, None)

    assert (written.path, written.query) == ("/v2/chat", "")
    assert written.body == {"model": "m", "messages": [{"role": "user", "content": "Hello"}], "stream": False}


@pytest.mark.vectors
def test_the_official_types_take_what_is_written(shared_material: Path) -> None:
    pytest.importorskip("cohere", reason="the vendors' own types are in the group `vendors`")
    validate = validator(shared_material)
    written = 0
    for request in (
        *rich_requests("command-a-03-2025"),
        replace(HELLO, messages=(user("What?", PICTURE, NOTES),)),
        replace(HELLO, messages=NO_PICTURES, tools=(WEATHER, NOW)),
        replace(HELLO, seed=7, logprobs=True, top_k=3, frequency_penalty=0.1, presence_penalty=0.2),
        replace(HELLO, response_format=ResponseFormat("json_object")),
    ):
        try:
            body = DIALECT.write(request, None).body
        except UnsupportedParameter:  # a PDF, or a picture from a tool
            continue
        written += 1
        assert validate("cohere", "cohere_chat_v2", json.loads(json.dumps(body))).errors == []
    assert written > 15


def test_options_have_coheres_names() -> None:
    """Trap 87."""
    body = write(
        max_tokens=50, temperature=0.5, top_p=0.9, top_k=40, stop=("END",), seed=7, logprobs=True, stream=True,
        frequency_penalty=0.1, presence_penalty=0.2,
    )  # fmt: skip

    assert {name: value for name, value in body.items() if name not in {"model", "messages"}} == {
        "max_tokens": 50,
        "stop_sequences": ["END"],
        "temperature": 0.5,
        "p": 0.9,
        "k": 40,
        "seed": 7,
        "frequency_penalty": 0.1,
        "presence_penalty": 0.2,
        "logprobs": True,
        "stream": True,
    }


def test_all_instructions_are_the_first_message() -> None:
    """Trap 58."""
    said = asked(Message("system", (Text("Be kind."),)), user("a"), Message("system", (Text("Rhyme."), Text(""))))

    assert said == [{"role": "system", "content": "Be kind.\n\nRhyme."}, {"role": "user", "content": "a"}]


def test_instructions_alone_are_what_the_user_says() -> None:
    assert asked(Message("system", (Text("Say hi."),))) == [{"role": "user", "content": "Say hi."}]


def test_nothing_at_all_is_refused() -> None:
    with pytest.raises(InvalidRequest) as caught:
        asked(user(""))

    assert caught.value.parameter == "messages"


def test_calls_and_their_results_keep_their_ids() -> None:
    """Traps 38, 41, 82."""
    said = asked(*NO_PICTURES)

    assert said[1] == {
        "role": "assistant",
        "content": "I look.",
        "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Łódź"}'}},
            {"id": "b", "type": "function", "function": {"name": "now", "arguments": "{}"}},
        ],
    }
    assert said[2:] == [
        {"role": "tool", "tool_call_id": "b", "content": "noon"},
        {"role": "tool", "tool_call_id": "a", "content": '{"$ref": "rain"}'},
    ]


def test_its_own_thinking_goes_back_and_what_another_signed_does_not() -> None:
    own = Message("assistant", (Reasoning("Hm."), Text("Yes."), ToolCall("a", "now")))
    other = Message("assistant", (Reasoning("Hm.", "EqQB"), Reasoning(redacted="x"), Text("Yes.")))

    assert asked(user("a"), own)[1]["content"] == [
        {"type": "thinking", "thinking": "Hm."},
        {"type": "text", "text": "Yes."},
    ]
    assert asked(user("a"), other)[1] == {"role": "assistant", "content": "Yes."}


def test_pictures_go_as_they_are_and_texts_as_documents() -> None:
    linked = Media("image", url="https://example.com/a.png", detail="low")
    body = write(messages=(user("What?", PICTURE, linked, NOTES),))

    assert body["messages"][0]["content"] == [
        {"type": "text", "text": "What?"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}},
    ]
    assert body["documents"] == [{"id": "doc_0", "data": {"title": "notes.txt", "text": "Graz is sunny."}}]


@pytest.mark.parametrize(
    "message",
    [
        user("What?", PDF),
        user("What?", Media("file", url="https://example.com/a.txt")),
        user("What?", Media("audio", "audio/wav", "UklGRg==")),
        user("What?", Media("image", "image/png", PIXEL, detail="original")),
        Message("assistant", (Text("Here."), PICTURE)),
        result("a", Text("rain"), PICTURE),
    ],
)
def test_what_it_does_not_take_is_refused_by_its_place(message: Message) -> None:
    """Trap 81."""
    with pytest.raises(UnsupportedParameter) as caught:
        asked(user("a"), message)

    assert str(caught.value.parameter).startswith("messages[1].content")


@pytest.mark.parametrize(
    "media", [Media("image", None, PIXEL), Media("file", "text/plain", "%%%")], ids=["no type", "no base64"]
)
def test_what_nobody_could_read_is_wrong(media: Media) -> None:
    with pytest.raises(InvalidRequest) as caught:
        asked(user("a", media))

    assert caught.value.parameter == "messages[0].content[1]"


@pytest.mark.parametrize(
    ("parameter", "changes"),
    [
        ("options.n", {"n": 2}),
        ("options.topLogprobs", {"logprobs": True, "top_logprobs": 3}),
        ("options.verbosity", {"verbosity": "low"}),
        ("options.serviceTier", {"service_tier": "flex"}),
        ("options.reasoningEffort", {"reasoning_effort": "heroic"}),
        ("options.tools", {"tools": (WEATHER, replace(NOW, strict=False))}),
    ],
)
def test_what_it_cannot_do_is_refused_by_name(parameter: str, changes: dict[str, Any]) -> None:
    """Trap 81."""
    with pytest.raises(UnsupportedParameter) as caught:
        write(**changes)

    assert caught.value.parameter == parameter


def test_what_asks_for_what_is_done_anyway_is_not_refused() -> None:
    changes: dict[str, Any] = {
        "n": 1,
        "top_logprobs": 0,
        "logprobs": False,
        "service_tier": "auto",
        "parallel_tool_calls": True,
    }

    assert write(**changes, user="u", metadata={"a": "b"}) == write()


def test_tools_and_whether_they_are_strict() -> None:
    body = write(tools=(WEATHER, NOW))

    assert body["strict_tools"] is True
    assert body["tools"] == [
        {
            "type": "function",
            "function": {"name": "weather", "description": "The weather of a city.", "parameters": SCHEMA},
        },
        {"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}},
    ]
    assert "strict_tools" not in write(tools=(NOW,))


@pytest.mark.parametrize(
    ("choice", "word", "offered"),
    [
        (ToolChoice("auto"), None, ["weather", "now"]),
        (ToolChoice("none"), "NONE", ["weather", "now"]),
        (ToolChoice("required"), "REQUIRED", ["weather", "now"]),
        (ToolChoice("tool", "now"), "REQUIRED", ["now"]),
    ],
)
def test_the_tool_that_must_be_used_is_the_only_one_offered(
    choice: ToolChoice, word: str | None, offered: list[str]
) -> None:
    """Trap 87."""
    body = write(tools=(Tool("weather"), NOW), tool_choice=choice)

    assert body.get("tool_choice") == word
    assert [tool["function"]["name"] for tool in body["tools"]] == offered


def test_a_choice_that_is_not_offered_is_wrong() -> None:
    with pytest.raises(InvalidRequest) as caught:
        write(tools=(NOW,), tool_choice=ToolChoice("tool", "weather"))

    assert caught.value.parameter == "options.toolChoice"


@pytest.mark.parametrize(
    ("format_", "written"),
    [
        (ResponseFormat("text"), None),
        (ResponseFormat("json_object"), {"type": "json_object"}),
        (ResponseFormat("json_schema", "answer", SCHEMA), {"type": "json_object", "json_schema": SCHEMA}),
    ],
)
def test_formats(format_: ResponseFormat, written: object) -> None:
    assert write(response_format=format_).get("response_format") == written


@pytest.mark.parametrize(
    ("changes", "thinking"),
    [
        ({}, None),
        ({"reasoning_effort": "none"}, {"type": "disabled"}),
        ({"reasoning_budget": 0}, {"type": "disabled"}),
        ({"reasoning_effort": "low"}, {"type": "enabled", "token_budget": 2048}),
        ({"reasoning_effort": "high"}, {"type": "enabled"}),
        ({"reasoning_effort": "low", "reasoning_budget": 99}, {"type": "enabled", "token_budget": 99}),
    ],
)
def test_how_much_to_think(changes: dict[str, Any], thinking: object) -> None:
    assert write(**changes).get("thinking") == thinking
