"""Plain answers."""

import json

import pytest

from shared.chat.collect import collect
from shared.chat.events import Finish, Start
from shared.chat.request import ToolCall
from shared.dialects.gemini import DIALECT
from shared.errors import BadResponse, ProviderOverloaded

ANSWER = {
    "candidates": [
        {"content": {"parts": [{"text": "Hi"}, {"functionCall": {"name": "f", "args": {"a": 1}}}], "role": "model"}}
    ],
    "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5},
    "modelVersion": "gemini-2.5-flash",
    "responseId": "r1",
    "createTime": "2026-05-19T14:59:42.780296Z",
}


def test_a_plain_answer_says_all_that_a_stream_would() -> None:
    events = DIALECT.read(json.dumps(ANSWER).encode())
    choice = collect(events).choices[0]

    assert events[0] == Start("r1", "gemini-2.5-flash", 1779202782)
    assert (choice.text, choice.tool_calls) == ("Hi", (ToolCall("", "f", '{"a":1}'),))


def test_an_absent_reason_of_a_whole_answer_is_what_its_parts_say() -> None:
    """Trap 46."""
    text_alone = {"candidates": [{"content": {"parts": [{"text": "Hi"}]}}]}

    assert collect(DIALECT.read(json.dumps(ANSWER).encode())).choices[0].finish == Finish("tool_calls")
    assert collect(DIALECT.read(json.dumps(text_alone).encode())).choices[0].finish == Finish("stop")
    assert collect(DIALECT.read(b'{"candidates":[{}]}')).choices[0].finish == Finish("other")


def test_a_part_may_hold_text_and_a_call() -> None:
    """Found by mutating recordings: the text came first, and the call was lost. Trap 43."""
    part = {"text": "Hi", "functionCall": {"name": "f"}}

    choice = collect(DIALECT.read(json.dumps({"candidates": [{"content": {"parts": [part]}}]}).encode())).choices[0]

    assert (choice.text, choice.tool_calls) == ("Hi", (ToolCall("", "f", "{}"),))


def test_a_total_that_nobody_gave_is_the_sum() -> None:
    counted = {"promptTokenCount": 3, "candidatesTokenCount": 2, "thoughtsTokenCount": 4}

    usage = collect(DIALECT.read(json.dumps({**ANSWER, "usageMetadata": counted}).encode())).usage

    assert usage is not None
    assert (usage.input, usage.output, usage.total) == (3, 6, 9)


@pytest.mark.parametrize("nothing", [None, {}])
def test_an_error_that_says_nothing_beside_an_answer_is_none(nothing: object) -> None:
    assert collect(DIALECT.read(json.dumps({**ANSWER, "error": nothing}).encode())).choices[0].text == "Hi"


def test_an_error_inside_a_200_is_raised() -> None:
    with pytest.raises(ProviderOverloaded):
        DIALECT.read(b'[{"error":{"code":503,"message":"The model is overloaded","status":"UNAVAILABLE"}}]')


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'"text"', b"null"])
def test_what_is_no_answer_is_a_bad_response_and_not_echoed(body: bytes) -> None:
    """Trap 13."""
    with pytest.raises(BadResponse) as caught:
        DIALECT.read(body)

    assert "html" not in caught.value.message
