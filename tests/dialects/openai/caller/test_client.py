"""What OpenAI's own client sees of what we say. It is a test dependency of its own group; without it these tests are skipped, and say so."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given

from shared.chat.collect import collect
from shared.chat.events import ChatEvent, Finish, FinishReason, ReasoningDelta, ToolCallDelta, ToolCallStart
from shared.dialects.openai.caller import CALLER
from shared.dialects.signed import signed_by
from shared.errors import NotFound, RealMultiLLMError, Throttled, Unauthenticated
from tests.dialects.openai.caller.test_stream import ABOUT, THOUGHTS, answers, asked, done, spoken

openai = pytest.importorskip("openai", reason="OpenAI's client is not installed: uv sync --group vendors")


class Served(httpx.BaseTransport):
    """Answers every request with one body."""

    def __init__(self, body: bytes, status: int = 200, content_type: str = "text/event-stream") -> None:
        self._answer = (status, body, content_type)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        status, body, content_type = self._answer
        headers = {"content-type": content_type, CALLER.request_id_header.decode(): "01J"}
        return httpx.Response(status, content=body, headers=headers, request=request)


def client(body: bytes, status: int = 200, content_type: str = "text/event-stream") -> Any:
    http = httpx.Client(transport=Served(body, status, content_type))
    return openai.OpenAI(api_key="sk-x", base_url="http://127.0.0.1/v1", http_client=http, max_retries=0)


def streamed(body: bytes) -> Iterator[Any]:
    chunks: Iterator[Any] = client(body).chat.completions.create(
        model="m", messages=[{"role": "user", "content": "hi"}], stream=True
    )
    return chunks


def accumulated(body: bytes) -> Any:
    """By the client's own helper, which joins deltas and is strict about lists."""
    with client(body).chat.completions.stream(model="m", messages=[{"role": "user", "content": "hi"}]) as stream:
        for _ in stream:
            pass
        return stream.get_final_completion()


@given(answers())
def test_every_stream_is_read_to_the_same_answer(events: list[ChatEvent]) -> None:
    said = collect(events)
    ends: list[tuple[int, FinishReason, str | None]] = [(choice.index, "stop", None) for choice in said.choices]
    body = spoken(*events, done(*ends), stream_options={"include_usage": True})

    completion = accumulated(body)

    indices = {choice.index for choice in said.choices}
    heard = [choice for choice in completion.choices if choice.index in indices]
    assert {choice.index: choice.message.content or "" for choice in heard} == {
        choice.index: choice.text for choice in said.choices
    }
    assert {
        choice.index: [
            (call.id, call.function.name, call.function.arguments) for call in choice.message.tool_calls or ()
        ]
        for choice in heard
    } == {
        choice.index: [(call.id, call.name, call.arguments or "{}") for call in choice.tool_calls]
        for choice in said.choices
    }
    assert completion.usage.total_tokens == 8


def test_chunks_are_typed() -> None:
    """Trap 80."""
    body = spoken(ReasoningDelta("Hm"), ToolCallStart(0, "a", "f"), ToolCallDelta(0, "{}"), done())

    for chunk in streamed(body):
        type(chunk).model_validate(chunk.model_dump())


def test_the_client_hands_signed_thinking_back() -> None:
    """Trap 52."""
    signed = (*THOUGHTS, ToolCallStart(0, "f-1", "f", signature="c2ln"), ToolCallDelta(0, "{}"))
    message = accumulated(spoken(*signed, done())).choices[0].message.model_dump(exclude_none=True)
    result = {"role": "tool", "tool_call_id": message["tool_calls"][0]["id"], "content": "r"}
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}, message, result]}

    (choice,) = collect([*signed, Finish("stop")]).choices
    parts = signed_by(CALLER.read(json.dumps(body).encode(), {}).chat, ABOUT.provider).messages[1].parts
    assert parts[:3] == choice.reasoning_blocks
    assert parts[-1] == choice.tool_calls[0]


def test_a_whole_answer_is_typed() -> None:
    events = [*THOUGHTS, ToolCallStart(0, "a", "f"), ToolCallDelta(0, "{}")]
    body = CALLER.answer(collect(events), done((0, "tool_calls", "tool_use")), asked(), ABOUT)
    completion = client(body, content_type="application/json").chat.completions.create(
        model="m", messages=[{"role": "user", "content": "hi"}]
    )

    type(completion).model_validate(completion.model_dump())
    assert completion.choices[0].message.tool_calls[0].function.arguments == "{}"
    assert completion._request_id == "01J"


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (Unauthenticated("no"), "AuthenticationError"),
        (NotFound("no"), "NotFoundError"),
        (Throttled("no"), "RateLimitError"),
    ],
)
def test_failures_are_the_clients_own_exceptions(error: RealMultiLLMError, raised: str) -> None:
    """Trap 85."""
    body = json.dumps(CALLER.describe(error, "01J")).encode()

    with pytest.raises(openai.APIStatusError, match="no") as caught:
        client(body, CALLER.status(error), "application/json").chat.completions.create(
            model="m", messages=[{"role": "user", "content": "hi"}]
        )

    assert type(caught.value).__name__ == raised


def test_a_broken_stream_is_an_exception() -> None:
    speaker = CALLER.speaker(asked(), ABOUT)
    body = speaker.say(ReasoningDelta("H")) + speaker.fail(Throttled("later"))

    with pytest.raises(openai.APIError, match="later"):
        list(streamed(body))
