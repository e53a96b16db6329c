"""Streams of `/v1/messages`, when another dialect answers: what is said in what order, and that nothing is lost."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.chat.collect import Answer, collect
from shared.chat.events import (
    Annotation,
    Answered,
    ChatEvent,
    Finish,
    MediaOutput,
    ReasoningDelta,
    ReasoningSignature,
    RefusalDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
    Usage,
    Verbatim,
)
from shared.chat.receipt import Cost, Done, Receipt
from shared.chat.request import ChatRequest, Original
from shared.dialects.anthropic import DIALECT
from shared.dialects.anthropic.caller import CALLER
from shared.dialects.caller import About
from shared.dialects.signed import mark, signed_id
from shared.errors import BadStreamData, ProviderOverloaded, RealMultiLLMError
from shared.wire.sse import SseDecoder

ABOUT = About("01JDM", 1, "google", "gemini-3")
USAGE = Usage(input=10, output=5, cached=2, cache_write=1, reasoning=3, total=15)
REQUEST = ChatRequest("gemini-3", (), stream=True, stop=("END",), original=Original("anthropic", {}))
THINKING = ChatRequest(
    "m", (), original=Original("anthropic", {"thinking": {"type": "enabled", "budget_tokens": 1024}})
)


def done(reason: Any = "stop", raw: str | None = "STOP", usage: Usage = USAGE) -> Done:
    return Done(((0, reason, raw),), usage, Receipt("own", "f", "google", "gemini-3", (), Cost(None)))


def spoken(*events: ChatEvent | Done, request: ChatRequest = REQUEST) -> bytes:
    speaker = CALLER.speaker(request, ABOUT)
    return b"".join([speaker.say(event) for event in (*events, done())])


def heard(*events: ChatEvent | Done, request: ChatRequest = REQUEST, until: Done | None = None) -> list[dict[str, Any]]:
    """The data of all events; each has the name that its data has."""
    speaker = CALLER.speaker(request, ABOUT)
    said = b"".join([speaker.say(event) for event in (*events, until or done())])
    decoder = SseDecoder()
    frames = [*decoder.feed(said), *decoder.close()]
    pieces = [json.loads(frame.data) for frame in frames]
    assert [frame.event for frame in frames] == [piece["type"] for piece in pieces]
    return pieces


def blocks(*events: ChatEvent, request: ChatRequest = REQUEST, until: Done | None = None) -> list[dict[str, Any]]:
    """The blocks that the events make, after the grammar was checked."""
    return grown(heard(*events, request=request, until=until))


def grown(pieces: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One block is open at a time; start and stop frame all. Traps 37, 44, 83."""
    assert [piece["type"] for piece in (pieces[0], *pieces[-2:])] == ["message_start", "message_delta", "message_stop"]
    made: list[dict[str, Any]] = []
    open_ = None
    for piece in pieces[1:-2]:
        if piece["type"] == "content_block_start":
            assert (open_, piece["index"]) == (None, len(made))
            open_ = piece["index"]
            made.append({**piece["content_block"], "said": []})
        elif piece["type"] == "content_block_delta":
            assert piece["index"] == open_
            made[-1]["said"].append(next(value for name, value in piece["delta"].items() if name != "type"))
        else:
            assert (piece["type"], piece["index"]) == ("content_block_stop", open_)
            open_ = None
    assert open_ is None
    return made


def ended(*events: ChatEvent, until: Done, request: ChatRequest = REQUEST) -> Any:
    return heard(*events, until=until, request=request)[-2]["delta"]


def test_a_stream_to_the_letter() -> None:
    """Trap 29: the form and the order that Anthropic's own SDKs go by."""
    assert spoken(Answered(), Start("x", "gemini-3-pro", 1), TextDelta("Hé\u2028"), USAGE, Finish("stop", "STOP")) == (
        b'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_01JDM","type":"message",'
        b'"role":"assistant","model":"gemini-3-pro","content":[],"stop_reason":null,"stop_sequence":null,"usage":'
        b'{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}}\n\n'
        b'event: content_block_start\ndata: {"type":"content_block_start","index":0,'
        b'"content_block":{"type":"text","text":""}}\n\n'
        b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,'
        b'"delta":{"type":"text_delta","text":"H\xc3\xa9\xe2\x80\xa8"}}\n\n'
        b'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n'
        b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},'
        b'"usage":{"input_tokens":7,"cache_creation_input_tokens":1,"cache_read_input_tokens":2,"output_tokens":5,'
        b'"output_tokens_details":{"thinking_tokens":3}}}\n\n'
        b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
    )


def test_what_keeps_it_alive_is_a_ping() -> None:
    """Traps 14, 15."""
    (frame,) = SseDecoder().feed(CALLER.keep_alive)

    assert (frame.event, json.loads(frame.data)) == ("ping", {"type": "ping"})


def test_usage_that_is_known_early_is_told_at_the_start() -> None:
    """Traps 20, 65: cumulative, and without what came from the cache."""
    early = Usage(input=10, cached=2)

    pieces = heard(early, TextDelta("Hi"))

    assert pieces[0]["message"]["usage"] == {
        "input_tokens": 8,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 2,
        "output_tokens": 0,
    }
    assert pieces[-2]["usage"]["output_tokens"] == 5


def test_parallel_calls_that_are_told_in_turns_are_blocks_one_after_the_other() -> None:
    """Traps 37, 83."""
    events: list[ChatEvent] = [
        ToolCallStart(0, "a", "f"),
        ToolCallDelta(0, '{"x":'),
        ToolCallStart(1, "b", "g"),
        ToolCallDelta(1, '{"y"'),
        ToolCallDelta(0, "1}"),
        ToolCallDelta(1, ":2}"),
        ToolCallStart(2, "c", "h"),
        ToolCallDelta(2, "{}"),
    ]

    assert blocks(*events) == [
        {"type": "tool_use", "id": "a", "name": "f", "input": {}, "said": ['{"x":', "1}"]},
        {"type": "tool_use", "id": "b", "name": "g", "input": {}, "said": ['{"y"', ":2}"]},
        {"type": "tool_use", "id": "c", "name": "h", "input": {}, "said": ["{}"]},
    ]


def test_a_call_goes_on_at_once_when_the_one_before_is_complete() -> None:
    speaker = CALLER.speaker(REQUEST, ABOUT)
    for event in (ToolCallStart(0, "a", "f"), ToolCallDelta(0, '{"x":1}'), ToolCallStart(1, "b", "g")):
        speaker.say(event)

    assert b"input_json_delta" in speaker.say(ToolCallDelta(1, '{"y"'))


def test_text_after_a_call_is_a_block_of_its_own() -> None:
    """Trap 44."""
    events: list[ChatEvent] = [
        TextDelta("I "),
        TextDelta("look."),
        ToolCallStart(0, "a", "f"),
        TextDelta("So"),
        ToolCallDelta(0, "{}"),
    ]

    assert [(block["type"], block["said"]) for block in blocks(*events, TextDelta("."))] == [
        ("text", ["I ", "look."]),
        ("tool_use", ["{}"]),
        ("text", ["So", "."]),
    ]


def test_a_call_without_arguments_has_an_empty_input() -> None:
    """Trap 38."""
    assert blocks(ToolCallStart(0, "a", "f"), ToolCallDelta(0, ""), TextDelta("So.")) == [
        {"type": "tool_use", "id": "a", "name": "f", "input": {}, "said": []},
        {"type": "text", "text": "", "said": ["So."]},
    ]


def test_an_id_is_made_only_where_there_is_none() -> None:
    """Trap 41."""
    made = blocks(ToolCallStart(0, None, "f"), ToolCallDelta(0, "{}"), ToolCallStart(1, "call_1", "f"))

    assert [block["id"] for block in made] == ["toolu_01JDM_0", "call_1"]


def test_arguments_after_their_end_are_a_failure() -> None:
    speaker = CALLER.speaker(REQUEST, ABOUT)
    for event in (ToolCallStart(0, "a", "f"), ToolCallDelta(0, "{}"), TextDelta("So"), ToolCallDelta(0, "\n")):
        speaker.say(event)

    with pytest.raises(BadStreamData):
        speaker.say(ToolCallDelta(0, '{"x":1}'))


def test_thinking_has_the_proof_of_who_made_it() -> None:
    """Traps 48, 52: marked, so that it goes back to them; what nobody signed is marked too."""
    signed = blocks(ReasoningDelta("H"), ReasoningDelta("m"), ReasoningSignature("c2ln"), TextDelta("Hi"))
    unsigned = blocks(ReasoningDelta("Hm"), TextDelta("Hi"), ReasoningDelta("So"), ReasoningSignature(None))

    assert [block["said"] for block in signed] == [["H", "m", mark("google", "c2ln")], ["Hi"]]
    assert [block["said"] for block in unsigned] == [
        ["Hm", mark("google", None)],
        ["Hi"],
        ["So", mark("google", None)],
    ]
    assert signed[0]["type"] == "thinking"
    assert (signed[0]["thinking"], signed[0]["signature"]) == ("", "")


def test_a_proof_of_the_text_is_told_to_those_who_asked_for_thinking() -> None:
    """Trap 48: Google signs plain answers too; who did not ask for thinking gets what every answer has, one text."""
    events: list[ChatEvent] = [TextDelta("Hi"), ReasoningSignature("c2ln")]

    assert [block["type"] for block in blocks(*events)] == ["text"]
    assert [block["said"] for block in blocks(*events, request=THINKING)] == [["Hi"], [mark("google", "c2ln")]]


def test_thinking_that_nobody_wants_to_see_is_only_proven() -> None:
    hidden = ChatRequest(
        "m", (), original=Original("anthropic", {"thinking": {"type": "adaptive", "display": "omitted"}})
    )

    assert [block["said"] for block in blocks(ReasoningDelta("Hm"), TextDelta("Hi"), request=hidden)] == [
        [mark("google", None)],
        ["Hi"],
    ]


def test_encrypted_thinking_and_signed_calls() -> None:
    """Traps 48, 61: a call has its proof in its id, so that a caller who wants no thinking gets none."""
    events: list[ChatEvent] = [ReasoningSignature(redacted="gAA"), ToolCallStart(0, "a", "f", signature="c2ln")]
    made = blocks(*events, request=THINKING)

    assert [block["type"] for block in blocks(*events)] == ["tool_use"]
    assert [block["type"] for block in made] == ["redacted_thinking", "tool_use"]
    assert (made[0]["data"], made[1]["id"]) == (mark("google", "gAA"), signed_id("a", "google", "c2ln"))


def test_a_refusal_is_text_and_the_reason() -> None:
    """Trap 25."""
    assert blocks(RefusalDelta("I "), RefusalDelta("won't.")) == [
        {"type": "text", "text": "", "said": ["I ", "won't."]}
    ]
    assert ended(RefusalDelta("No."), until=done("stop"))["stop_reason"] == "refusal"


def test_a_picture_that_a_model_made_is_text() -> None:
    """No block can hold it, and it is not dropped in silence."""
    assert blocks(TextDelta("Look: "), MediaOutput("image/png", "iVBO"))[0]["said"] == [
        "Look: ",
        "![image](data:image/png;base64,iVBO)",
    ]


def test_citations_and_blocks_of_claudes_elsewhere_stay_what_they_are() -> None:
    citation = {"type": "char_location", "cited_text": "s", "document_index": 0}
    result = {"type": "web_search_tool_result", "tool_use_id": "s", "content": []}

    made = blocks(
        Annotation("citation", citation),
        TextDelta("So."),
        Annotation("web_search_tool_result", result),
        Annotation("logprobs", {"content": []}),
        Annotation("annotations", [{"type": "url_citation"}]),
    )

    assert made == [{"type": "text", "text": "", "said": [citation, "So."]}, {**result, "said": []}]


@pytest.mark.parametrize(
    ("reason", "raw", "said"),
    [
        ("stop", "stop", "end_turn"),
        ("stop", None, "end_turn"),
        ("stop", "pause_turn", "pause_turn"),
        ("length", "MAX_TOKENS", "max_tokens"),
        ("length", "model_context_window_exceeded", "model_context_window_exceeded"),
        ("tool_calls", "tool_calls", "end_turn"),
        ("content_filter", "SAFETY", "refusal"),
        ("other", "MALFORMED_FUNCTION_CALL", "MALFORMED_FUNCTION_CALL"),
        ("other", None, "end_turn"),
    ],
)
def test_why_it_stops(reason: Any, raw: str | None, said: str) -> None:
    """Trap 24: a word without a counterpart is kept."""
    assert ended(TextDelta("Hi"), until=done(reason, raw)) == {"stop_reason": said, "stop_sequence": None}


@pytest.mark.parametrize(
    ("reason", "said"), [("tool_calls", "tool_use"), ("stop", "tool_use"), ("length", "max_tokens")]
)
def test_why_it_stops_when_a_tool_was_called(reason: Any, said: str) -> None:
    """Trap 40: a call is the reason, but it never hides a limit."""
    assert ended(ToolCallStart(0, "a", "f"), until=done(reason))["stop_reason"] == said


def test_which_sequence_stopped_it() -> None:
    """Trap 87: Claudes say it, and so does vLLM; OpenAI does not, and nothing is made up."""
    for note in (Annotation("stop_sequence", "END"), Annotation("stop_reason", "END")):
        assert ended(note, until=done()) == {"stop_reason": "stop_sequence", "stop_sequence": "END"}
    assert ended(Annotation("stop_reason", 151645), until=done())["stop_reason"] == "end_turn"


def test_thinking_may_take_all_room() -> None:
    """Trap 60: no content is no error."""
    assert grown(heard(until=done("length"))) == []


def test_a_stream_that_breaks_has_one_last_event() -> None:
    """Traps 26, 29."""
    speaker = CALLER.speaker(REQUEST, ABOUT)
    speaker.say(TextDelta("Hi"))

    last = speaker.fail(ProviderOverloaded("Overloaded", details={"providerStatus": 529}))

    assert last == (
        b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded",'
        b'"details":{"error_code":"upstream_overloaded"}},"request_id":"01JDM"}\n\n'
    )
    assert CALLER.speaker(REQUEST, ABOUT).fail(RealMultiLLMError("Oh")).startswith(b"event: error\n")


def test_other_choices_are_nobodys() -> None:
    """Trap 81: nobody can ask for several here."""
    assert blocks(TextDelta("Hi"), TextDelta("Ho", choice=1), ToolCallStart(0, "a", "f", choice=1))[0]["said"] == ["Hi"]


class Kin:
    """What the provider itself says."""

    ABOUT = About("01JDM", 1, "anthropic", "claude", kin=True)
    EVENTS = (
        b'{"type": "message_start", "message": {"id": "msg_1", "content": []}}',
        b'{"type": "from_the_future", "x": "\xe2\x80\xa8"}',
        b'{"type": "ping"}',
        b'{"type": "message_stop"}',
    )

    @classmethod
    def said(cls, *events: bytes) -> bytes:
        speaker = CALLER.speaker(REQUEST, cls.ABOUT)
        heard_: list[ChatEvent] = [Verbatim(data, json.loads(data), "message") for data in events]
        return b"".join([speaker.say(event) for event in [*heard_, TextDelta("Hi"), done()]])


def test_kin_hear_the_provider_itself() -> None:
    """Traps 20, 52: every event, known or not, to the byte."""
    assert Kin.said(*Kin.EVENTS) == b"".join(
        b"event: %s\ndata: %s\n\n" % (name, data)
        for name, data in zip((b"message_start", b"from_the_future", b"ping", b"message_stop"), Kin.EVENTS, strict=True)
    )
    assert Kin.said(b'{"type":\n"ping"}').startswith(b'event: ping\ndata: {"type":\ndata: "ping"}\n\n')


def test_kin_hear_the_end_even_if_the_provider_forgot_it() -> None:
    """Trap 11."""
    assert Kin.said(*Kin.EVENTS[:-1]).endswith(b'event: message_stop\ndata: {"type":"message_stop"}\n\n')


def test_kin_hear_of_a_failure_in_the_providers_words() -> None:
    """Trap 29. The code is ours."""
    error = ProviderOverloaded("Overloaded", details={"providerStatus": 529})
    error.verbatim = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded", "details": None}}

    last = CALLER.speaker(REQUEST, Kin.ABOUT).fail(error)

    assert json.loads(last.removeprefix(b"event: error\ndata: ")) == {
        "type": "error",
        "error": {
            "type": "overloaded_error",
            "message": "Overloaded",
            "details": {"error_code": "upstream_overloaded"},
        },
        "request_id": "01JDM",
    }


# What any provider may say: texts, thoughts and calls whose arguments come in pieces, all in turns.


@st.composite
def answers(draw: st.DrawFn) -> list[ChatEvent]:
    lanes: list[list[ChatEvent]] = []
    for index in range(draw(st.integers(0, 3))):
        arguments = json.dumps(draw(st.dictionaries(st.text(), st.text() | st.integers(), max_size=3)))
        cuts = sorted(draw(st.lists(st.integers(0, len(arguments)), max_size=3)))
        pieces = [arguments[a:b] for a, b in zip([0, *cuts], [*cuts, len(arguments)], strict=True)]
        lanes.append([ToolCallStart(index, f"c{index}", "f"), *(ToolCallDelta(index, piece) for piece in pieces)])
    words = st.one_of(
        st.builds(TextDelta, st.text()),
        st.builds(ReasoningDelta, st.text(min_size=1)),
        st.builds(ReasoningSignature, st.text(min_size=1)),
        st.builds(ReasoningSignature, redacted=st.text(min_size=1)),
        st.just(USAGE),
    )
    lanes.append(draw(st.lists(words, max_size=8)))
    begun, events = 0, list[ChatEvent]()
    while any(lanes):
        ready = [place for place, lane in enumerate(lanes) if lane and (place <= begun or place == len(lanes) - 1)]
        lane = lanes[draw(st.sampled_from(ready))]
        event = lane.pop(0)
        begun += isinstance(event, ToolCallStart)
        events.append(event)
    return events


def told(answer: Answer) -> Any:
    choice = answer.choices[0]
    calls = [(call.id, call.name, json.loads(call.arguments or "{}")) for call in choice.tool_calls]
    return choice.text, choice.reasoning, calls


@settings(deadline=None)
@given(answers())
def test_whatever_is_said_one_block_is_open_at_a_time_and_nothing_is_lost(events: list[ChatEvent]) -> None:
    """Traps 37, 44, 52, 83: what is spoken reads back as what was heard."""
    speaker, reader = CALLER.speaker(THINKING, ABOUT), DIALECT.stream()
    said = b"".join([speaker.say(event) for event in [*events, done()]])

    grown(heard(*events, request=THINKING))
    again = collect([*reader.feed(said), *reader.close()])

    assert told(again) == told(collect(events))
    proofs = {event.signature or event.redacted for event in events if isinstance(event, ReasoningSignature)}
    kept = {block.signature or block.redacted for block in again.choices[0].reasoning_blocks}
    assert {mark("google", proof) for proof in proofs} == kept - {mark("google", None)}


@settings(deadline=None)
@given(answers())
def test_the_official_sdk_grows_the_same_message(events: list[ChatEvent]) -> None:
    """Traps 29, 83."""
    sdk = pytest.importorskip("anthropic.lib.streaming._messages", reason="Anthropic's SDK is not installed")
    types = pytest.importorskip("anthropic.types", reason="Anthropic's SDK is not installed")
    models = pytest.importorskip("anthropic._models", reason="Anthropic's SDK is not installed")
    pieces = heard(*events, request=THINKING)

    snapshot: Any = None
    pending: dict[int, bytes] = {}
    for piece in pieces:
        typed = models.construct_type(type_=types.RawMessageStreamEvent, value=piece)
        snapshot = sdk.accumulate_event(event=typed, current_snapshot=snapshot, json_bufs=pending)

    assert snapshot is not None
    assert [block.type for block in snapshot.content] == [block["type"] for block in grown(pieces)]
    assert [block.input for block in snapshot.content if block.type == "tool_use"] == [
        json.loads(call.arguments or "{}") for call in collect(events).choices[0].tool_calls
    ]
    assert (
        "".join([block.text for block in snapshot.content if block.type == "text"]) == collect(events).choices[0].text
    )
    assert (snapshot.usage.input_tokens, snapshot.usage.output_tokens) == (7, 5)
