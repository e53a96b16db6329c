"""Plain messages."""

import json
from typing import Any

import pytest

from shared.chat.collect import collect
from shared.chat.events import Annotation, Finish
from shared.chat.request import Reasoning, ToolCall
from shared.dialects.anthropic import DIALECT
from shared.errors import BadResponse, ProviderOverloaded

MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-5",
    "content": [
        {"type": "thinking", "thinking": "Hm.", "signature": "EqQB+/="},
        {"type": "redacted_thinking", "data": "Emw="},
        {"type": "text", "text": "Rain.", "citations": [{"cited_text": "rain"}]},
        {"type": "tool_use", "id": "t1", "name": "now", "input": {}},
        {"type": "tool_use", "id": "t2", "name": "weather", "input": {"city": "Łódź"}, "caller": {"type": "code"}},
        {"type": "hologram", "light": 7},
    ],
    "stop_reason": "max_tokens",
    "stop_sequence": None,
    "container": {"id": "c1"},
    "usage": {
        "input_tokens": 10,
        "cache_read_input_tokens": 5,
        "output_tokens": 20,
        "output_tokens_details": {"thinking_tokens": 6},
    },
}


def read(**changes: Any) -> Any:
    return collect(DIALECT.read(json.dumps({**MESSAGE, **changes}).encode()))


def test_a_plain_message_says_all_that_a_stream_would() -> None:
    """Traps 38, 52, 65."""
    answer = read()
    choice = answer.choices[0]

    assert choice.reasoning_blocks == (Reasoning("Hm.", "EqQB+/="), Reasoning(redacted="Emw="))
    assert choice.text == "Rain."
    assert choice.tool_calls == (ToolCall("t1", "now", "{}"), ToolCall("t2", "weather", '{"city":"Łódź"}'))
    assert choice.annotations == (
        Annotation("citation", {"cited_text": "rain"}),
        Annotation("caller", {"id": "t2", "caller": {"type": "code"}}),
        Annotation("hologram", {"type": "hologram", "light": 7}),
        Annotation("container", {"id": "c1"}),
    )
    assert (answer.usage.input, answer.usage.output, answer.usage.cached, answer.usage.reasoning) == (15, 20, 5, 6)


def test_a_length_limit_is_not_masked_by_calls() -> None:
    """Trap 40."""
    assert read().choices[0].finish == Finish("length", "max_tokens")


def test_no_usage_is_none_and_not_zero() -> None:
    """Trap 22."""
    assert read(usage=None).usage is None


def test_an_error_inside_a_200_is_raised() -> None:
    """Trap 26."""
    with pytest.raises(ProviderOverloaded):
        DIALECT.read(b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}')


@pytest.mark.parametrize(
    ("given", "arguments"), [(None, "{}"), ({}, "{}"), (" ", "{}"), ('{"a":1}', '{"a":1}'), ([1], "[1]")]
)
def test_arguments_are_kept_in_whatever_form_they_came(given: object, arguments: str) -> None:
    """Found by mutating recordings: JSON as text was lost. Trap 38."""
    call = {"type": "tool_use", "id": "t", "name": "f", "input": given}
    body = json.dumps({"type": "message", "content": [call], "stop_reason": "tool_use"}).encode()

    assert collect(DIALECT.read(body)).choices[0].tool_calls == (ToolCall("t", "f", arguments),)


def test_a_message_that_ended_may_have_no_content() -> None:
    """Found by mutating recordings; some who speak this dialect send null beside a reason to stop."""
    body = b'{"type":"message","content":null,"stop_reason":"end_turn","error":null,"usage":{"input_tokens":1,"output_tokens":0}}'

    answer = collect(DIALECT.read(body))

    assert (answer.choices[0].text, answer.choices[0].finish) == ("", Finish("stop", "end_turn"))


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"content":"text"}', b"null"])
def test_what_is_no_message_is_a_bad_response_and_not_echoed(body: bytes) -> None:
    """Trap 13."""
    with pytest.raises(BadResponse) as caught:
        DIALECT.read(body)

    assert "html" not in caught.value.message
