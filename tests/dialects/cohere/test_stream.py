"""Streams in Cohere's events. The fixture follows https://docs.cohere.com/docs/streaming."""

import json
from typing import Any

import pytest

from shared.chat.collect import collect
from shared.chat.events import Annotation, Finish, FinishReason, TextDelta, Usage, Verbatim
from shared.chat.request import ToolCall
from shared.dialects.cohere import DIALECT
from shared.errors import BadResponse, ProviderError, ProviderFailed, ProviderTimeout, StreamTruncated, Throttled
from tests.fakes.streams import cut, fixture, hear, hear_failing

TOOLS = fixture("cohere/tools_and_citations.sse")


def frames(*pieces: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(piece).encode() + b"\n\n" for piece in pieces)


def text(words: str) -> dict[str, Any]:
    return {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": words}}}}


def end(word: str | None = "COMPLETE", **more: Any) -> dict[str, Any]:
    return {"type": "message-end", "delta": {"finish_reason": word, **more}}


def test_thinking_text_calls_and_citations_are_told() -> None:
    """Traps 38 (no arguments are `{}`), 44 (calls count from 0 behind a text), 83."""
    answer = collect(hear(DIALECT.stream(), [TOOLS]))
    choice = answer.choices[0]

    assert (answer.id, choice.reasoning, choice.text) == ("c1", "Two cities.", "I look for Łódź 🌦")
    assert choice.tool_calls == (ToolCall("w1", "weather", '{"city":"Łódź"}'), ToolCall("n1", "now", "{}"))
    assert choice.finish == Finish("tool_calls", "TOOL_CALL")
    assert {note.name: note.value for note in choice.annotations} == {
        "logprobs": {"content": [{"token": "I look", "logprob": -0.75, "bytes": list(b"I look"), "top_logprobs": []}]},
        "tool_plan": "I will ask.",
        "citations": [
            {"start": 2, "end": 6, "text": "look", "sources": [{"type": "tool", "id": "t:0"}], "type": "TEXT_CONTENT"}
        ],
    }


def test_usage_is_what_went_through_the_model_and_not_only_what_is_billed() -> None:
    """Trap 65: what was cached is within the input."""
    usage = collect(hear(DIALECT.stream(), [TOOLS])).usage

    assert usage is not None
    assert (usage.input, usage.output, usage.cached, usage.reasoning, usage.total) == (507, 30, 448, 9, 537)
    assert usage.raw["billed_units"] == {"input_tokens": 12, "output_tokens": 7}


def test_no_cut_of_the_network_changes_what_is_said() -> None:
    """Traps 1, 3, 9."""
    whole = hear(DIALECT.stream(), [TOOLS])

    assert all(hear(DIALECT.stream(), cut(TOOLS, at)) == whole for at in range(len(TOOLS)))


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("COMPLETE", "stop"),
        ("STOP_SEQUENCE", "stop"),
        ("MAX_TOKENS", "length"),
        ("ERROR_TOXIC", "content_filter"),
        ("STRUCK_BY_LIGHTNING", "other"),
        (None, "other"),
    ],
)
def test_the_reason_to_finish_is_kept(word: str | None, reason: FinishReason) -> None:
    """Trap 24."""
    assert hear(DIALECT.stream(), [frames(text("a"), end(word))])[-1] == Finish(reason, word)


def test_calls_under_a_plain_end_mean_them_and_nothing_else_is_masked() -> None:
    """Trap 40."""
    call = {"type": "tool-call-start", "delta": {"message": {"tool_calls": {"id": "a", "function": {"name": "f"}}}}}

    assert hear(DIALECT.stream(), [frames(call, end())])[-1] == Finish("tool_calls", "COMPLETE")
    assert hear(DIALECT.stream(), [frames(call, end("MAX_TOKENS"))])[-1] == Finish("length", "MAX_TOKENS")


@pytest.mark.parametrize(("word", "kind"), [("ERROR", ProviderFailed), ("TIMEOUT", ProviderTimeout)])
def test_an_answer_that_failed_in_its_last_word_is_a_failure_after_what_it_said(
    word: str, kind: type[ProviderError]
) -> None:
    """Traps 27, 28."""
    events, error = hear_failing(DIALECT.stream(), [frames(text("Hel"), end(word, error="out of luck"))])

    assert events == [TextDelta("Hel")]
    assert isinstance(error, kind)
    assert error.message == "out of luck"


@pytest.mark.parametrize("piece", [{"message": "no such model"}, {"error": {"message": "no such model"}}])
def test_an_error_in_place_of_an_event_is_raised(piece: dict[str, Any]) -> None:
    """Trap 26."""
    _, error = hear_failing(DIALECT.stream(), [frames(piece)])

    assert isinstance(error, ProviderFailed)
    assert error.message == "no such model"


def test_an_event_that_came_later_is_passed_over() -> None:
    stream = frames({"type": "hologram", "delta": {}}, {"type": "debug", "prompt": "x"}, text("a"), end())

    assert [type(event) for event in hear(DIALECT.stream(), [stream])] == [TextDelta, Finish]


def test_a_stream_without_its_end_was_cut_off() -> None:
    """Trap 12."""
    events, error = hear_failing(DIALECT.stream(), [frames(text("Hel"))])

    assert events == [TextDelta("Hel")]
    assert isinstance(error, StreamTruncated)


def test_a_plain_body_in_place_of_a_stream_is_explained() -> None:
    """Trap 13."""
    _, failed = hear_failing(DIALECT.stream(), [b'{"message":"try later","id":"x"}'])
    _, page = hear_failing(DIALECT.stream(), [b"<html>"])

    assert isinstance(failed, ProviderFailed)
    assert failed.message == "try later"
    assert isinstance(page, BadResponse)


def test_what_the_provider_wrote_is_handed_on_to_who_asks() -> None:
    events = hear(DIALECT.stream(verbatim=True), [frames(text("a"), end())])

    assert [event.said["type"] for event in events if isinstance(event, Verbatim)] == ["content-delta", "message-end"]


def test_usage_without_tokens_is_what_was_billed_and_without_either_none() -> None:
    """Trap 22."""
    billed = hear(DIALECT.stream(), [frames(end(usage={"billed_units": {"input_tokens": 3.0, "output_tokens": 2}}))])
    silent = hear(DIALECT.stream(), [frames(end(usage={"tokens": {"input_tokens": -1, "output_tokens": None}}))])

    assert [(event.input, event.output, event.total) for event in billed if isinstance(event, Usage)] == [(3, 2, 5)]
    assert not any(isinstance(event, Usage | Annotation) for event in silent)


def test_a_limit_names_the_time_to_wait() -> None:
    """Traps 31, 32."""
    error = DIALECT.explain(429, {"retry-after": "7"}, b'{"message":"trial keys are limited","id":"x"}')

    assert isinstance(error, Throttled)
    assert (error.message, error.retry_after) == ("trial keys are limited", 7)
