"""A stream of one response. Fixtures follow https://platform.openai.com/docs/api-reference/responses-streaming."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.chat.collect import collect
from shared.chat.events import (
    Annotation,
    Finish,
    MediaOutput,
    RefusalDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
    Usage,
    Verbatim,
)
from shared.chat.request import Reasoning, ToolCall
from shared.dialects.responses import DIALECT
from shared.errors import (
    BadResponse,
    CredentialRejected,
    ProviderError,
    ProviderFailed,
    RequestRefused,
    StreamTruncated,
    Throttled,
)
from tests.fakes.streams import cut, fixture, hear, hear_failing

TOOLS = fixture("responses/tools_and_thinking.sse")
SERVER = fixture("responses/server_tools.sse")
FAILED = fixture("responses/failed_after_text.sse")
MESSAGE = {"type": "message", "id": "m", "content": [{"type": "output_text", "text": "Hi"}]}


def frames(*pieces: dict[str, Any]) -> bytes:
    return b"".join(b"data: " + json.dumps(piece).encode() + b"\n\n" for piece in pieces)


def said(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}", **fields}


def completed(*output: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return said("completed", response={"id": "r", "status": "completed", "output": list(output), **fields})


def test_thinking_text_and_parallel_calls_are_told_in_order() -> None:
    """Traps 37 (interleaved arguments), 38 (no arguments are `{}`), 40, 44, 79, 83."""
    answer = collect(hear(DIALECT.stream(), [TOOLS]))
    choice = answer.choices[0]

    assert (answer.id, answer.model, answer.created) == ("resp_1", "gpt-5-pro", 1790000000)
    assert choice.reasoning == "Zwei Städte, zwei Aufrufe."
    assert choice.text == "Ich sehe nach\u2028in Łódź 🌦"
    assert choice.tool_calls == (ToolCall("call_1", "weather", '{"city": "Łódź"}'), ToolCall("call_2", "now", "{}"))
    assert choice.finish == Finish("tool_calls", "completed")
    assert choice.annotations == (Annotation("phase", "commentary"), Annotation("service_tier", "priority"))


def test_thinking_goes_back_as_the_item_it_was() -> None:
    """Trap 61: the last encrypted content that the provider told, with its id; never the provisional one."""
    (block,) = collect(hear(DIALECT.stream(), [TOOLS])).choices[0].reasoning_blocks

    assert block == Reasoning(
        "Zwei Städte, zwei Aufrufe.",
        'responses:{"id":"rs_1","type":"reasoning","encrypted_content":"gAAAAAB/+=",'
        '"summary":[{"type":"summary_text","text":"Zwei Städte,"},{"type":"summary_text","text":" zwei Aufrufe."}]}',
    )


@pytest.mark.parametrize("body", [TOOLS, SERVER, FAILED], ids=["tools", "server", "failed"])
def test_no_cut_of_the_network_changes_what_is_said(body: bytes) -> None:
    """Traps 1, 9."""
    whole, error = hear_failing(DIALECT.stream(), [body])

    for at in range(len(body)):
        events, failure = hear_failing(DIALECT.stream(), cut(body, at))
        assert (events, repr(failure)) == (whole, repr(error)), at


@given(st.data())
def test_no_number_of_cuts_changes_what_is_said(data: st.DataObject) -> None:
    """Traps 1, 3, 9."""
    body = data.draw(st.sampled_from([TOOLS, TOOLS.replace(b"\n", b"\r\n"), SERVER.replace(b"\n", b"\r")]))
    places = sorted(data.draw(st.sets(st.integers(0, len(body)))))
    pieces = [body[start:end] for start, end in zip([0, *places], [*places, len(body)], strict=True)]

    assert hear(DIALECT.stream(), pieces) == hear(DIALECT.stream(), [body])


@pytest.mark.parametrize("body", [TOOLS, SERVER], ids=["tools", "server"])
def test_a_stream_says_what_the_plain_response_says(body: bytes) -> None:
    response = json.loads(body.rpartition(b"data: ")[2])["response"]

    assert collect(hear(DIALECT.stream(), [body])) == collect(DIALECT.read(json.dumps(response).encode()))


def test_what_the_provider_did_itself_is_told_once_with_its_outcome() -> None:
    choice = collect(hear(DIALECT.stream(), [SERVER])).choices[0]

    assert choice.text == "Sunny"
    assert choice.media == (MediaOutput("image/webp", "UklGRg=="),)
    assert [note.name for note in choice.annotations] == [
        *["web_search_call", "annotation", "logprobs", "image_generation_call"]
    ]
    assert choice.annotations[1].value["url"] == "https://example.com/a"
    assert choice.annotations[2].value["content"][0]["bytes"] == [83]
    assert choice.annotations[3].value["revised_prompt"] == "A sun"


def test_usage_counts_as_in_chat_completions() -> None:
    """Traps 65, 66: cached tokens and reasoning are included."""
    usage = collect(hear(DIALECT.stream(), [TOOLS])).usage

    assert usage is not None
    assert (usage.input, usage.cached, usage.output, usage.reasoning, usage.total) == (90, 64, 40, 12, 130)
    assert usage.raw["input_tokens"] == 90


def test_a_stream_without_usage_has_none() -> None:
    """Trap 22: it is the gateway that estimates."""
    assert collect(hear(DIALECT.stream(), [frames(completed(MESSAGE))])).usage is None


def test_a_stream_that_does_not_say_that_it_ends_is_an_error() -> None:
    """Trap 12."""
    body = TOOLS[: TOOLS.rindex(b"event: response.completed")]

    events, error = hear_failing(DIALECT.stream(), [body])

    assert isinstance(error, StreamTruncated)
    assert collect(events).choices[0].text == "Ich sehe nach\u2028in Łódź 🌦"


def test_nothing_is_heard_after_the_end() -> None:
    """Traps 5, 11, 14."""
    reader = DIALECT.stream()
    whole = hear(DIALECT.stream(), [SERVER])

    events = reader.feed(b": OPENROUTER PROCESSING\n\n" + SERVER + b"data: [DONE] \n\ndata: {nonsense\n\n")

    assert (events, reader.finished, reader.close()) == (whole, True, [])


def test_what_came_before_a_failure_is_told() -> None:
    """Traps 26, 28."""
    events, error = hear_failing(DIALECT.stream(), [FAILED])

    assert [type(event) for event in events] == [Start, TextDelta, Usage]
    assert isinstance(error, ProviderFailed)
    assert error.message == "The model broke down"
    assert error.worth_retrying


@pytest.mark.parametrize(
    ("piece", "kind"),
    [
        ({"type": "error", "code": "server_error", "message": "Broken", "param": None}, ProviderFailed),
        ({"type": "error", "code": "rate_limit_exceeded", "message": "Broken"}, Throttled),
        ({"type": "error", "error": {"type": "invalid_request_error", "message": "Broken"}}, RequestRefused),
        ({"error": {"code": "invalid_api_key", "message": "Broken"}}, CredentialRejected),
        (said("failed", response={"error": {"code": "invalid_image", "message": "Broken"}}), RequestRefused),
        (said("failed", response={"error": {"code": "invalid_prompt", "message": "Broken"}}), RequestRefused),
        (said("cancelled", response={"error": {"message": "Broken"}}), ProviderFailed),
    ],
)
def test_a_failure_says_whose_fault_it_is(piece: dict[str, Any], kind: type[ProviderError]) -> None:
    """Traps 26, 30: whether the event has a name or not."""
    for body in (frames(piece), b"event: error\n" + frames(piece) if piece.get("type") == "error" else frames(piece)):
        _, error = hear_failing(DIALECT.stream(), [body])

        assert isinstance(error, kind)
        assert error.message == "Broken"


def test_a_failure_without_words_is_the_providers() -> None:
    _, error = hear_failing(DIALECT.stream(), [frames(said("failed", response={"error": None}))])

    assert isinstance(error, ProviderFailed)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"error": {"message": "Broken", "type": "server_error"}}', ProviderFailed),
        (b'{"message": "Broken"}', ProviderFailed),
        (b"<html><body>Broken</body></html>", BadResponse),
        (b"", BadResponse),
    ],
)
def test_a_plain_body_in_place_of_a_stream_is_explained(body: bytes, kind: type[ProviderError]) -> None:
    """Trap 13."""
    _, error = hear_failing(DIALECT.stream(), [body])

    assert isinstance(error, kind)


@pytest.mark.parametrize(
    ("response", "finish"),
    [
        (
            {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
            Finish("length", "max_output_tokens"),
        ),
        (
            {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
            Finish("content_filter", "content_filter"),
        ),
        ({"status": "incomplete", "incomplete_details": {"reason": "whim"}}, Finish("other", "whim")),
        ({"status": "incomplete"}, Finish("other", "incomplete")),
        ({}, Finish("other", "incomplete")),
    ],
)
def test_why_it_is_incomplete_is_kept(response: dict[str, Any], finish: Finish) -> None:
    """Traps 24, 60: nothing said and `length` is an answer, not an error."""
    events = hear(DIALECT.stream(), [frames(said("incomplete", response=response))])

    assert collect(events).choices[0].finish == finish


def test_calls_do_not_hide_that_the_answer_was_cut_off() -> None:
    """Trap 40."""
    call = {"type": "function_call", "call_id": "c", "name": "now", "arguments": '{"a'}
    response = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}, "output": [call]}

    events = hear(DIALECT.stream(), [frames(said("incomplete", response=response))])

    assert collect(events).choices[0].finish == Finish("length", "max_output_tokens")


def test_a_refusal_is_no_text() -> None:
    """Trap 25."""
    refusal = {"type": "message", "id": "m", "content": [{"type": "refusal", "refusal": "I will not."}]}
    pieces = [
        said("refusal.delta", output_index=0, content_index=0, delta="I will "),
        said("refusal.delta", output_index=0, content_index=0, delta="not."),
    ]

    streamed = hear(DIALECT.stream(), [frames(*pieces, completed(refusal))])
    whole = hear(DIALECT.stream(), [frames(completed(refusal))])

    assert streamed[:2] == [RefusalDelta("I will "), RefusalDelta("not.")]
    assert [collect(events).choices[0].refusal for events in (streamed, whole)] == ["I will not."] * 2


def test_what_no_piece_said_is_said_with_the_whole() -> None:
    """Items that come only at the end, texts only with their item, names only with the call."""
    call = {"type": "function_call", "id": "f", "call_id": "c", "name": "now", "arguments": '{"a":1}'}
    thinking = {"type": "reasoning", "id": "t", "summary": [], "content": [{"type": "reasoning_text", "text": "Hm"}]}
    body = frames(
        said("output_item.added", output_index=0, item={"type": "function_call", "id": "f"}),
        said("function_call_arguments.delta", output_index=0, delta='{"a":'),
        said("output_item.done", output_index=0, item=call),
        completed(call, MESSAGE, thinking),
    )

    choice = collect(hear(DIALECT.stream(), [body])).choices[0]

    assert (choice.tool_calls, choice.text, choice.reasoning) == ((ToolCall("c", "now", '{"a":1}'),), "Hi", "Hm")


def test_items_without_a_number_are_told_apart_by_their_ids() -> None:
    """Traps 35, 36."""
    first = {"type": "function_call", "id": "a", "call_id": "c1", "name": "now"}
    second = {"type": "function_call", "id": "b", "call_id": "c2", "name": "then"}
    body = frames(
        said("output_item.added", item=first),
        said("output_item.added", item=second),
        said("function_call_arguments.delta", item_id="b", delta='{"b":2}'),
        said("function_call_arguments.delta", item_id="a", delta='{"a":1}'),
        said("output_item.done", item={**first, "arguments": '{"a":1}'}),
        completed({**first, "arguments": '{"a":1}'}, {**second, "arguments": '{"b":2}'}),
    )

    calls = collect(hear(DIALECT.stream(), [body])).choices[0].tool_calls

    assert calls == (ToolCall("c1", "now", '{"a":1}'), ToolCall("c2", "then", '{"b":2}'))


def test_a_tool_of_free_text_is_called_too() -> None:
    call = {"type": "custom_tool_call", "id": "x", "call_id": "c", "name": "shell", "input": "ls"}
    body = frames(
        said("output_item.added", output_index=0, item={**call, "input": ""}),
        said("custom_tool_call_input.delta", output_index=0, item_id="x", delta="ls"),
        said("output_item.done", output_index=0, item=call),
        completed(call),
    )

    events = hear(DIALECT.stream(), [body])

    assert events[:2] == [ToolCallStart(0, "c", "shell"), ToolCallDelta(0, "ls")]
    assert events[-1] == Finish("tool_calls", "completed")


def test_events_without_names_are_read_by_their_type_and_the_other_way_round() -> None:
    """Trap 89: what the line `event:` says is enough."""
    body = b'event: response.completed\ndata: {"response": {"status": "completed", "output": []}}\n\n'

    assert hear(DIALECT.stream(), [body])[-1] == Finish("stop", "completed")


def test_kin_hear_every_event_as_it_came() -> None:
    events = hear(DIALECT.stream(verbatim=True), [TOOLS])
    verbatim = [event for event in events if isinstance(event, Verbatim)]

    assert b"".join(b"event: %s\ndata: %s\n\n" % (event.name.encode(), event.data) for event in verbatim) == TOOLS
    assert verbatim[-1].name == "response.completed"


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value within it."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, child in inner for place in places(child, (*path, name)))]


def with_value(whole: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(whole) if isinstance(whole, dict) else list(whole)
    copy[path[0]] = with_value(whole[path[0]], path[1:], value)
    return copy


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(), st.lists)
PIECES = [
    json.loads(event.partition(b"data: ")[2])
    for body in (TOOLS[: TOOLS.rindex(b"event: ")], SERVER)
    for event in body.split(b"\n\n")
    if event
]


@given(st.integers(0, len(PIECES) - 1), st.data())
def test_whatever_a_piece_holds_it_is_read_or_explained(index: int, data: st.DataObject) -> None:
    """A wrong type reads as absent, never as a crash."""
    path = data.draw(st.sampled_from(places(PIECES[index])))
    wrong = with_value(PIECES[index], path, data.draw(JSON))
    pieces = [*PIECES[:index], wrong, *PIECES[index + 1 :]]

    events, error = hear_failing(DIALECT.stream(), [frames(*pieces)])

    assert error is None or isinstance(error, ProviderError)
    assert all(isinstance(event.text, str) for event in events if isinstance(event, TextDelta))
    assert collect(events).choices
