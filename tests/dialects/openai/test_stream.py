"""Streams in all the ways in which OpenAI-like providers send them."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.chat.collect import Answer, Collector
from shared.chat.events import Annotation, ChatEvent, Finish, Start, TextDelta, Usage
from shared.chat.request import ToolCall
from shared.dialects.openai.stream import ChatStream
from shared.errors import (
    BadResponse,
    BadStreamData,
    ProviderError,
    ProviderFailed,
    RequestRefused,
    StreamTruncated,
    Throttled,
)
from tests.fakes.streams import fixture

NAMES = [
    *["text", "reasoning", "parallel-tools-in-one-chunk", "tools-all-at-index-0", "tools-without-index", "azure"],
    *["untidy", "error-in-the-middle", "without-done", "truncated", "two-choices"],
]


def play(*pieces: bytes) -> tuple[list[ChatEvent], ProviderError | None]:
    """What is said, and how it fails."""
    reader, events = ChatStream(), list[ChatEvent]()
    try:
        for piece in pieces:
            events += reader.feed(piece)
        events += reader.close()
    except ProviderError as error:
        return events, error
    return events, None


def whole(name: str) -> tuple[Answer, ProviderError | None]:
    events, error = play(fixture(f"openai/{name}.sse"))
    return collected(events), error


def collected(events: list[ChatEvent]) -> Answer:
    collector = Collector()
    for event in events:
        collector.add(event)
    return collector.answer()


def sse(*chunks: Any, end: bytes = b"data: [DONE]\n\n") -> bytes:
    data = [chunk if isinstance(chunk, bytes) else json.dumps(chunk).encode() for chunk in chunks]
    return b"".join([b"data: " + line + b"\n\n" for line in data]) + end


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **around: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta or {}, "finish_reason": finish}], **around}


STOP = chunk(finish="stop")


@pytest.mark.parametrize("name", NAMES)
def test_events_do_not_depend_on_where_the_network_cut(name: str) -> None:
    """Traps 1, 3, 9."""
    body = fixture(f"openai/{name}.sse")
    said, failed = play(body)

    for at in range(len(body) + 1):
        events, error = play(body[:at], body[at:])
        assert events == said
        assert repr(error) == repr(failed)
    assert play(*[body[at : at + 1] for at in range(len(body))])[0] == said


def test_text_arrives_whole_with_its_usage_behind_it() -> None:
    """Traps 16, 79, 80."""
    events, error = play(fixture("openai/text.sse"))

    assert error is None
    assert events == [
        Start("chatcmpl-1", "gpt-4o-2024-08-06", 1700000000),
        TextDelta("Grüße"),
        TextDelta(", 你好\u2028😀"),
        Usage(9, 4, total=13, raw={"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}),
        Finish("stop", "stop"),
    ]


def test_thinking_is_apart_from_the_text_and_counted() -> None:
    answer, _ = whole("reasoning")

    assert (answer.choices[0].reasoning, answer.choices[0].text) == ("Let me think.", "42")
    assert answer.usage is not None
    assert answer.usage.reasoning == 3


def test_parallel_calls_of_one_chunk_stay_apart_and_may_interleave() -> None:
    """Traps 37, 83."""
    answer, _ = whole("parallel-tools-in-one-chunk")

    assert answer.choices[0].tool_calls == (ToolCall("a", "f", '{"x":1}'), ToolCall("b", "g", '{"y":2}'))


def test_calls_that_all_claim_index_0_are_told_apart_by_id_or_name() -> None:
    """Traps 36, 40."""
    answer, _ = whole("tools-all-at-index-0")

    assert answer.choices[0].tool_calls == (
        ToolCall("a", "f", '{"x":1}'),
        ToolCall("b", "f", '{"x":2}'),
        ToolCall("", "g", "{}"),
    )
    assert answer.choices[0].finish == Finish("tool_calls", "stop")


def test_calls_without_index_continue_the_latest() -> None:
    """Traps 35, 38."""
    answer, _ = whole("tools-without-index")

    assert answer.choices[0].tool_calls == (ToolCall("a", "f", '{"x":1}'), ToolCall("b", "g", "{}"))


def test_an_id_that_comes_with_every_piece_begins_one_call() -> None:
    """Trap 37: mismatched indices; the id tells."""
    pieces = [{"index": 4, "id": "a", "function": {"name": "f", "arguments": "{"}}]
    pieces += [{"index": 0, "id": "a", "function": {"name": "f", "arguments": "}"}}]

    events, _ = play(sse(*[chunk({"tool_calls": [piece]}) for piece in pieces], STOP))

    assert collected(events).choices[0].tool_calls == (ToolCall("a", "f", "{}"),)


def test_one_id_for_all_calls_does_not_make_them_one() -> None:
    """Trap 37."""
    pieces = [{"index": at, "id": "call", "function": {"name": name, "arguments": "{"}} for at, name in enumerate("fg")]
    pieces += [{"index": at, "id": "call", "function": {"arguments": "}"}} for at in (0, 1)]

    events, _ = play(sse(*[chunk({"tool_calls": [piece]}) for piece in pieces], STOP))

    assert collected(events).choices[0].tool_calls == (ToolCall("call", "f", "{}"), ToolCall("call", "g", "{}"))


def test_a_part_for_thinking_that_says_nothing_leaves_the_field_beside_it() -> None:
    delta = {"content": [{"type": "thinking", "thinking": []}], "reasoning_content": "Hm"}

    assert collected(play(sse(chunk(delta), STOP))[0]).choices[0].reasoning == "Hm"


def test_arguments_before_the_name_wait_for_it() -> None:
    pieces = [
        {"index": 0, "id": "a", "function": {"arguments": "{"}},
        {"index": 0, "function": {"name": "f", "arguments": "}"}},
    ]

    events, _ = play(sse(*[chunk({"tool_calls": [piece]}) for piece in pieces], STOP))

    assert collected(events).choices[0].tool_calls == (ToolCall("a", "f", "{}"),)


def test_arguments_that_are_json_become_its_text() -> None:
    events, _ = play(
        sse(chunk({"tool_calls": [{"index": 0, "id": "null", "function": {"name": "f", "arguments": {"x": 1}}}]}), STOP)
    )

    assert collected(events).choices[0].tool_calls == (ToolCall("", "f", '{"x":1}'),)


def test_the_old_function_call_is_a_call() -> None:
    deltas = [
        {"function_call": {"name": "f", "arguments": ""}},
        {"function_call": {"arguments": "{}"}},
        {"function_call": {"name": ""}},
    ]

    events, _ = play(sse(*map(chunk, deltas), chunk(finish="function_call")))

    assert collected(events).choices[0].tool_calls == (ToolCall("", "f", "{}"),)
    assert Finish("tool_calls", "function_call") in events


def test_the_old_function_call_without_a_name_is_none_and_one_beside_others_is_its_own() -> None:
    """Found by mutating recordings."""
    call = {"index": 0, "id": "a", "function": {"name": "g", "arguments": "{}"}}
    deltas: list[dict[str, Any]] = [
        {"tool_calls": [call], "function_call": {"name": "f", "arguments": ""}},
        {"function_call": {"arguments": "[]"}},
    ]

    nameless, _ = play(sse(chunk({"function_call": {"name": None, "arguments": "{}"}}), STOP))
    both, _ = play(sse(*[chunk(delta) for delta in deltas], STOP))

    assert collected(nameless).choices[0].tool_calls == ()
    assert collected(both).choices[0].tool_calls == (ToolCall("a", "g", "{}"), ToolCall("", "f", "[]"))


def test_a_number_may_be_the_id_of_a_call() -> None:
    events, _ = play(sse(chunk({"tool_calls": [{"index": 0, "id": 7, "function": {"name": "f"}}]}), STOP))

    assert collected(events).choices[0].tool_calls == (ToolCall("7", "f", "{}"),)


def test_a_call_may_begin_or_go_on_after_the_word_for_the_end() -> None:
    """Trap 40."""
    begun = {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": ""}}]}
    rest = {"tool_calls": [{"index": 0, "function": {"arguments": '{"x":1}'}}]}

    after, _ = play(sse(STOP, chunk(begun), chunk(rest)))
    between, _ = play(sse(chunk(begun), STOP, chunk(rest)))

    for events in (after, between):
        assert collected(events).choices[0].tool_calls == (ToolCall("a", "f", '{"x":1}'),)
        assert collected(events).choices[0].finish == Finish("tool_calls", "stop")


def test_a_part_of_another_kind_is_no_text() -> None:
    parts = [{"type": "output_text", "text": "a"}, {"type": "summary", "text": "hidden"}, {"text": "b"}]

    events, _ = play(sse(chunk({"content": parts}), STOP))

    assert collected(events).choices[0].text == "ab"
    assert Annotation("summary", parts[1]) in events


def test_azures_first_chunk_and_choices_without_delta_do_no_harm() -> None:
    """Traps 17, 18, 23."""
    answer, error = whole("azure")

    assert error is None
    assert (answer.id, answer.choices[0].text, answer.usage) == ("chatcmpl-1", "hi", None)


def test_untidy_streams_are_read_and_what_follows_the_end_is_dropped() -> None:
    """Traps 2, 3, 5, 6, 7, 11."""
    reader = ChatStream()
    events = reader.feed(fixture("openai/untidy.sse"))

    assert [event.text for event in events if isinstance(event, TextDelta)] == ["a", "b"]
    assert Finish("length", "length") in events
    assert (reader.finished, reader.skipped, reader.feed(sse(STOP)), reader.close()) == (True, 1, [], [])


def test_an_error_in_the_middle_keeps_the_text_before_it() -> None:
    """Traps 27, 28, 30."""
    answer, error = whole("error-in-the-middle")

    assert answer.choices[0].text == "Hel"
    assert isinstance(error, Throttled)
    assert (error.message, error.retry_after) == ("slow down", 3)


def test_a_reader_that_failed_says_so_again() -> None:
    reader = ChatStream()
    events = reader.feed(sse(chunk({"content": "a"}), {"error": {"message": "no"}}, end=b""))

    assert (len(events), reader.finished) == (2, True)
    with pytest.raises(ProviderFailed, match="no"):
        reader.feed(b"more")
    with pytest.raises(ProviderFailed, match="no"):
        reader.close()


def test_a_finish_reason_error_without_an_error_is_a_failure() -> None:
    """Trap 27."""
    _, error = play(sse(chunk(finish="error")))

    assert isinstance(error, ProviderFailed)


def test_groqs_event_error_is_heard() -> None:
    """Trap 27."""
    body = b'event: error\ndata: {"error":{"message":"bad tool","type":"invalid_request_error","status_code":400}}\n\n'

    _, error = play(body)

    assert isinstance(error, RequestRefused)
    assert (error.status, error.message) == (400, "bad tool")


def test_the_end_of_the_bytes_is_the_end_once_every_choice_has_finished() -> None:
    """Trap 11."""
    answer, error = whole("without-done")

    assert error is None
    assert answer.choices[0].finish == Finish("stop", "stop")


@pytest.mark.parametrize("name", ["truncated"])
def test_an_end_without_a_finish_is_an_error(name: str) -> None:
    """Trap 12."""
    answer, error = whole(name)

    assert answer.choices[0].text == "ab"
    assert isinstance(error, StreamTruncated)


def test_one_of_two_choices_unfinished_is_an_error() -> None:
    """Trap 12."""
    two = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}, {"index": 1, "delta": {"content": "x"}}]}

    assert isinstance(play(sse(two, end=b""))[1], StreamTruncated)


def test_done_without_a_finish_reason_is_complete_but_no_stop() -> None:
    """Traps 11, 24."""
    events, error = play(sse(chunk({"content": "a"})))

    assert error is None
    assert events[-1] == Finish("other", None)


def test_choices_are_kept_apart() -> None:
    answer, _ = whole("two-choices")

    assert [(choice.text, choice.finish and choice.finish.reason) for choice in answer.choices] == [
        ("ab", "length"),
        ("x", "stop"),
    ]


@pytest.mark.parametrize(
    ("word", "reason"), [("insufficient_system_resource", "other"), ("model_length", "length"), ("eos", "stop")]
)
def test_unknown_finish_reasons_are_kept_and_never_become_stop(word: str, reason: str) -> None:
    """Trap 24."""
    assert Finish(reason, word) in play(sse(chunk(finish=word)))[0]  # type: ignore[arg-type]  # a parameter is a plain str


def test_the_first_finish_holds() -> None:
    """Fault table: duplicate finish."""
    events, _ = play(sse(chunk(finish="length"), STOP))

    assert [event for event in events if isinstance(event, Finish)] == [Finish("length", "length")]


def test_calls_never_mask_a_length_or_a_filter() -> None:
    """Trap 40."""
    call = {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": "{"}}]}

    assert Finish("length", "length") in play(sse(chunk(call), chunk(finish="length")))[0]


def test_a_refusal_is_not_lost_as_empty_text() -> None:
    """Trap 25."""
    events, _ = play(sse(chunk({"content": None, "refusal": "I "}), chunk({"refusal": "won't"}), STOP))

    assert collected(events).choices[0].refusal == "I won't"


def test_usage_beside_content_and_cumulative_usage_are_never_summed() -> None:
    """Traps 19, 20."""
    counts = [{"prompt_tokens": 5, "completion_tokens": spoken, "total_tokens": 5 + spoken} for spoken in (1, 1, 2)]

    events, _ = play(sse(*[chunk({"content": "a"}, usage=count) for count in counts], STOP))

    assert collected(events).choices[0].text == "aaa"
    assert [event.output for event in events if isinstance(event, Usage)] == [1, 2]


@pytest.mark.parametrize(
    "place",
    [
        {"usage": {"prompt_tokens": 3}},
        {"x_groq": {"usage": {"prompt_tokens": 3}}},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop", "usage": {"prompt_tokens": 3}}]},
    ],
)
def test_usage_is_found_wherever_it_is(place: dict[str, Any]) -> None:
    """Trap 16."""
    usage = collected(play(sse(STOP, {"choices": [], **place}))[0]).usage

    assert usage is not None
    assert (usage.input, usage.output) == (3, None)


def test_no_usage_is_no_usage() -> None:
    """Trap 22: the gateway estimates and says so."""
    assert collected(play(sse(STOP))[0]).usage is None


def test_what_a_provider_says_it_cost_is_exact() -> None:
    """Traps 66, 67."""
    paid = [{"cost": 1.365e-05}, {"cost_in_usd_ticks": 1721250}, {"cost": {"total_cost": 0.006}}]
    paid += [
        {"cost": 0.001, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.02}},
        {"cost": 0.1, "is_byok": True},
    ]

    costs = [collected(play(sse(STOP, {"choices": [], "usage": usage}))[0]).usage for usage in paid]

    assert [usage and usage.cost for usage in costs] == [
        Decimal("0.00001365"),
        Decimal("0.000172125"),
        Decimal("0.006"),
        Decimal("0.021"),
        None,
    ]


@pytest.mark.parametrize("count", [-1, "many", True, 1.5, None])
def test_a_count_that_is_none_is_not_reported(count: Any) -> None:
    usage = collected(
        play(sse(STOP, {"choices": [], "usage": {"prompt_tokens": count, "completion_tokens": 0}}))[0]
    ).usage

    assert usage is not None
    assert (usage.input, usage.output) == (None, 0)


def test_one_event_of_garbage_is_passed_over_and_three_in_a_row_end_it() -> None:
    """Fault table: invalid JSON event."""
    text = chunk({"content": "a"})

    assert play(sse(b"<x>", b"{", text, b"nonsense", STOP))[1] is None
    assert isinstance(play(sse(text, b"<x>", b"{", b"nonsense", STOP))[1], BadStreamData)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", BadResponse),
        (b": only comments\n\n", BadResponse),
        (b"data: [DONE]\n\n", BadResponse),
        (b"<html><body>nginx</body></html>", BadResponse),
        (b'{"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}]}', BadResponse),
        (b'{"error":{"message":"no money","code":402}}', ProviderError),
        (b'{\n  "error": {\n    "message": "busy",\n    "code": 429\n  }\n}\n', Throttled),
        (b'data: [{"error":{"message":"busy","code":429}}]\n\n', Throttled),
    ],
)
def test_a_body_that_is_no_stream_is_the_error_inside_or_a_bad_response(body: bytes, kind: type[ProviderError]) -> None:
    """Trap 13."""
    events, error = play(body)

    assert events == []
    assert isinstance(error, kind)
    assert "nginx" not in str(error)


def test_a_frame_with_white_space_before_its_json_is_read() -> None:
    assert TextDelta("a") in play(b"data:   " + json.dumps(chunk({"content": "a"})).encode() + b"\n\n" + sse(STOP))[0]


def test_fields_we_have_no_word_for_are_kept_once() -> None:
    """What kin callers get back unchanged."""
    delta = {"content": "a", "channel": "final", "audio": {"id": "x"}}
    choice = {"index": 0, "delta": delta, "logprobs": {"content": [1]}, "finish_reason": None}
    around = {"service_tier": "default", "citations": ["https://example.com"], "obfuscation": "zz"}

    events, _ = play(sse({"choices": [choice], **around}, {"choices": [choice], **around}, STOP))

    assert [(event.name, event.value) for event in events if isinstance(event, Annotation)] == [
        ("channel", "final"),
        ("audio", {"id": "x"}),
        ("logprobs", {"content": [1]}),
        ("service_tier", "default"),
        ("citations", ["https://example.com"]),
        ("audio", {"id": "x"}),
        ("logprobs", {"content": [1]}),
    ]


def test_mistrals_parts_are_thinking_and_text() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}], "signature": "s"}

    events, _ = play(
        sse(chunk({"content": [thinking]}), chunk({"content": [{"type": "text", "text": "Hi"}, " there"]}), STOP)
    )

    choice = collected(events).choices[0]
    assert (choice.reasoning, choice.text, choice.reasoning_blocks[0].signature) == ("Hm.", "Hi there", "s")


def test_thinking_said_in_two_fields_is_heard_once() -> None:
    events, _ = play(sse(chunk({"reasoning": "Hm", "reasoning_content": "Hm"}), STOP))

    assert collected(events).choices[0].reasoning == "Hm"


def test_pictures_are_media() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}

    media = collected(play(sse(chunk({"images": [picture]}), STOP))[0]).choices[0].media

    assert [(each.media_type, each.data) for each in media] == [("image/png", "aGk=")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda x: (
        st.lists(x, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "index",
                    "delta",
                    "content",
                    "tool_calls",
                    "function",
                    "name",
                    "arguments",
                    "id",
                    "choices",
                    "usage",
                    "finish_reason",
                    "reasoning_details",
                    "type",
                    "text",
                    "message",
                    "error",
                    "images",
                    "cost",
                ]
            ),
            x,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.lists(JSON, max_size=4))
def test_no_json_whatever_breaks_the_reader(values: list[Any]) -> None:
    """Only a ProviderError may come out of a stream."""
    play(sse(*[{"choices": [value], **(value if isinstance(value, dict) else {})} for value in values], *values))


@given(st.binary(max_size=300), st.integers(0, 300))
def test_no_bytes_whatever_break_the_reader(body: bytes, at: int) -> None:
    assert play(body)[0] == play(body[:at], body[at:])[0]
