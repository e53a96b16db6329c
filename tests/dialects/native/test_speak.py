"""What our own API says, whole and as it grows."""

import json
from decimal import Decimal
from typing import Any

from shared.chat.collect import collect
from shared.chat.events import (
    Annotation,
    ChatEvent,
    Finish,
    ReasoningDelta,
    ReasoningSignature,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
    Usage,
)
from shared.chat.receipt import Attempt, Cost, Done, Receipt
from shared.dialects.caller import About
from shared.dialects.native.speak import (
    NDJSON_KEEP_ALIVE,
    SSE_KEEP_ALIVE,
    Speaker,
    as_ndjson,
    as_sse,
    speak_answer,
)
from shared.errors import StreamTruncated
from shared.wire.sse import SseDecoder

ABOUT = About("chat_1", 7, "anthropic", "m")
USAGE = Usage(input=3, output=5, total=8)
DONE = Done(
    ((0, "tool_calls", "tool_use"),),
    USAGE,
    Receipt(
        "own",
        "abc123",
        "anthropic",
        "m",
        (Attempt("anthropic", "m", "answered", 12),),
        Cost(Decimal("0.0000012"), "table", "1"),
    ),
)
EVENTS: list[ChatEvent] = [
    Start("msg_1", "m-2026", 1),
    ReasoningDelta("hm"),
    ReasoningSignature(signature="c2ln"),
    TextDelta("Hé\u2028"),
    ToolCallStart(0, "c1", "f"),
    ToolCallDelta(0, '{"a":'),
    ToolCallDelta(0, "1}"),
    USAGE,
    Finish("tool_calls", "tool_use"),
]


def lines(frame: Any = as_ndjson) -> list[bytes]:
    speaker = Speaker(frame, ABOUT)
    return b"".join(speaker.say(event) for event in [*EVENTS, DONE]).split(b"\n")


def test_a_stream_has_one_start_and_one_done() -> None:
    spoken = [json.loads(line) for line in lines() if line]

    assert [line["type"] for line in spoken] == ["start", "reasoning", "reasoning", "chunk", *["tool_call"] * 3, "done"]
    assert spoken[0] == {"type": "start", "id": "chat_1", "provider": "anthropic", "model": "m-2026"}
    assert spoken[-1]["finishReason"] == "tool_calls"
    assert spoken[-1]["usage"]["totalTokens"] == 8


def test_odd_line_ends_arrive_whole() -> None:
    """Trap 79."""
    spoken = [json.loads(line) for line in lines() if line]

    assert spoken[3]["content"] == "Hé\u2028"


def test_the_same_lines_as_server_sent_events() -> None:
    """Trap 14: nothing but data lines."""
    spoken = [line for line in lines(as_sse) if line]

    assert all(line.startswith(b"data: {") for line in spoken)


def test_a_keep_alive_says_nothing_to_any_reader() -> None:
    """Trap 14: a bare comment, with no `id:` or `retry:`; and an empty line, which is no JSON."""
    assert SseDecoder().feed(SSE_KEEP_ALIVE) == []
    assert [line[:1] for line in SSE_KEEP_ALIVE.splitlines() if line] == [b":"]
    assert NDJSON_KEEP_ALIVE.split() == []


def test_money_is_a_decimal_string_without_an_exponent() -> None:
    assert json.loads(next(line for line in reversed(lines()) if line))["cost"] == "0.0000012"


def test_a_failure_is_the_one_last_line() -> None:
    speaker = Speaker(as_ndjson, ABOUT)
    said = speaker.say(TextDelta("a")) + speaker.fail(StreamTruncated("cut"))

    assert [json.loads(line)["type"] for line in said.splitlines()] == ["start", "chunk", "error"]


def test_a_whole_answer_has_the_choices_that_openai_clients_read() -> None:
    answer = json.loads(speak_answer(collect(EVENTS), DONE, id="chat_1", created=7))

    assert answer["object"] == "chat.completion"
    assert answer["choices"] == [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "Hé\u2028",
                "reasoning": "hm",
                "reasoning_details": [{"text": "hm", "signature": "c2ln"}],
                "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}],
            },
            "finish_reason": "tool_calls",
            "finish_reason_raw": "tool_use",
        }
    ]
    assert answer["receipt"]["key"] == "own"


def test_what_we_have_no_word_for_is_kept() -> None:
    speaker = Speaker(as_ndjson, ABOUT)
    said = speaker.say(Annotation("citations", [{"url": "https://example.com"}], 1)).splitlines()[-1]

    assert json.loads(said) == {
        "type": "annotation",
        "name": "citations",
        "value": [{"url": "https://example.com"}],
        "choice": 1,
    }


def test_one_choice_that_is_not_the_first_keeps_its_number_at_the_end() -> None:
    speaker = Speaker(as_ndjson, ABOUT)

    done = json.loads(speaker.say(Done(((1, "stop", "stop"),), USAGE, DONE.receipt)).splitlines()[-1])

    assert done["choices"] == [{"index": 1, "finishReason": "stop", "finishReasonRaw": "stop"}]


def test_a_choice_whose_provider_gave_no_reason_is_still_told() -> None:
    """Trap 24: never turned into `stop`."""
    answer = json.loads(speak_answer(collect([*EVENTS, TextDelta("second", 1)]), DONE, id="chat_1", created=7))

    assert [choice["finish_reason"] for choice in answer["choices"]] == ["tool_calls", "other"]
