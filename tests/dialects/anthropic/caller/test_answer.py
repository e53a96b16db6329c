"""Whole messages, when another dialect answers; and the provider's own, between kin."""

import json
from typing import Any

import pytest

from shared.chat.collect import collect
from shared.chat.events import (
    Annotation,
    ChatEvent,
    MediaOutput,
    ReasoningDelta,
    ReasoningSignature,
    RefusalDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
    Usage,
    Verbatim,
)
from shared.chat.receipt import Cost, Done, Receipt
from shared.chat.request import ChatRequest, Original, Reasoning, Text, ToolCall
from shared.dialects.anthropic import DIALECT
from shared.dialects.anthropic.caller import CALLER
from shared.dialects.caller import About
from shared.dialects.signed import mark, signed_by, signed_id

ABOUT = About("01JDM", 1, "google", "gemini-3")
REQUEST = ChatRequest("gemini-3", (), original=Original("anthropic", {"thinking": {"type": "adaptive"}}))
PLAIN = ChatRequest("gemini-3", (), original=Original("anthropic", {}))


def done(reason: Any = "stop", raw: str | None = None) -> Done:
    return Done(((0, reason, raw),), Usage(10, 5, cached=2), Receipt("own", "f", "google", "m", (), Cost(None)))


def whole(*events: ChatEvent, request: ChatRequest = REQUEST, until: Done | None = None) -> Any:
    return json.loads(CALLER.answer(collect(events), until or done(), request, ABOUT))


ANSWER: list[ChatEvent] = [
    Start("x", "gemini-3-pro", 1),
    ReasoningDelta("Hm"),
    ReasoningSignature("c2ln"),
    ReasoningSignature(redacted="gAA"),
    TextDelta("I look."),
    ToolCallStart(0, "a", "f", signature="c2lo"),
    ToolCallDelta(0, '{"x":1}'),
    ToolCallStart(1, None, "g"),
]


def test_a_message() -> None:
    """Traps 38, 41, 48, 65."""
    assert whole(*ANSWER, until=done("tool_calls")) == {
        "id": "msg_01JDM",
        "type": "message",
        "role": "assistant",
        "model": "gemini-3-pro",
        "content": [
            {"type": "thinking", "thinking": "Hm", "signature": mark("google", "c2ln")},
            {"type": "redacted_thinking", "data": mark("google", "gAA")},
            {"type": "text", "text": "I look."},
            {"type": "tool_use", "id": signed_id("a", "google", "c2lo"), "name": "f", "input": {"x": 1}},
            {"type": "tool_use", "id": "toolu_01JDM_1", "name": "g", "input": {}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 8,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 2,
            "output_tokens": 5,
        },
    }


def test_an_answer_can_be_the_next_turn() -> None:
    """Traps 48, 52: what the provider signed is there again, byte for byte, once it goes back to it."""
    message = whole(*ANSWER, until=done("tool_calls"))
    results = [
        {"type": "tool_result", "tool_use_id": block["id"], "content": "1"}
        for block in message["content"]
        if block["type"] == "tool_use"
    ]
    messages = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": message["content"]},
        {"role": "user", "content": results},
    ]
    chat = CALLER.read(json.dumps({"model": "m", "max_tokens": 9, "messages": messages}).encode(), {}).chat

    assert signed_by(chat, "google").messages[1].parts == (
        Reasoning("Hm", "c2ln"),
        Reasoning(redacted="gAA"),
        Text("I look."),
        ToolCall("a", "f", '{"x":1}', "c2lo"),
        ToolCall("toolu_01JDM_1", "g", "{}"),
    )


def test_a_message_is_what_a_reader_of_this_dialect_makes_of_it() -> None:
    """Trap 65."""
    again = collect(DIALECT.read(CALLER.answer(collect(ANSWER), done("tool_calls"), REQUEST, ABOUT)))

    assert again.choices[0].text == "I look."
    assert again.choices[0].reasoning == "Hm"
    assert again.usage is not None
    assert (again.usage.input, again.usage.cached, again.usage.output) == (10, 2, 5)


def test_a_bare_proof_is_for_those_who_asked_for_thinking() -> None:
    """Trap 48."""
    events: list[ChatEvent] = [TextDelta("Hi"), ReasoningSignature("c2ln")]

    assert [block["type"] for block in whole(*events)["content"]] == ["thinking", "text"]
    assert [block["type"] for block in whole(*events, request=PLAIN)["content"]] == ["text"]
    assert whole(ReasoningSignature(redacted="gAA"), request=PLAIN)["content"] == []


def test_arguments_that_are_no_object_are_handed_on() -> None:
    """Trap 38, and what `max_tokens` cut: an input is always an object, and nothing of it is lost."""
    for broken in ('{"x": "un', "[1]"):
        events: list[ChatEvent] = [ToolCallStart(0, "a", "f"), ToolCallDelta(0, broken)]
        assert whole(*events)["content"][0]["input"] == {"INVALID_JSON": broken}


def test_refusals_pictures_and_citations() -> None:
    """Trap 25."""
    citation = {"type": "char_location", "cited_text": "s", "document_index": 0}
    result = {"type": "web_search_tool_result", "tool_use_id": "s", "content": []}
    message = whole(
        TextDelta("Look: "),
        MediaOutput("image/png", "iVBO"),
        Annotation("citation", citation),
        Annotation("web_search_tool_result", result),
    )

    assert message["content"] == [
        result,
        {"type": "text", "text": "Look: ![image](data:image/png;base64,iVBO)", "citations": [citation]},
    ]
    assert whole(RefusalDelta("No."))["stop_reason"] == "refusal"


def test_nothing_at_all_is_no_error() -> None:
    """Trap 60."""
    message = whole(until=done("length"))

    assert (message["content"], message["stop_reason"]) == ([], "max_tokens")


@pytest.mark.parametrize(
    ("id_", "said"), [("msg_bdrk_1", "msg_bdrk_1"), ("chatcmpl-1", "msg_01JDM"), (None, "msg_01JDM")]
)
def test_a_message_has_the_id_of_a_message(id_: str | None, said: str) -> None:
    """Trap 23."""
    assert whole(Start(id_), TextDelta("Hi"))["id"] == said
    assert whole(TextDelta("Hi"))["model"] == "gemini-3"


def test_kin_get_the_providers_own_body() -> None:
    """Trap 52."""
    body = b'{"id": "msg_1", "type": "message",\n "future": 1.50}'
    answer = collect([TextDelta("Hi"), Verbatim(body, json.loads(body))])

    assert CALLER.answer(answer, done(), REQUEST, About("01JDM", 1, "anthropic", "m", kin=True)) == body
