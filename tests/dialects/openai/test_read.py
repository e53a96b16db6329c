"""Plain answers."""

import json
from typing import Any

import pytest
from hypothesis import given

from shared.chat.collect import collect
from shared.chat.events import Annotation, Finish, ReasoningSignature
from shared.chat.request import ToolCall
from shared.dialects.openai.read import read
from shared.errors import BadResponse, CredentialRejected, ProviderError, ProviderFailed, Throttled
from tests.dialects.openai.test_stream import JSON


def answer(message: Any, finish: str | None = "stop", **around: Any) -> bytes:
    return json.dumps(
        {"id": "x", "choices": [{"index": 0, "message": message, "finish_reason": finish}], **around}
    ).encode()


def test_calls_of_a_plain_answer_are_each_their_own() -> None:
    """Traps 36, 38, 83."""
    calls = [
        {"id": "null", "index": 0, "function": {"name": "f", "arguments": arguments}} for arguments in ("", '{"x":1}')
    ]

    choice = collect(read(answer({"content": None, "tool_calls": calls}))).choices[0]

    assert choice.tool_calls == (ToolCall("", "f", "{}"), ToolCall("", "f", '{"x":1}'))
    assert choice.finish == Finish("tool_calls", "stop")


def test_all_tokens_thought_away_is_no_error() -> None:
    """Trap 60."""
    choice = collect(read(answer({"content": "", "reasoning_content": "Hm"}, "length"))).choices[0]

    assert (choice.text, choice.reasoning, choice.finish) == ("", "Hm", Finish("length", "length"))


def test_json_mode_may_give_an_object() -> None:
    assert collect(read(answer({"content": {"a": [1]}}))).choices[0].text == '{"a":[1]}'


def test_a_choice_without_message_or_finish_is_kept() -> None:
    choice = collect(read(answer(None, None))).choices[0]

    assert (choice.text, choice.finish) == ("", Finish("other", None))


@pytest.mark.parametrize("indices", [(0, 0), (1, 2), (None, None)])
def test_choices_of_a_whole_answer_are_told_apart_by_their_place(indices: tuple[int | None, int | None]) -> None:
    """Found by mutating recordings: some number them from 1, all with 0, or not at all."""
    given = [
        {"index": index, "message": {"content": text}, "finish_reason": "stop"}
        for index, text in zip(indices, "ab", strict=True)
    ]

    said = collect(read(json.dumps({"choices": given, "system_fingerprint": "f"}).encode()))

    assert [(choice.index, choice.text) for choice in said.choices] == [(0, "a"), (1, "b")]


def test_a_call_that_calls_nothing_is_none() -> None:
    assert collect(read(answer({"tool_calls": [{"id": "a", "function": None}]}))).choices[0].tool_calls == ()


def test_a_custom_tools_input_is_its_arguments() -> None:
    call = {"id": "a", "type": "custom", "custom": {"name": "shell", "input": "ls"}}

    assert collect(read(answer({"tool_calls": [call]}))).choices[0].tool_calls == (ToolCall("a", "shell", "ls"),)


def test_signatures_and_encrypted_thinking_are_kept() -> None:
    """Trap 61."""
    details = [
        {"type": "reasoning.text", "text": "Hm", "signature": "s"},
        {"type": "reasoning.encrypted", "data": "d", "id": "r"},
    ]

    events = read(answer({"content": "a", "reasoning": "Hm", "reasoning_details": details}))

    signs = [event for event in events if isinstance(event, ReasoningSignature)]
    assert (signs[0].signature, json.loads(signs[1].redacted or "")) == ("s", details[1])
    assert [block.text for block in collect(events).choices[0].reasoning_blocks] == ["Hm", ""]


def test_citations_and_annotations_are_kept_as_they_came() -> None:
    events = read(
        answer({"content": "a", "annotations": [{"type": "url_citation"}]}, citations=["https://example.com"])
    )

    notes = {event.name: event.value for event in events if isinstance(event, Annotation)}
    assert notes == {"annotations": [{"type": "url_citation"}], "citations": ["https://example.com"]}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", BadResponse),
        (b"<html>", BadResponse),
        (b"[]", BadResponse),
        (b'{"choices":[]}', BadResponse),
        (b'{"id":"x"}', BadResponse),
        (b'{"error":{"message":"m","code":429}}', Throttled),
        (b'{"error":{"message":"m","code":"invalid_api_key"}}', CredentialRejected),
        (b'{"error":"text"}', ProviderFailed),
        (b'[{"error":{"message":"m","code":500}}]', ProviderFailed),
        (b'{"detail":"text"}', ProviderFailed),
        (b'{"choices":[{"finish_reason":"error","error":{"code":429,"message":"m"}}]}', Throttled),
    ],
)
def test_a_200_that_is_no_answer_is_the_error_inside_or_a_bad_response(body: bytes, kind: type[ProviderError]) -> None:
    """Traps 13, 27, 28."""
    with pytest.raises(ProviderError) as caught:
        read(body)

    assert type(caught.value) is kind


@given(JSON)
def test_no_json_whatever_breaks_the_reader(value: Any) -> None:
    for body in (
        {"choices": [value]},
        {"choices": [{"message": value}]},
        {"choices": [{"message": {"content": value}}]},
        value,
    ):
        try:
            read(json.dumps(body).encode())
        except ProviderError:
            continue
