"""A stream in OpenAI's words: what is spoken, what our own reader hears of it, and what goes back with the next turn."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.chat.collect import Answer, Choice, Collector, collect
from shared.chat.events import (
    Annotation,
    Answered,
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
from shared.chat.request import ChatRequest, Original, Reasoning, Text, ToolCall
from shared.dialects.caller import About
from shared.dialects.openai import DIALECT
from shared.dialects.openai.caller import CALLER
from shared.dialects.signed import signed_by
from shared.errors import ProviderOverloaded
from shared.wire.json import write

ABOUT = About("01J", 1700000000, "anthropic", "claude-x")
USAGE = Usage(input=3, output=5, cached=1, reasoning=2, total=8)
HELLO = {"role": "user", "content": "hello"}


def done(*finishes: tuple[int, FinishReason, str | None], usage: Usage = USAGE, dropped: tuple[str, ...] = ()) -> Done:
    receipt = Receipt("own", "fp", "anthropic", "claude-x", (), Cost(None), dropped)
    return Done(finishes or ((0, "stop", "end_turn"),), usage, receipt)


def asked(**body: Any) -> ChatRequest:
    return ChatRequest("claude-x", (), stream=True, original=Original("openai", body))


def spoken(*events: ChatEvent | Done, **body: Any) -> bytes:
    speaker = CALLER.speaker(asked(**body), ABOUT)
    return b"".join([speaker.say(event) for event in events])


def chunks(said: bytes) -> list[dict[str, Any]]:
    """The chunks, which are followed by `[DONE]` and nothing else."""
    *frames, last, rest = said.split(b"\n\n")
    assert (last, rest) == (b"data: [DONE]", b"")
    assert all(frame.startswith(b"data: {") for frame in frames)
    return [json.loads(frame.removeprefix(b"data: ")) for frame in frames]


def deltas(said: bytes) -> list[dict[str, Any]]:
    return [choice["delta"] for chunk in chunks(said) for choice in chunk["choices"] if choice["delta"]]


def heard(said: bytes) -> Answer:
    reader = DIALECT.stream()
    return collect([*reader.feed(said), *reader.close()])


def answered(*events: ChatEvent | Done) -> dict[str, Any]:
    *others, last = events
    assert isinstance(last, Done)
    collector = Collector()
    for event in others:
        assert not isinstance(event, Done)
        collector.add(event)
    whole: dict[str, Any] = json.loads(CALLER.answer(collector.answer(), last, asked(), ABOUT))
    return whole


def returned(message: dict[str, Any], to: str = "anthropic") -> tuple[Any, ...]:
    """What that provider sees when a client hands that message back, with results for its calls."""
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "r"} for call in message.get("tool_calls") or ()]
    body = {"model": "m", "messages": [HELLO, message, *results]}
    return signed_by(CALLER.read(write(body), {}).chat, to).messages[1].parts


def test_a_text() -> None:
    """Traps 18, 80."""
    said = chunks(spoken(Answered(), Start("msg_1", "claude-x-1"), TextDelta("Hel"), TextDelta("lo"), done()))

    assert [chunk["choices"][0]["delta"] for chunk in said] == [
        {"role": "assistant", "content": "", "refusal": None},
        {"content": "Hel"},
        {"content": "lo"},
        {},
    ]
    assert [chunk["choices"][0]["finish_reason"] for chunk in said] == [None, None, None, "stop"]
    assert {(chunk["id"], chunk["object"], chunk["created"], chunk["model"]) for chunk in said} == {
        ("chatcmpl-01J", "chat.completion.chunk", 1700000000, "claude-x-1")
    }
    assert all("usage" not in chunk and chunk["choices"][0]["logprobs"] is None for chunk in said)


def test_usage_is_told_when_it_was_asked_for() -> None:
    """Traps 16, 80."""
    *others, last = chunks(spoken(TextDelta("a"), done(), stream_options={"include_usage": True}))

    assert last["choices"] == []
    assert last["usage"]["prompt_tokens_details"]["cached_tokens"] == 1
    assert last["usage"]["completion_tokens_details"]["reasoning_tokens"] == 2
    assert [last["usage"][name] for name in ("prompt_tokens", "completion_tokens", "total_tokens")] == [3, 5, 8]
    assert all(chunk["usage"] is None and len(chunk["choices"]) == 1 for chunk in others)


def test_an_estimate_says_so() -> None:
    """Trap 22."""
    guess = Usage(input=1, output=None, estimated=True)
    last = chunks(spoken(done(usage=guess), stream_options={"include_usage": True}))[-1]

    assert (last["usage"]["estimated"], last["usage"]["completion_tokens"], last["usage"]["total_tokens"]) == (
        True,
        0,
        1,
    )


def test_calls_begin_and_grow() -> None:
    """Traps 43, 44, 83."""
    said = deltas(
        spoken(
            TextDelta("Let me see."),
            ToolCallStart(0, "toolu_1", "weather"),
            ToolCallStart(1, "toolu_2", "time"),
            ToolCallDelta(1, '{"a":'),
            ToolCallDelta(0, "{}"),
            ToolCallDelta(1, "1}"),
            done((0, "tool_calls", "tool_use")),
        )
    )

    assert said[2:] == [
        {"tool_calls": [{"index": 0, "id": "toolu_1", "type": "function", "function": _function("weather", "")}]},
        {"tool_calls": [{"index": 1, "id": "toolu_2", "type": "function", "function": _function("time", "")}]},
        {"tool_calls": [{"index": 1, "function": {"arguments": '{"a":'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]},
        {"tool_calls": [{"index": 1, "function": {"arguments": "1}"}}]},
    ]


def _function(name: str, arguments: str) -> dict[str, str]:
    return {"name": name, "arguments": arguments}


def test_no_arguments_are_an_empty_object() -> None:
    """Trap 38."""
    events = (ToolCallStart(0, "a", "f"), ToolCallDelta(0, ""), ToolCallStart(1, "b", "g"))

    assert [call.arguments for call in heard(spoken(*events, done())).choices[0].tool_calls] == ["{}", "{}"]
    message = answered(*events, done())["choices"][0]["message"]
    assert [call["function"]["arguments"] for call in message["tool_calls"]] == ["{}", "{}"]


def test_content_is_null_when_only_calls_are_made() -> None:
    events = (ToolCallStart(0, "a", "f"), ToolCallDelta(0, "{}"), done((0, "tool_calls", "tool_use")))

    assert deltas(spoken(*events))[0]["content"] is None
    assert answered(*events)["choices"][0]["message"]["content"] is None


def test_a_call_without_an_id_gets_one() -> None:
    """Trap 23."""
    (call,) = heard(spoken(ToolCallStart(0, None, "f"), done())).choices[0].tool_calls

    assert call.id == "call_01J00"


def test_former_functions_are_answered_as_such() -> None:
    events = (ToolCallStart(0, "a", "f"), ToolCallDelta(0, "{}"), done((0, "tool_calls", "tool_use")))
    said = spoken(*events, functions=[{"name": "f"}])

    assert deltas(said)[1:] == [{"function_call": _function("f", "")}, {"function_call": {"arguments": "{}"}}]
    assert chunks(said)[-1]["choices"][0]["finish_reason"] == "function_call"


THOUGHTS: tuple[ChatEvent, ...] = (
    ReasoningDelta("H"),
    ReasoningDelta("m."),
    ReasoningSignature("c2ln+/="),
    ReasoningSignature(redacted="ZGF0YQ=="),
    ReasoningDelta("Aha."),
    ReasoningSignature("bW9yZQ=="),
    TextDelta("Yes."),
)
BLOCKS = (Reasoning("Hm.", "c2ln+/="), Reasoning(redacted="ZGF0YQ=="), Reasoning("Aha.", "bW9yZQ=="))


def test_signed_thinking_is_told_once_and_comes_back_byte_exact() -> None:
    """Trap 52."""
    said = deltas(spoken(*THOUGHTS, done()))
    details = said[-1]["reasoning_details"]

    assert [delta["reasoning_content"] for delta in said if "reasoning_content" in delta] == ["H", "m.", "Aha."]
    assert [detail["index"] for detail in details] == [0, 1, 2]
    assert returned({"role": "assistant", "content": "Yes.", "reasoning_details": details}) == (*BLOCKS, Text("Yes."))
    assert returned(answered(*THOUGHTS, done())["choices"][0]["message"]) == (*BLOCKS, Text("Yes."))


def test_signed_thinking_goes_back_to_nobody_but_its_maker() -> None:
    """Traps 52, 61."""
    message = answered(*THOUGHTS, done())["choices"][0]["message"]

    assert returned(message, to="google") == (Reasoning("Hm."), Reasoning("Aha."), Text("Yes."))


def test_thinking_that_nobody_signed_is_text() -> None:
    message = answered(ReasoningDelta("Hm."), TextDelta("a"), done())["choices"][0]["message"]

    assert (message["reasoning_content"], "reasoning_details" in message) == ("Hm.", False)


def test_a_signed_call_keeps_its_signature_even_with_clients_that_keep_only_its_id() -> None:
    """Trap 48."""
    events = (ToolCallStart(0, "f-1", "f", signature="c2ln+/="), ToolCallDelta(0, "{}"), done())
    signed = ToolCall("f-1", "f", "{}", "c2ln+/=")
    (call,) = answered(*events)["choices"][0]["message"]["tool_calls"]
    kept = {"id": call["id"], "type": "function", "function": call["function"]}

    assert call["extra_content"] == {"google": {"thought_signature": "c2ln+/="}}
    assert returned({"role": "assistant", "content": None, "tool_calls": [call]}) == (signed,)
    assert returned({"role": "assistant", "content": None, "tool_calls": [kept]}) == (signed,)
    assert deltas(spoken(*events))[1]["tool_calls"][0]["id"] == call["id"]


def test_a_routers_encrypted_detail_stays_whole() -> None:
    detail = {"type": "reasoning.encrypted", "data": "x", "id": "rs_1", "format": "openai-responses-v1"}
    events = (ReasoningSignature(redacted=json.dumps(detail)), TextDelta("a"), done())

    assert answered(*events)["choices"][0]["message"]["reasoning_details"] == [
        {**detail, "provider": "anthropic", "index": 0}
    ]


def test_a_refusal_is_no_text() -> None:
    """Trap 25."""
    events = (RefusalDelta("I will "), RefusalDelta("not."), done())

    assert [delta["refusal"] for delta in deltas(spoken(*events))] == [None, "I will ", "not."]
    message = answered(*events)["choices"][0]["message"]
    assert (message["content"], message["refusal"]) == (None, "I will not.")


def test_pictures_and_sounds() -> None:
    events = (MediaOutput("image/png", "aGk="), MediaOutput("audio/wav", "aG8="), done())
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}, "index": 0}

    assert deltas(spoken(*events))[-1]["images"] == [picture]
    message = answered(*events)["choices"][0]["message"]
    assert message["images"] == [picture]
    assert message["files"] == [{"type": "file", "file": {"file_data": "data:audio/wav;base64,aG8="}, "index": 0}]


def test_notes_are_told_and_citations_of_the_web_in_openais_form() -> None:
    cited = {"type": "web_search_result_location", "url": "https://example.com", "title": "E", "cited_text": "t"}
    events = (
        TextDelta("a"),
        Annotation("citation", cited),
        Annotation("groundingMetadata", {"webSearchQueries": ["q"]}),
        done(),
    )
    (told,) = [delta for delta in deltas(spoken(*events)) if "annotations" in delta]

    assert told["annotations"][0]["url_citation"] == {
        "start_index": 0,
        "end_index": 0,
        "url": "https://example.com",
        "title": "E",
    }
    assert [(note["name"], note["index"]) for note in told["provider_annotations"]] == [
        ("citation", 0),
        ("groundingMetadata", 1),
    ]


def test_log_probabilities_go_with_their_tokens() -> None:
    probable = {"content": [{"token": "a", "logprob": -0.1, "bytes": [97], "top_logprobs": []}]}
    events = (TextDelta("a"), Annotation("logprobs", probable), TextDelta("b"), Annotation("logprobs", probable))
    said = [chunk["choices"][0]["logprobs"] for chunk in chunks(spoken(*events, done()))]

    assert said == [None, None, probable, None, probable, None]
    assert len(answered(*events, done())["choices"][0]["logprobs"]["content"]) == 2


def test_several_choices_each_begin_and_end() -> None:
    """Trap 81."""
    said = chunks(
        spoken(TextDelta("a"), TextDelta("b", choice=1), done((0, "stop", "STOP"), (1, "length", "MAX_TOKENS")))
    )

    assert [choice["index"] for chunk in said for choice in chunk["choices"]] == [0, 0, 1, 1, 0, 1]
    assert [chunk["choices"][0]["finish_reason"] for chunk in said[-2:]] == ["stop", "length"]


@pytest.mark.parametrize(
    ("reason", "raw", "word"),
    [
        ("stop", "end_turn", "stop"),
        ("length", "max_tokens", "length"),
        ("tool_calls", "tool_use", "tool_calls"),
        ("content_filter", "SAFETY", "content_filter"),
        ("other", "MALFORMED_FUNCTION_CALL", "MALFORMED_FUNCTION_CALL"),
        ("other", None, "other"),
    ],
)
def test_why_it_ends(reason: FinishReason, raw: str | None, word: str) -> None:
    """Traps 24 (an unknown word is preserved), 45, 47."""
    choice = chunks(spoken(TextDelta("a"), done((0, reason, raw))))[-1]["choices"][0]
    whole = answered(TextDelta("a"), done((0, reason, raw)))["choices"][0]

    assert choice["finish_reason"] == whole["finish_reason"] == word
    assert choice.get("native_finish_reason") == whole.get("native_finish_reason") == raw


def test_nothing_at_all_is_an_answer() -> None:
    """Trap 60: reasoning took all tokens."""
    events = (ReasoningDelta("Hm"), done((0, "length", "max_tokens")))
    empty = chunks(spoken(done((0, "length", "max_tokens"))))

    assert answered(*events)["choices"][0]["message"]["content"] == ""
    assert empty[0]["choices"][0]["delta"] == {"role": "assistant", "content": "", "refusal": None}
    assert empty[1]["choices"][0]["finish_reason"] == "length"


def test_what_was_left_out_is_told() -> None:
    """Trap 81: nothing is dropped in silence."""
    left_out = done(dropped=("options.topK",))

    assert chunks(spoken(TextDelta("a"), left_out))[-1]["realmultillm"] == {"dropped": ["options.topK"]}
    with_usage = chunks(spoken(TextDelta("a"), left_out, stream_options={"include_usage": True}))[-1]
    assert with_usage["realmultillm"] == {"dropped": ["options.topK"]}
    assert answered(TextDelta("a"), left_out)["realmultillm"] == {"dropped": ["options.topK"]}


def test_a_failure_is_the_last_thing() -> None:
    """Traps 12, 26."""
    speaker = CALLER.speaker(asked(), ABOUT)
    speaker.say(TextDelta("a"))
    said = speaker.fail(ProviderOverloaded("later"))

    assert said.startswith(b'data: {"error":{"message":"later","type":"server_error"')
    assert said.endswith(b"}\n\n")
    assert b"[DONE]" not in said


def test_line_separators_arrive_whole() -> None:
    """Trap 79."""
    text = "a\u2028b\u2029c\u0085d\r\ne"

    assert heard(spoken(TextDelta(text), done())).choices[0].text == text


def test_a_whole_answer() -> None:
    said = answered(Start("msg_1", "claude-x-1"), TextDelta("Hello"), done())

    assert said == {
        "id": "chatcmpl-01J",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "claude-x-1",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello", "refusal": None, "annotations": []},
                "logprobs": None,
                "finish_reason": "stop",
                "native_finish_reason": "end_turn",
            }
        ],
        "usage": said["usage"],
    }
    assert said["usage"]["total_tokens"] == 8


TEXTS = st.text(max_size=8)
CHOICES = st.integers(0, 1)
SPOKEN = st.one_of(
    st.builds(TextDelta, TEXTS.filter(bool), CHOICES),
    st.builds(ReasoningDelta, TEXTS.filter(bool), CHOICES),
    st.builds(RefusalDelta, TEXTS.filter(bool), CHOICES),
    st.builds(ReasoningSignature, TEXTS.filter(bool), st.none(), CHOICES),
    st.builds(MediaOutput, st.just("image/png"), st.just("aGk="), CHOICES),
)


@st.composite
def answers(draw: st.DrawFn) -> list[ChatEvent]:
    """Events of an answer, with calls that grow one after another or at the same time."""
    events: list[ChatEvent] = draw(st.lists(SPOKEN, max_size=8))
    for choice in (0, 1):
        count = draw(st.integers(0, 3))
        events.extend(ToolCallStart(index, f"c{choice}{index}", "f", choice) for index in range(count))
        if count:
            pieces = st.builds(
                ToolCallDelta, st.integers(0, count - 1), st.sampled_from(['{"a":', "1", "}"]), st.just(choice)
            )
            events.extend(draw(st.lists(pieces, max_size=6)))
    return events


def essence(choice: Choice) -> tuple[Any, ...]:
    calls = [(call.id, call.name, call.arguments or "{}") for call in choice.tool_calls]
    signatures = [block.signature for block in choice.reasoning_blocks if block.signature]
    media = [(made.media_type, made.data) for made in choice.media]
    return choice.index, choice.text, choice.reasoning, choice.refusal, calls, signatures, media


@given(answers())
def test_what_we_speak_is_what_we_hear(events: list[ChatEvent]) -> None:
    """Reading back is the identity, for text, thinking, signatures, refusals, calls, pictures and usage."""
    said = collect(events)
    ends: list[tuple[int, FinishReason, str | None]] = [(choice.index, "length", None) for choice in said.choices]
    back = heard(spoken(*events, done(*ends), stream_options={"include_usage": True}))

    indices = {choice.index for choice in said.choices}
    assert [essence(choice) for choice in back.choices if choice.index in indices] == [
        essence(choice) for choice in said.choices
    ]
    assert back.usage is not None
    assert (back.usage.input, back.usage.output, back.usage.cached, back.usage.reasoning) == (3, 5, 1, 2)
    assert all(choice.finish is not None for choice in back.choices)
    whole = DIALECT.read(CALLER.answer(said, done(*ends), asked(), ABOUT))
    by_place = [essence(choice)[1:] for choice in collect(whole).choices]
    assert by_place == [essence(choice)[1:] for choice in said.choices]


def test_finishes_are_equal_in_a_stream_and_whole() -> None:
    back = heard(spoken(TextDelta("a"), done((0, "length", "max_tokens"))))

    assert back.choices[0].finish == Finish("length", "length")


def test_choices_begin_in_their_order_whatever_the_provider_numbers() -> None:
    said = chunks(spoken(TextDelta("c", choice=2), TextDelta("x", choice=-1), done((2, "stop", "STOP"))))

    assert [choice["index"] for chunk in said for choice in chunk["choices"]][:4] == [0, 1, 2, 2]
    assert [chunk["choices"][0]["finish_reason"] for chunk in said[-4:]] == ["other", "other", "other", "stop"]
