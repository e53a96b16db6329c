"""A stream of answers. Fixtures follow https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.chat.collect import collect
from shared.chat.events import Annotation, Finish, FinishReason, MediaOutput, TextDelta, Usage
from shared.chat.request import Reasoning, ToolCall
from shared.dialects.gemini import DIALECT
from shared.errors import BadResponse, BadStreamData, ProviderOverloaded, StreamTruncated
from tests.fakes.streams import cut, fixture, hear, hear_failing

TOOLS = fixture("gemini/tools_and_thinking.sse")
ARRAY = fixture("gemini/tools_and_thinking.json")
PARTIAL = fixture("gemini/partial_arguments.sse")
OVERLOADED = fixture("gemini/overloaded_after_text.sse")


def frames(*pieces: Any) -> bytes:
    return b"".join(
        b"data: " + (piece if isinstance(piece, bytes) else json.dumps(piece).encode()) + b"\n\n" for piece in pieces
    )


def said(*parts: dict[str, Any], index: int = 0, **fields: Any) -> dict[str, Any]:
    return {"candidates": [{"content": {"role": "model", "parts": list(parts)}, "index": index, **fields}]}


def test_thoughts_text_and_parallel_calls_are_told_in_order() -> None:
    """Traps 43, 46 (a STOP that comes too early), 48 (signatures), 79, 83."""
    answer = collect(hear(DIALECT.stream(), [TOOLS]))
    choice = answer.choices[0]

    assert choice.reasoning == "Two cities."
    assert choice.reasoning_blocks == (Reasoning("Two cities.", "EtwD+w=="),)
    assert choice.text == "I look\u2028for Łódź 🌦"
    assert choice.tool_calls == (ToolCall("f1", "weather", '{"city":"Łódź"}', "Cg9z+/=="), ToolCall("", "now", "{}"))
    assert choice.finish == Finish("tool_calls", "STOP")
    assert (answer.id, answer.model) == ("r1", "gemini-3-flash")


def test_a_call_that_has_ended_is_not_ended_again() -> None:
    """Found by mutating recordings. Trap 43."""
    parts: list[dict[str, Any]] = [{"functionCall": {"name": "f", "args": {"a": 1}}}, {"functionCall": {}}]

    choice = collect(hear(DIALECT.stream(), [frames(said(*parts, finishReason="STOP"))])).choices[0]

    assert choice.tool_calls == (ToolCall("", "f", '{"a":1}'),)


def test_usage_is_cumulative_and_includes_thoughts_and_tool_prompts() -> None:
    """Traps 20, 21, 65."""
    usage = collect(hear(DIALECT.stream(), [TOOLS])).usage

    assert usage is not None
    assert (usage.input, usage.output, usage.cached, usage.reasoning, usage.total) == (15, 29, 4, 8, 41)


@pytest.mark.parametrize("body", [TOOLS, ARRAY, PARTIAL], ids=["events", "array", "partial"])
def test_no_cut_of_the_network_changes_what_is_said(body: bytes) -> None:
    """Traps 1, 3, 9."""
    whole = hear(DIALECT.stream(), [body])

    assert all(hear(DIALECT.stream(), cut(body, at)) == whole for at in range(len(body)))


def test_a_json_array_says_the_same_as_events() -> None:
    assert hear(DIALECT.stream(), [ARRAY]) == hear(DIALECT.stream(), [TOOLS])


def test_arguments_that_come_in_pieces_are_put_together() -> None:
    """Trap 43."""
    choice = collect(hear(DIALECT.stream(), [PARTIAL])).choices[0]

    assert [(call.name, json.loads(call.arguments)) for call in choice.tool_calls] == [
        ("order", {"items": [{"name": "Apples", "price": 0.5}, {"name": "Pears"}], "gift wrap": True, "note": None})
    ]
    assert choice.finish == Finish("tool_calls", "STOP")


def test_a_call_left_open_is_closed_at_the_end() -> None:
    """Trap 43."""
    stream = frames(said({"functionCall": {"name": "f", "willContinue": True}}), said(finishReason="STOP"))

    assert collect(hear(DIALECT.stream(), [stream])).choices[0].tool_calls == (ToolCall("", "f", "{}"),)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("SAFETY", "content_filter"),
        ("RECITATION", "content_filter"),
        ("MALFORMED_FUNCTION_CALL", "other"),
        ("STRUCK_BY_LIGHTNING", "other"),
        ("MAX_TOKENS", "length"),
    ],
)
def test_a_reason_without_parts_is_told(raw: str, reason: FinishReason) -> None:
    """Traps 24, 45."""
    stream = frames({"candidates": [{"finishReason": raw, "index": 0}]})

    assert hear(DIALECT.stream(), [stream])[-1] == Finish(reason, raw)


@pytest.mark.parametrize(
    ("raw", "reason"), [("STOP", "tool_calls"), ("MAX_TOKENS", "length"), ("SAFETY", "content_filter")]
)
def test_a_stop_with_calls_means_them_and_nothing_else_is_masked(raw: str, reason: FinishReason) -> None:
    """Trap 40."""
    stream = frames(said({"functionCall": {"name": "f", "args": {}}}, finishReason=raw))

    assert hear(DIALECT.stream(), [stream])[-1] == Finish(reason, raw)


def test_a_blocked_prompt_is_filtered_content() -> None:
    """Trap 47."""
    stream = frames({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 3}})

    assert hear(DIALECT.stream(), [stream])[-1] == Finish("content_filter", "prompt blocked: PROHIBITED_CONTENT")


def test_several_candidates_each_have_their_own_text_and_reason() -> None:
    """Trap 81."""
    stream = frames(
        said({"text": "a"}, finishReason="STOP"), said({"text": "b"}, index=1), said(index=1, finishReason="MAX_TOKENS")
    )
    choices = collect(hear(DIALECT.stream(), [stream])).choices

    assert [(choice.text, choice.finish) for choice in choices] == [
        ("a", Finish("stop", "STOP")),
        ("b", Finish("length", "MAX_TOKENS", 1)),
    ]


def test_what_has_no_word_of_ours_is_kept_and_pictures_are_media() -> None:
    """Trap 25."""
    stream = frames(
        said(
            {"executableCode": {"code": "1+1"}, "thoughtSignature": "Eg=="},
            {"codeExecutionResult": {"output": "2"}},
            {"inlineData": {"mimeType": "image/png", "data": "iVBO"}},
            {"hologram": {"light": 7}},
            groundingMetadata={"webSearchQueries": ["x"]},
            logprobsResult={"chosenCandidates": [{"token": "é", "logProbability": -0.5}], "topCandidates": []},
            finishReason="STOP",
        )
    )
    choice = collect(hear(DIALECT.stream(), [stream])).choices[0]

    assert choice.media == (MediaOutput("image/png", "iVBO"),)
    assert choice.reasoning_blocks == (Reasoning("", "Eg=="),)
    assert choice.annotations == (
        Annotation("executableCode", {"executableCode": {"code": "1+1"}}),
        Annotation("codeExecutionResult", {"codeExecutionResult": {"output": "2"}}),
        Annotation("hologram", {"hologram": {"light": 7}}),
        Annotation("groundingMetadata", {"webSearchQueries": ["x"]}),
        Annotation("logprobs", {"content": [{"token": "é", "logprob": -0.5, "bytes": [195, 169], "top_logprobs": []}]}),
    )


def test_an_end_without_a_reason_is_an_error() -> None:
    """Trap 12."""
    for body in (frames(said({"text": "Hi"})), b"[" + json.dumps(said({"text": "Hi"})).encode(), b"[]"):
        with pytest.raises(StreamTruncated):
            hear(DIALECT.stream(), [body])


STOPPED = json.dumps(said({"text": "Hi"}, finishReason="STOP")).encode()


@pytest.mark.parametrize("body", [b"data: " + STOPPED, b"[" + STOPPED, b"[" + STOPPED + b",\n"])
def test_the_closing_bytes_may_be_missing_once_the_reason_is_known(body: bytes) -> None:
    """Trap 11."""
    assert hear(DIALECT.stream(), [body])[-1] == Finish("stop", "STOP")


@pytest.mark.parametrize("body", [b"data: " + STOPPED + b'\n\ndata: {"candi', b"[" + STOPPED + b',{"candi'])
def test_half_a_piece_at_the_end_is_an_error_whatever_the_reason_before(body: bytes) -> None:
    """Traps 12, 46: that reason may have come too early."""
    with pytest.raises(StreamTruncated):
        hear(DIALECT.stream(), [body])


@pytest.mark.parametrize(
    "body", [OVERLOADED, b"[" + OVERLOADED.replace(b"data: ", b"").replace(b"\n\n", b",").rstrip(b",") + b"]"]
)
def test_what_was_said_before_an_error_is_never_lost(body: bytes) -> None:
    """Trap 26, at every cut; trap 32."""
    for at in range(len(body)):
        events, failure = hear_failing(DIALECT.stream(), cut(body, at))

        assert TextDelta("Half") in events
        assert isinstance(failure, ProviderOverloaded)
        assert failure.retry_after == 7


def test_a_pretty_printed_error_in_place_of_a_stream_is_explained() -> None:
    """Traps 8, 13."""
    error = {"error": {"code": 503, "message": "The model is overloaded", "status": "UNAVAILABLE"}}

    for body in (json.dumps(error, indent=2).encode(), json.dumps([error], indent=2).encode()):
        with pytest.raises(ProviderOverloaded):
            hear(DIALECT.stream(), [body])


@pytest.mark.parametrize("body", [b"", b" \n", b"<!doctype html><html></html>"])
def test_what_is_no_stream_is_a_bad_response(body: bytes) -> None:
    """Trap 13."""
    with pytest.raises(BadResponse):
        hear(DIALECT.stream(), [body])


def test_one_bad_event_is_skipped_and_three_in_a_row_are_too_many() -> None:
    good = said({"text": "Hi"}, finishReason="STOP")
    reader = DIALECT.stream()
    reader.feed(frames(good, b"{", b"{", b"{"))

    assert collect(hear(DIALECT.stream(), [frames(b"{", good, b"{", b"{")])).choices[0].text == "Hi"
    with pytest.raises(BadStreamData):
        reader.close()


def test_the_same_usage_is_told_once() -> None:
    piece = {**said({"text": "a"}), "usageMetadata": {"promptTokenCount": 1, "totalTokenCount": 2}}
    events = DIALECT.stream().feed(frames(piece, piece, {**piece, "usageMetadata": {"trafficType": "ON_DEMAND"}}))

    assert len([event for event in events if isinstance(event, Usage)]) == 1


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_PATHS = st.sampled_from(["$.a", "$.a.b", "$.a[1]", "$.a[0].c", "$[0]", "$['x y']", "a", "", "$.a[99999999]"])
_CALLS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.just("f") | _JSON,
        "args": _JSON,
        "willContinue": st.booleans() | _JSON,
        "partialArgs": st.lists(st.fixed_dictionaries({"jsonPath": _PATHS | _JSON}, optional={"stringValue": _JSON})),
    },
)
_PARTS = st.dictionaries(
    st.sampled_from(["text", "thought", "thoughtSignature", "inlineData"]), _JSON
) | st.fixed_dictionaries({"functionCall": _CALLS | _JSON})
_CANDIDATES = st.fixed_dictionaries(
    {"content": st.fixed_dictionaries({"parts": st.lists(_PARTS | _JSON, max_size=3)}) | _JSON},
    optional={"finishReason": st.just("STOP") | _JSON, "index": st.integers(0, 2) | _JSON, "logprobsResult": _JSON},
)


@given(st.lists(st.fixed_dictionaries({"candidates": st.lists(_CANDIDATES | _JSON, max_size=2) | _JSON}), max_size=4))
def test_whatever_a_provider_sends_nothing_but_a_provider_error_comes_of_it(pieces: list[dict[str, Any]]) -> None:
    events, failure = hear_failing(DIALECT.stream(), [frames(*pieces)])

    assert collect(events).choices
    assert failure is None or failure.message
