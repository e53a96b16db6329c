"""What a stream of a response says, event by event, and that it ends with the response that a whole answer is."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.chat.collect import collect
from shared.chat.events import (
    Annotation,
    ChatEvent,
    Finish,
    FinishReason,
    MediaOutput,
    ReasoningDelta,
    ReasoningSignature,
    RefusalDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
    Usage,
)
from shared.chat.receipt import Cost, Done, Receipt
from shared.dialects.caller import About
from shared.dialects.responses import DIALECT
from shared.dialects.responses.caller import CALLER
from shared.errors import StreamTruncated, Throttled
from shared.wire.sse import SseDecoder

ABOUT = About("01K", 5, "anthropic", "claude")
USAGE = Usage(10, 20, cached=3, cache_write=2, reasoning=5, total=30)
RECEIPT = Receipt("own", "f", "anthropic", "claude", (), Cost(None))
STARTED = Start("msg_1", "claude-5")

type Json = dict[str, Any]


def done(reason: FinishReason = "stop", raw: str | None = None) -> Done:
    return Done(((0, reason, raw),), USAGE, RECEIPT)


def frames(said: bytes) -> list[tuple[str, Json]]:
    decoder = SseDecoder()
    return [(frame.event, json.loads(frame.data)) for frame in (*decoder.feed(said), *decoder.close())]


def request(**fields: Any) -> Any:
    return CALLER.read(
        json.dumps({"model": "anthropic/claude", "input": "hi", "stream": True, **fields}).encode(), {}
    ).chat


def spoken(events: Sequence[ChatEvent], end: Done | None = None, **fields: Any) -> list[Json]:
    speaker = CALLER.speaker(request(**fields), ABOUT)
    told = frames(b"".join([speaker.say(event) for event in (*events, end or done())]))
    assert [name for name, _ in told] == [event["type"] for _, event in told]
    return [event for _, event in told]


def whole(events: Sequence[ChatEvent], end: Done | None = None, **fields: Any) -> Json:
    answer: Json = json.loads(CALLER.answer(collect(events), end or done(), request(**fields), ABOUT))
    return answer


def types(events: Sequence[Json]) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events]


def test_a_text() -> None:
    """Trap 89: every event has its `event:` line, which `spoken` compares with its type."""
    events = spoken([STARTED, TextDelta("Hel"), TextDelta("lo"), USAGE, Finish("stop")])

    assert types(events) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert [event["sequence_number"] for event in events] == list(range(10))
    assert events[4]["delta"] + events[5]["delta"] == events[6]["text"] == "Hello"
    assert events[4]["item_id"] == events[2]["item"]["id"] == events[8]["item"]["id"]


def test_the_response_inside_is_complete() -> None:
    tools = [{"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": True}]
    events = spoken([STARTED, TextDelta("a")], instructions="be brief", tools=tools, temperature=0.5)
    begun, ended = events[0]["response"], events[-1]["response"]

    assert set(begun) == set(ended)
    assert (begun["status"], begun["output"], begun["usage"]) == ("in_progress", [], None)
    assert ended == {
        "id": "resp_01K",
        "object": "response",
        "created_at": 5,
        "status": "completed",
        "background": False,
        "completed_at": 5,
        "error": None,
        "incomplete_details": None,
        "instructions": "be brief",
        "max_output_tokens": None,
        "max_tool_calls": None,
        "metadata": {},
        "model": "claude-5",
        "output": [events[-2]["item"]],
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "reasoning": {"effort": None, "summary": None},
        "safety_identifier": None,
        "service_tier": None,
        "store": False,
        "temperature": 0.5,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": tools,
        "top_logprobs": 0,
        "top_p": None,
        "truncation": "disabled",
        "usage": {
            "input_tokens": 10,
            "input_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 2},
            "output_tokens": 20,
            "output_tokens_details": {"reasoning_tokens": 5},
            "total_tokens": 30,
        },
        "user": None,
    }


def test_thinking_words_and_calls_are_items_of_their_own() -> None:
    """Traps 44, 52: a call after a text has its own place, and thinking keeps what closed it."""
    events = spoken(
        [
            STARTED,
            ReasoningDelta("h"),
            ReasoningDelta("m"),
            ReasoningSignature("SIG"),
            TextDelta("a"),
            ToolCallStart(0, "c1", "f"),
            ToolCallDelta(0, '{"a":1}'),
        ],
        done("tool_calls"),
    )
    thought, message, call = events[-1]["response"]["output"]

    assert types(events)[2:8] == [
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
    ]
    assert thought["summary"] == [{"type": "summary_text", "text": "hm"}]
    assert thought["encrypted_content"].startswith("realmultillm:anthropic:")
    assert message["content"][0]["text"] == "a"
    assert (call["call_id"], call["name"], call["arguments"]) == ("c1", "f", '{"a":1}')
    assert events[-1]["response"]["status"] == "completed"


def test_calls_may_come_interleaved() -> None:
    """Traps 36, 37, 83."""
    events = spoken(
        [
            ToolCallStart(0, "c1", "f"),
            ToolCallStart(1, "c2", "g"),
            ToolCallDelta(1, '{"b":'),
            ToolCallDelta(0, '{"a":'),
            ToolCallDelta(1, "2}"),
            ToolCallDelta(0, "1}"),
        ],
        done("tool_calls"),
    )
    deltas = [event for event in events if event["type"] == "response.function_call_arguments.delta"]

    assert [delta["output_index"] for delta in deltas] == [1, 0, 1, 0]
    assert [item["arguments"] for item in events[-1]["response"]["output"]] == ['{"a":1}', '{"b":2}']


def test_a_call_without_arguments_has_an_empty_object() -> None:
    """Trap 38."""
    events = spoken([ToolCallStart(0, "c1", "f"), ToolCallDelta(0, "")], done("tool_calls"))

    assert "".join(event["delta"] for event in events if event["type"].endswith("arguments.delta")) == "{}"
    assert events[-1]["response"]["output"][0]["arguments"] == "{}"


def test_a_refusal_is_no_text() -> None:
    """Trap 25."""
    events = spoken([RefusalDelta("I can"), RefusalDelta("not")])

    assert types(events)[3:8] == [
        "content_part.added",
        "refusal.delta",
        "refusal.delta",
        "refusal.done",
        "content_part.done",
    ]
    assert events[-1]["response"]["output"][0]["content"] == [{"type": "refusal", "refusal": "I cannot"}]


@pytest.mark.parametrize(
    ("reason", "raw", "why"),
    [
        ("length", "max_tokens", "max_output_tokens"),
        ("content_filter", "SAFETY", "content_filter"),
        ("other", "MALFORMED_FUNCTION_CALL", "MALFORMED_FUNCTION_CALL"),
    ],
)
def test_what_did_not_end_well_is_incomplete(reason: FinishReason, raw: str, why: str) -> None:
    """Traps 24, 60: a word that nobody knows is kept, and thinking that took all the room is no error."""
    events = spoken([ReasoningDelta("hm"), TextDelta("a")], done(reason, raw))

    assert events[-1]["type"] == "response.incomplete"
    assert events[-1]["response"]["incomplete_details"] == {"reason": why}
    assert events[-1]["response"]["output"][1]["status"] == "incomplete"


def test_odd_line_ends_arrive_whole() -> None:
    """Trap 79."""
    words = "a\u2028b\u2029c\u0085d\r\ne"

    assert spoken([TextDelta(words)])[4]["delta"] == words


def test_pictures_are_made_items_and_sounds_are_told() -> None:
    events = spoken([MediaOutput("image/webp", "aGk="), MediaOutput("audio/wav", "aGk=")])
    response = events[-1]["response"]

    assert [(item["type"], item["result"], item["output_format"]) for item in response["output"]] == [
        ("image_generation_call", "aGk=", "webp")
    ]
    assert response["provider_annotations"] == [{"name": "media", "value": {"media_type": "audio/wav", "data": "aGk="}}]


def test_annotations_stand_where_this_api_has_them() -> None:
    cited = {"start_index": 0, "end_index": 1, "url": "https://example.com", "title": "t"}
    token = {"token": "a", "logprob": -0.5, "top_logprobs": [{"token": "b", "logprob": -1.0}]}
    events = spoken(
        [
            TextDelta("a"),
            Annotation("logprobs", {"content": [token]}),
            Annotation("annotations", [{"type": "url_citation", "url_citation": cited}]),
            Annotation("annotation", {"type": "url_citation", **cited}),
            Annotation("citation", {"type": "char_location"}),
            Annotation("service_tier", "standard"),
        ]
    )
    response = events[-1]["response"]
    (part,) = response["output"][0]["content"]

    assert part["annotations"] == [{"type": "url_citation", **cited}] * 2
    assert [event["annotation_index"] for event in events if event["type"].endswith("annotation.added")] == [0, 1]
    assert part["logprobs"] == [
        {"bytes": [], "token": "a", "logprob": -0.5, "top_logprobs": [{"bytes": [], "token": "b", "logprob": -1.0}]}
    ]
    assert response["service_tier"] == "standard"
    assert response["provider_annotations"] == [{"name": "citation", "value": {"type": "char_location"}}]


def test_a_stream_that_breaks_ends_with_an_error_that_sdks_raise() -> None:
    """Trap 12: nothing after it says that all went well. Both forms are there, the documented one and the one that is raised."""
    speaker = CALLER.speaker(request(), ABOUT)
    said = speaker.say(STARTED) + speaker.say(TextDelta("a")) + speaker.fail(StreamTruncated("cut off"))
    name, last = frames(said)[-1]

    assert name == last["type"] == "error"
    assert (last["message"], last["code"], last["param"]) == ("cut off", "stream_truncated", None)
    assert (last["error"]["message"], last["error"]["type"]) == ("cut off", "server_error")
    assert last["sequence_number"] == 5


def test_a_refused_stream_has_its_true_status() -> None:
    """Trap 86."""
    error = Throttled("slow down", details={"providerStatus": 429}, retry_after=2)

    assert CALLER.status(error) == 429
    assert CALLER.describe(error, "01K")["error"]["code"] == "rate_limit_exceeded"


def test_a_stream_without_words_is_still_a_response() -> None:
    assert types(spoken([])) == ["created", "in_progress", "completed"]


@pytest.mark.parametrize(("effort", "order"), [(None, ["message", "reasoning"]), ("low", ["reasoning", "message"])])
def test_who_wished_for_no_thinking_gets_words_first(effort: str | None, order: list[str]) -> None:
    """Trap 48: Google signs words too, after them; Anthropic's thinking may have a signature alone, and stands before them."""
    signature, words = ReasoningSignature("SIG"), TextDelta("a")
    events: list[ChatEvent] = [words, signature] if effort is None else [signature, words]
    response = whole(events, reasoning={"effort": effort})

    assert [item["type"] for item in response["output"]] == order
    assert response == spoken(events, reasoning={"effort": effort})[-1]["response"]


WORDS = st.text(min_size=1, max_size=5)


def thought(words: str, proof: str, *, redacted: bool) -> list[ChatEvent]:
    if redacted:
        return [ReasoningSignature(redacted=proof)]
    return [ReasoningDelta(words), ReasoningSignature(proof)]


THOUGHTS = st.lists(st.builds(thought, WORDS, WORDS, redacted=st.booleans()), max_size=3)
CALLS = st.lists(st.lists(st.sampled_from(['{"a"', ":1", "}"]), max_size=3), max_size=3)


@st.composite
def answers(draw: st.DrawFn) -> list[ChatEvent]:
    """Thinking, then words, then a refusal, then calls whose arguments may come interleaved."""
    events: list[ChatEvent] = [STARTED]
    events += [event for block in draw(THOUGHTS) for event in block]
    events += [TextDelta(words) for words in draw(st.lists(WORDS, max_size=3))]
    events += [RefusalDelta(words) for words in draw(st.lists(WORDS, max_size=2))]
    calls = draw(CALLS)
    events += [ToolCallStart(index, f"c{index}", "f") for index in range(len(calls))]
    pieces = [(index, piece) for index, several in enumerate(calls) for piece in several]
    order = draw(st.permutations(sorted({index for index, _ in pieces})))
    events += [ToolCallDelta(index, piece) for chosen in order for index, piece in pieces if index == chosen]
    return events


@given(answers(), st.sampled_from(["stop", "length", "content_filter", "other"]))
@settings(max_examples=150, deadline=None)
def test_a_stream_ends_with_the_response_that_a_whole_answer_is(events: list[ChatEvent], reason: FinishReason) -> None:
    assert spoken(events, done(reason))[-1]["response"] == whole(events, done(reason))


@st.composite
def any_order(draw: st.DrawFn) -> list[ChatEvent]:
    """Whatever providers may say, in whatever order."""
    events: list[ChatEvent] = []
    calls = 0
    for kind in draw(st.lists(st.sampled_from("trsxcdam"), max_size=12)):
        match kind:
            case "t":
                events.append(TextDelta(draw(WORDS)))
            case "r":
                events.append(ReasoningDelta(draw(WORDS)))
            case "s":
                events.append(ReasoningSignature(draw(WORDS)))
            case "x":
                events.append(RefusalDelta(draw(WORDS)))
            case "c":
                events.append(ToolCallStart(calls, f"c{calls}", "f", signature=draw(st.none() | WORDS)))
                calls += 1
            case "d" if calls:
                events.append(ToolCallDelta(draw(st.integers(0, calls - 1)), draw(WORDS)))
            case "a":
                events.append(Annotation("logprobs", {"content": [{"token": "a", "logprob": 0}]}))
            case "m":
                events.append(MediaOutput("image/png", "aGk="))
    return events


def follow(events: Sequence[Json]) -> list[Json]:
    """Holds the grammar of the events, and grows the output as an SDK does."""
    output: list[Json] = []
    ended: set[int] = set()
    for event in events[2:-1]:
        place = event["output_index"]
        match event["type"].removeprefix("response."):
            case "output_item.added":
                assert place == len(output)
                output.append(json.loads(json.dumps(event["item"])))
                continue
            case "output_item.done":
                assert place not in ended
                ended.add(place)
                assert event["item"]["id"] == output[place]["id"]
                assert grown(output[place]) == grown(event["item"])
                output[place] = event["item"]
                continue
        assert place not in ended
        assert event["item_id"] == output[place]["id"]
        grow(output[place], event)
    assert ended == set(range(len(output)))
    return output


def grow(item: Json, event: Json) -> None:
    """One event of an item that is open."""
    kind = event["type"].removeprefix("response.")
    part: Json = {}
    if "content_index" in event and kind != "content_part.added":
        part = item["content"][event["content_index"]]
    if "summary_index" in event and kind != "reasoning_summary_part.added":
        part = item["summary"][event["summary_index"]]
    match kind.split("."):
        case ["content_part" | "reasoning_summary_part" as list_, "added"]:
            parts = item["content" if list_ == "content_part" else "summary"]
            assert event.get("content_index", event.get("summary_index")) == len(parts)
            parts.append(event["part"])
        case [what, "delta"]:
            field = FIELDS[what]
            grows = item if what == "function_call_arguments" else part
            grows[field] += event["delta"]
        case [what, "done"] if what in FIELDS:
            field = FIELDS[what]
            assert (item if what == "function_call_arguments" else part)[field] == event[field]
        case [what, _]:
            assert what in {"content_part", "reasoning_summary_part"}


FIELDS = {
    "output_text": "text",
    "refusal": "refusal",
    "reasoning_summary_text": "text",
    "function_call_arguments": "arguments",
}
"""What grows, by the kind of event."""


def grown(item: Json) -> Any:
    """What deltas tell of an item."""
    match item["type"]:
        case "message":
            return [part.get("text", part.get("refusal")) for part in item["content"]]
        case "reasoning":
            return [part["text"] for part in item["summary"]]
        case "function_call":
            return item["arguments"]
    return item["result"]


@given(any_order(), st.sampled_from(["stop", "length", "tool_calls"]))
@settings(max_examples=200, deadline=None)
def test_every_stream_keeps_the_grammar_and_adds_up(events: list[ChatEvent], reason: FinishReason) -> None:
    """Trap 37: in whatever order things come, each item is begun once, grows, and ends once."""
    told = spoken(events, done(reason))

    assert types(told)[:2] == ["created", "in_progress"]
    assert told[-1]["type"] in {"response.completed", "response.incomplete"}
    assert [event["sequence_number"] for event in told] == list(range(len(told)))
    assert follow(told) == told[-1]["response"]["output"]


def texts(events: Sequence[ChatEvent]) -> tuple[str, str, str, list[tuple[str, str]]]:
    """What a chat says, whoever carries it. Blank arguments are an empty object (trap 38)."""
    choice = collect(events).choices[0]
    calls = [
        (call.name, call.arguments if call.arguments.strip() else f"{call.arguments}{{}}") for call in choice.tool_calls
    ]
    return choice.text, choice.reasoning, choice.refusal, calls


@given(any_order())
@settings(max_examples=150, deadline=None)
def test_what_is_said_reads_back_the_same(events: list[ChatEvent]) -> None:
    """Our own reader of this dialect, as a client."""
    speaker, reader = CALLER.speaker(request(), ABOUT), DIALECT.stream()
    said = b"".join([speaker.say(event) for event in (*events, done())])

    assert texts([*reader.feed(said), *reader.close()]) == texts(events)


@given(answers())
@settings(max_examples=100, deadline=None)
def test_openai_s_own_sdk_reads_the_same_response(events: list[ChatEvent]) -> None:
    """With the SDK's types as they are, where it is installed."""
    responses = pytest.importorskip("openai.types.responses", reason="openai's SDK is not installed")
    streaming = pytest.importorskip("openai.lib.streaming.responses._responses")
    omit = pytest.importorskip("openai").omit
    from pydantic import TypeAdapter  # noqa: PLC0415 - as heavy as the SDK

    adapter: Any = TypeAdapter(responses.ResponseStreamEvent)
    state = streaming.ResponseStreamState(input_tools=omit, text_format=omit)
    for event in spoken(events):
        state.handle_event(adapter.validate_python(event))

    read = state._completed_response.to_dict(mode="json", exclude_unset=True)
    assert _without_parsed(read) == _without_parsed(whole(events))


def _without_parsed(value: Any) -> Any:
    """Without what the SDK adds of its own; times are floats there."""
    if isinstance(value, list):
        return [_without_parsed(item) for item in value]
    if isinstance(value, dict):
        return {name: _without_parsed(item) for name, item in value.items() if not name.startswith("parsed")}
    return value
