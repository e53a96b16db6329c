"""Plain answers."""

import json
from typing import Any

import pytest

from shared.chat.collect import collect
from shared.chat.events import Annotation, Finish, Start
from shared.chat.request import ToolCall
from shared.dialects.cohere import DIALECT
from shared.errors import BadResponse, ProviderFailed
from tests.fakes.streams import fixture, hear

CITED = {"start": 2, "end": 6, "text": "look", "sources": [{"type": "tool", "id": "t:0"}], "type": "TEXT_CONTENT"}
ANSWER: dict[str, Any] = {
    "id": "c1",
    "message": {
        "role": "assistant",
        "content": [{"type": "thinking", "thinking": "Two cities."}, {"type": "text", "text": "I look for Łódź 🌦"}],
        "tool_plan": "I will ask.",
        "tool_calls": [
            {"id": "w1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Łódź"}'}},
            {"id": "n1", "type": "function", "function": {"name": "now", "arguments": ""}},
        ],
        "citations": [CITED],
    },
    "finish_reason": "TOOL_CALL",
    "logprobs": [{"text": "I look", "token_ids": [1, 2], "logprobs": [-0.25, -0.5]}],
    "usage": {
        "billed_units": {"input_tokens": 12, "output_tokens": 7},
        "tokens": {"input_tokens": 507, "output_tokens": 30, "reasoning_tokens": 9},
        "cached_tokens": 448,
    },
}


def test_a_plain_answer_says_all_that_a_stream_would() -> None:
    plain = collect(DIALECT.read(json.dumps(ANSWER).encode()))
    streamed = collect(hear(DIALECT.stream(), [fixture("cohere/tools_and_citations.sse")]))

    assert plain == streamed


def test_a_short_answer() -> None:
    body = {"id": "c1", "message": {"content": "Hi"}, "finish_reason": "COMPLETE"}

    events = DIALECT.read(json.dumps(body).encode())

    assert events[0] == Start("c1")
    assert collect(events).choices[0].text == "Hi"
    assert events[-1] == Finish("stop", "COMPLETE")


def test_arguments_that_came_as_an_object_are_text() -> None:
    calls = [{"id": "a", "function": {"name": "f", "arguments": {"a": 1}}}]

    (choice,) = collect(DIALECT.read(json.dumps({"message": {"tool_calls": calls}}).encode())).choices

    assert choice.tool_calls == (ToolCall("a", "f", '{"a":1}'),)


def test_a_likelihood_without_numbers_is_told_without_one() -> None:
    events = DIALECT.read(b'{"message":{"content":"a"},"logprobs":[{"text":"a","token_ids":[1]}]}')

    assert (
        Annotation("logprobs", {"content": [{"token": "a", "logprob": None, "bytes": [97], "top_logprobs": []}]})
        in events
    )


def test_an_answer_that_failed_is_a_failure() -> None:
    """Trap 27."""
    with pytest.raises(ProviderFailed):
        DIALECT.read(b'{"message":{"content":"Hel"},"finish_reason":"ERROR"}')


def test_an_error_inside_a_200_is_raised() -> None:
    """Trap 26."""
    with pytest.raises(ProviderFailed, match="try later"):
        DIALECT.read(b'{"message":"try later"}')


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'"text"', b"null", b'{"message":null}'])
def test_what_is_no_answer_is_a_bad_response_and_not_echoed(body: bytes) -> None:
    """Trap 13."""
    with pytest.raises(BadResponse) as caught:
        DIALECT.read(body)

    assert "html" not in caught.value.message
