"""A stream of one message. Fixtures follow https://platform.claude.com/docs/en/build-with-claude/streaming."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.chat.collect import collect
from shared.chat.events import Annotation, Finish, FinishReason, Start, TextDelta, Usage
from shared.chat.request import Reasoning, ToolCall
from shared.dialects.anthropic import DIALECT
from shared.errors import (
    BadResponse,
    BadStreamData,
    CredentialRejected,
    ProviderError,
    ProviderFailed,
    ProviderOverloaded,
    StreamTruncated,
    Throttled,
)
from tests.fakes.streams import cut, fixture, hear, hear_failing

TOOLS = fixture("anthropic/tools_and_thinking.sse")
SERVER = fixture("anthropic/server_tool.sse")
OVERLOADED = fixture("anthropic/overloaded_after_text.sse")
START = {
    "type": "message_start",
    "message": {"id": "m", "model": "c", "usage": {"input_tokens": 4, "output_tokens": 1}},
}
TEXT = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}}
END = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}}
STOP = {"type": "message_stop"}


def frames(*pieces: Any) -> bytes:
    return b"".join(
        b"data: " + (piece if isinstance(piece, bytes) else json.dumps(piece).encode()) + b"\n\n" for piece in pieces
    )


def test_thinking_text_and_parallel_calls_are_told_in_order() -> None:
    """Traps 38 (no arguments are `{}`), 52 (signatures byte-exact), 44, 79."""
    answer = collect(hear(DIALECT.stream(), [TOOLS]))
    choice = answer.choices[0]

    assert choice.reasoning_blocks == (
        Reasoning("Zwei Städte, zwei Aufrufe.", "EqQBCkYI+/="),
        Reasoning(redacted="EmwKAhgB/+="),
    )
    assert choice.text == "Ich sehe nach\u2028in Łódź 🌦"
    assert choice.tool_calls == (ToolCall("toolu_1", "weather", '{"city": "Łódź"}'), ToolCall("toolu_2", "now", "{}"))
    assert choice.finish == Finish("tool_calls", "tool_use")
    assert (answer.id, answer.model) == ("msg_1", "claude-sonnet-4-5")


@pytest.mark.parametrize("body", [TOOLS, SERVER], ids=["tools", "server"])
def test_no_cut_of_the_network_changes_what_is_said(body: bytes) -> None:
    """Traps 1, 9."""
    whole = hear(DIALECT.stream(), [body])

    assert all(hear(DIALECT.stream(), cut(body, at)) == whole for at in range(len(body)))


def test_usage_is_cumulative_and_includes_the_cache() -> None:
    """Traps 20, 65."""
    usage = collect(hear(DIALECT.stream(), [TOOLS])).usage

    assert usage is not None
    assert (usage.input, usage.output, usage.cached, usage.cache_write, usage.total) == (18, 40, 5, 3, 58)


def test_a_broken_stream_has_told_its_input_but_no_output() -> None:
    events = DIALECT.stream().feed(frames(START, TEXT))

    assert [(event.input, event.output) for event in events if isinstance(event, Usage)] == [(4, None)]


def test_what_has_no_word_of_ours_is_kept() -> None:
    """Server tools, citations, and kinds that came later: trap 25."""
    notes = [event for event in hear(DIALECT.stream(), [SERVER]) if isinstance(event, Annotation)]

    assert [note.name for note in notes] == [
        "server_tool_use",
        "web_search_tool_result",
        "citation",
        "sparkle_delta",
        "hologram",
        "aurora",
    ]
    assert notes[0].value["input"] == {"query": "rain"}
    assert collect(hear(DIALECT.stream(), [SERVER])).choices[0].tool_calls == ()


@pytest.mark.parametrize(
    ("kind", "error", "status"),
    [
        ("overloaded_error", ProviderOverloaded, 503),
        ("rate_limit_error", Throttled, 429),
        ("api_error", ProviderFailed, 502),
        ("brand_new_error", ProviderFailed, 502),
        ("authentication_error", CredentialRejected, 424),
    ],
)
def test_an_error_inside_the_stream_is_raised(kind: str, error: type[ProviderError], status: int) -> None:
    """Trap 26."""
    with pytest.raises(error, match="No room") as caught:
        DIALECT.stream().feed(frames({"type": "error", "error": {"type": kind, "message": "No room"}}))

    assert (caught.value.status, caught.value.details["providerType"]) == (status, kind)


def test_what_was_said_before_an_error_is_never_lost() -> None:
    """Trap 26, at every cut."""
    for at in range(len(OVERLOADED)):
        said, failure = hear_failing(DIALECT.stream(), cut(OVERLOADED, at))

        assert TextDelta("Half") in said
        assert isinstance(failure, ProviderOverloaded)


def test_a_ping_is_a_piece_of_its_own_and_says_nothing_wherever_it_stands() -> None:
    """Trap 15, as we hear it: JSON with a type, not a comment; and a comment says nothing either."""
    pieces, ping = [frames(piece) for piece in (START, TEXT, END, STOP)], b'event: ping\ndata: {"type": "ping"}\n\n'
    quiet = hear(DIALECT.stream(), pieces)

    for at in range(len(pieces)):
        for silent in (ping, frames({"type": "ping"}) * 5, b": keep-alive\n\n"):
            assert hear(DIALECT.stream(), [*pieces[:at], silent, *pieces[at:]]) == quiet


@pytest.mark.parametrize(
    "line",
    [
        b'event: error\ndata: {"type": "error", "error": {"type": "overloaded_error", "message": "No room"}}\n\n',
        b'data: {"type": "error", "error": {"type": "overloaded_error", "message": "No room"}}\n\n',
        b'event: error\ndata: {"error": {"type": "overloaded_error", "message": "No room"}}\n\n',
    ],
)
def test_an_error_is_one_with_and_without_its_event_line(line: bytes) -> None:
    """Trap 29, as we hear it: gateways on the way drop the line, or the type within, never both."""
    said, failure = hear_failing(DIALECT.stream(), [frames(START, TEXT), line])

    assert TextDelta("Hi") in said
    assert isinstance(failure, ProviderOverloaded)


def test_an_end_without_a_reason_is_an_error() -> None:
    """Trap 12."""
    with pytest.raises(StreamTruncated):
        hear(DIALECT.stream(), [frames(START, TEXT)])


def test_the_closing_event_may_be_missing_once_the_reason_is_known() -> None:
    """Trap 11."""
    assert hear(DIALECT.stream(), [frames(START, TEXT, END)]) == hear(
        DIALECT.stream(), [frames(START, TEXT, END, STOP)]
    )


def test_a_message_that_stops_without_a_reason_ended_for_another() -> None:
    assert hear(DIALECT.stream(), [frames(START, TEXT, STOP)])[-1] == Finish("other")


def test_the_first_ending_wins_and_what_follows_is_dropped() -> None:
    again = {**END, "delta": {"stop_reason": "max_tokens"}}
    reader = DIALECT.stream()
    events = [*reader.feed(frames(START, END, again, TEXT, STOP, TEXT)), *reader.feed(frames(TEXT)), *reader.close()]

    assert [event for event in events if isinstance(event, Finish | TextDelta)] == [Finish("stop", "end_turn")]
    assert reader.finished


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("pause_turn", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
        ("struck_by_lightning", "other"),
    ],
)
def test_the_reason_to_stop_has_a_word_of_ours_and_keeps_the_providers(raw: str, reason: FinishReason) -> None:
    """Trap 24."""
    end = {"type": "message_delta", "delta": {"stop_reason": raw}, "usage": {}}
    finish = hear(DIALECT.stream(), [frames(START, end, STOP)])[-1]

    assert finish == Finish(reason, raw)


def test_one_bad_event_is_skipped_and_counted() -> None:
    reader = DIALECT.stream()

    assert collect(hear(reader, [frames(START, b"{this is not json", TEXT, END)])).choices[0].text == "Hi"
    assert getattr(reader, "skipped", None) == 1


def test_three_bad_events_in_a_row_end_the_stream() -> None:
    reader = DIALECT.stream()
    events = reader.feed(frames(START, TEXT, b"{", b"nonsense", b"[]"))

    assert TextDelta("Hi") in events
    with pytest.raises(BadStreamData):
        reader.close()


@pytest.mark.parametrize("body", [b"", b"<!doctype html><html></html>", b'{"type":"message","content":[]}'])
def test_what_is_no_stream_is_a_bad_response(body: bytes) -> None:
    """Trap 13."""
    with pytest.raises(BadResponse):
        hear(DIALECT.stream(), [body])


def test_a_plain_error_in_place_of_a_stream_is_explained() -> None:
    """Trap 13."""
    body = b'{\n "type": "error",\n "error": {"type": "overloaded_error", "message": "Overloaded"}\n}'

    with pytest.raises(ProviderOverloaded, match="Overloaded"):
        hear(DIALECT.stream(), [body])


def test_arguments_that_came_with_the_start_are_kept() -> None:
    """Some who speak this dialect send the whole input at once."""
    block = {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}}
    start = {"type": "content_block_start", "index": 0, "content_block": block}

    assert collect(hear(DIALECT.stream(), [frames(START, start, END)])).choices[0].tool_calls == (
        ToolCall("t", "f", '{"a":1}'),
    )


def test_the_start_names_the_message_and_the_model() -> None:
    assert DIALECT.stream().feed(frames(START))[0] == Start("m", "c")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_FIELDS = st.sampled_from(["index", "delta", "content_block", "message", "usage", "error"])
_TYPES = st.sampled_from([
    "message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop", "error",
])  # fmt: skip
_INNER = st.builds(
    lambda kind, rest: {**rest, "type": kind},
    st.sampled_from(
        ["text", "tool_use", "thinking", "text_delta", "input_json_delta", "signature_delta", "citations_delta"]
    ),
    st.dictionaries(st.sampled_from(["text", "name", "id", "input", "partial_json", "stop_reason", "citation"]), _JSON),
)


@given(
    st.lists(
        st.builds(lambda kind, rest: {**rest, "type": kind}, _TYPES, st.dictionaries(_FIELDS, _JSON | _INNER)),
        max_size=6,
    )
)
def test_whatever_a_provider_sends_nothing_but_a_provider_error_comes_of_it(pieces: list[dict[str, Any]]) -> None:
    events, failure = hear_failing(DIALECT.stream(), [frames(*pieces)])

    assert collect(events).choices
    assert failure is None or failure.message
