"""Two providers of different families behind one fake way out, each doing what a test says, in order; the last thing again and again."""

import json
from collections.abc import Callable
from typing import Any

from shared.egress.exchange import Outbound
from tests.fakes.client import Answer, FakeAnswer

OPENAI, ANTHROPIC = "api.openai.com", "api.anthropic.com"
SSE = {"content-type": "text/event-stream"}
type Does = Callable[[Outbound], Answer]


class TwoProviders:
    """`openai` and `anthropic` are what they do next; `asked` has the hosts in the order in which they were asked."""

    def __init__(self) -> None:
        self.does: dict[str, list[Does]] = {OPENAI: [says_hello], ANTHROPIC: [says_hello]}
        self.asked: list[str] = []
        self.bodies: list[dict[str, Any]] = []

    def __call__(self, outbound: Outbound) -> Answer:
        host = outbound.url.split("/")[2]
        self.asked.append(host)
        self.bodies.append(json.loads(outbound.body))
        script = self.does[host]
        return (script.pop(0) if len(script) > 1 else script[0])(outbound)


def does(answer: Answer) -> Does:
    """That, whoever asks."""
    return lambda _: answer


def says_hello(outbound: Outbound) -> Answer:
    """One word in its own family's words, plain or streamed, as it was asked."""
    streamed = bool(json.loads(outbound.body).get("stream"))
    if ANTHROPIC in outbound.url:
        return FakeAnswer(200, _sse(*CLAUDES), SSE) if streamed else FakeAnswer(200, CLAUDE_SAYS)
    return FakeAnswer(200, _sse(*GPTS, "[DONE]"), SSE) if streamed else FakeAnswer(200, GPT)


def begins_and_fails(outbound: Outbound) -> Answer:
    """A stream whose first event says nothing yet, and whose second is an error. Trap 26."""
    if ANTHROPIC in outbound.url:
        failure = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
        return FakeAnswer(200, _sse(CLAUDES[0], failure), SSE)
    first = {"id": "x", "model": "m", "choices": [{"index": 0, "delta": {"role": "assistant"}}]}
    return FakeAnswer(200, _sse(first, {"error": {"message": "overloaded", "code": 503}}), SSE)


def ends_before_a_word(_: Outbound) -> Answer:
    """A stream that ends without an ending, before it said anything. Trap 12."""
    return FakeAnswer(
        200, _sse({"id": "x", "model": "m", "choices": [{"index": 0, "delta": {"role": "assistant"}}]}), SSE
    )


def breaks_after_a_word(_: Outbound) -> Answer:
    """A stream that ends in its middle. Trap 33."""
    return FakeAnswer(200, _sse({"id": "x", "model": "m", "choices": [{"index": 0, "delta": {"content": "Hel"}}]}), SSE)


def _sse(*events: Any) -> bytes:
    return b"".join(
        b"data: " + (event.encode() if isinstance(event, str) else json.dumps(event).encode()) + b"\n\n"
        for event in events
    )


GPT = {
    "id": "x",
    "model": "gpt-4o-mini",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "from gpt"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12},
}
GPTS = (
    {
        "id": "x",
        "model": "gpt-4o-mini",
        "choices": [{"index": 0, "delta": {"role": "assistant", "content": "from gpt"}}],
    },
    {"id": "x", "model": "gpt-4o-mini", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
)
CLAUDE_SAYS: dict[str, Any] = {
    "id": "y",
    "type": "message",
    "role": "assistant",
    "model": "claude-haiku-4-5",
    "content": [{"type": "text", "text": "from claude"}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 7, "output_tokens": 5},
}
CLAUDES = (
    {"type": "message_start", "message": {**CLAUDE_SAYS, "content": [], "stop_reason": None}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "from claude"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}},
    {"type": "message_stop"},
)
