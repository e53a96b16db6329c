"""A stream of Converse. Fixtures follow https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.chat.collect import collect
from shared.chat.events import Annotation, Finish, FinishReason, MediaOutput, Start, TextDelta, Usage
from shared.chat.request import Reasoning, ToolCall
from shared.dialects.bedrock import DIALECT
from shared.errors import (
    BadResponse,
    BadStreamData,
    CredentialRejected,
    ProviderError,
    ProviderFailed,
    ProviderOverloaded,
    RequestRefused,
    StreamTruncated,
    Throttled,
)
from tests.fakes.eventstream import event, message
from tests.fakes.streams import cut, fixture, hear, hear_failing


def recorded(name: str) -> bytes:
    """A fixture is one event a line; the wire is binary."""
    return frames(*[json.loads(line) for line in fixture(f"bedrock/{name}.jsonl").split(b"\n") if line])


def frames(*events: dict[str, Any]) -> bytes:
    return b"".join(
        event(name, json.dumps(payload, ensure_ascii=False).encode())
        for said in events
        for name, payload in said.items()
    )


def exception(name: str, **payload: Any) -> bytes:
    headers = {":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}
    return message(headers, json.dumps(payload).encode())


TOOLS = recorded("tools_and_thinking")
SERVER = recorded("server_tool")
START = {"messageStart": {"role": "assistant"}}
TEXT = {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "Hi"}}}
STOP = {"messageStop": {"stopReason": "end_turn"}}
USED = {"metadata": {"usage": {"inputTokens": 4, "outputTokens": 7, "totalTokens": 11}}}


def test_thinking_text_and_parallel_calls_are_told_in_order() -> None:
    """Traps 38 (no arguments are `{}`), 52 (signatures and encrypted thinking byte-exact), 44, 79."""
    answer = collect(hear(DIALECT.stream(), [TOOLS]))
    choice = answer.choices[0]

    assert choice.reasoning_blocks == (
        Reasoning("Zwei Städte, zwei Aufrufe.", "EqQBCkYI+/="),
        Reasoning(redacted="EmwKAhgB+/A="),
    )
    assert choice.text == "Ich sehe nach\u2028in Łódź 🌦"
    assert choice.tool_calls == (
        ToolCall("tooluse_1", "weather", '{"city": "Łódź"}'),
        ToolCall("tooluse_2", "now", "{}"),
    )
    assert choice.finish == Finish("tool_calls", "tool_use")
    assert choice.annotations == (Annotation("service_tier", "priority"),)


def test_what_the_cache_gave_and_took_is_part_of_the_input() -> None:
    """Trap 65."""
    used = collect(hear(DIALECT.stream(), [TOOLS])).usage

    assert used is not None
    assert (used.input, used.output, used.cached, used.cache_write, used.total) == (127, 31, 100, 7, 158)
    assert used.raw["inputTokens"] == 20


def test_what_is_the_providers_own_is_kept_as_it_came() -> None:
    """Traps 24, 25: nothing is lost, and a guardrail's word is not a stop."""
    choice = collect(hear(DIALECT.stream(), [SERVER])).choices[0]
    call = {"toolUseId": "tooluse_s", "name": "nova_grounding", "type": "server_tool_use", "input": {"query": "rain"}}
    result = {"toolUseId": "tooluse_s", "type": "nova_grounding_result", "status": "success"}

    assert choice.tool_calls == ()
    assert choice.text == "It rains."
    assert choice.media == (MediaOutput("image/png", "iVBORw0KGgo="),)
    assert choice.finish == Finish("content_filter", "guardrail_intervened")
    assert choice.annotations == (
        Annotation("toolUse", call),
        Annotation("toolResult", {**result, "content": [{"text": "[HIDDEN]"}]}),
        Annotation(
            "citationsContent", {"location": {"web": {"url": "https://rain.example/", "domain": "rain.example"}}}
        ),
        Annotation("hologram", {"of": "rain"}),
        Annotation("additionalModelResponseFields", {"stop_sequence": "END"}),
        Annotation("stop_sequence", "END"),
        Annotation("trace", {"guardrail": {"actionReason": "Guardrail blocked."}}),
    )


@pytest.mark.parametrize("body", [TOOLS, SERVER], ids=["tools", "server"])
def test_no_cut_of_the_network_changes_what_is_said(body: bytes) -> None:
    """Trap 9."""
    whole = hear(DIALECT.stream(), [body])

    assert hear(DIALECT.stream(), [body[at : at + 1] for at in range(len(body))]) == whole
    for at in range(len(body)):
        assert hear(DIALECT.stream(), cut(body, at)) == whole


@given(st.lists(st.integers(0, len(TOOLS)), max_size=12))
def test_no_cuts_change_what_is_said(places: list[int]) -> None:
    edges = [0, *sorted(places), len(TOOLS)]
    pieces = [TOOLS[start:end] for start, end in pairwise(edges)]

    assert hear(DIALECT.stream(), pieces) == hear(DIALECT.stream(), [TOOLS])


def test_a_stream_cut_short_never_looks_whole() -> None:
    """Trap 12."""
    reason_said = len(TOOLS) - len(frames(json.loads(fixture("bedrock/tools_and_thinking.jsonl").split(b"\n")[-2])))

    for at in range(1, len(TOOLS)):
        _, error = hear_failing(DIALECT.stream(), [TOOLS[:at]])
        assert (error is None) == (at == reason_said), at
        assert error is None or isinstance(error, StreamTruncated)


def test_usage_may_be_missing_when_the_reason_to_stop_was_said() -> None:
    """Trap 11."""
    assert hear(DIALECT.stream(), [frames(START, TEXT, STOP)]) == [Start(), TextDelta("Hi"), Finish("stop", "end_turn")]


def test_nothing_is_heard_after_the_usage() -> None:
    reader = DIALECT.stream()
    events = reader.feed(frames(START, TEXT, STOP, USED, TEXT))

    assert reader.finished
    assert [event for event in events if isinstance(event, TextDelta)] == [TextDelta("Hi")]
    assert list(reader.close()) == []


def test_nobody_speaks_this_dialect_so_nothing_is_verbatim() -> None:
    assert hear(DIALECT.stream(verbatim=True), [TOOLS]) == hear(DIALECT.stream(), [TOOLS])


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("content_filtered", "content_filter"),
        ("guardrail_intervened", "content_filter"),
        ("malformed_model_output", "other"),
        ("malformed_tool_use", "other"),
        ("brand_new", "other"),
    ],
)
def test_every_reason_to_stop_has_a_word(word: str, reason: FinishReason) -> None:
    """Trap 24."""
    assert hear(DIALECT.stream(), [frames({"messageStop": {"stopReason": word}})]) == [Finish(reason, word)]


def test_a_plain_stop_with_calls_means_them() -> None:
    """Trap 40."""
    call = {"contentBlockStart": {"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "a", "name": "now"}}}}

    assert hear(DIALECT.stream(), [frames(call, STOP)])[-1] == Finish("tool_calls", "end_turn")
    assert hear(DIALECT.stream(), [frames(call, {"messageStop": {"stopReason": "max_tokens"}})])[-1] == Finish(
        "length", "max_tokens"
    )


@pytest.mark.parametrize(
    ("name", "payload", "kind", "status"),
    [
        ("throttlingException", {}, Throttled, 500),
        ("serviceUnavailableException", {}, ProviderOverloaded, 500),
        ("internalServerException", {}, ProviderFailed, 500),
        ("modelStreamErrorException", {"originalStatusCode": 503, "originalMessage": "x"}, ProviderFailed, 503),
        ("validationException", {}, RequestRefused, 500),
        ("accessDeniedException", {}, CredentialRejected, 500),
        ("somethingNewException", {}, ProviderFailed, 500),
    ],
)
def test_an_exception_in_the_middle_comes_after_what_was_said(
    name: str, payload: dict[str, Any], kind: type[ProviderError], status: int
) -> None:
    """Trap 26."""
    events, error = hear_failing(DIALECT.stream(), [frames(START, TEXT) + exception(name, message="no", **payload)])

    assert events == [Start(), TextDelta("Hi")]
    assert type(error) is kind
    assert error.message == "no"
    assert (error.details["providerStatus"], error.details["providerType"]) == (status, name[0].upper() + name[1:])


def test_an_error_message_without_a_model_is_told_too() -> None:
    said = message({":message-type": "error", ":error-code": "InternalFailure", ":error-message": "gone"}, b"")
    events, error = hear_failing(DIALECT.stream(), [said])

    assert events == []
    assert type(error) is ProviderFailed
    assert error.message == "gone"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"message": "no stream for you"}', ProviderFailed),
        (b'{"output": {}}', BadResponse),
        (b"<html>no</html>", BadResponse),
        (b"data: {}\n\n", BadResponse),
        (b"", StreamTruncated),
    ],
)
def test_what_is_no_event_stream_is_told_as_such(body: bytes, kind: type[ProviderError]) -> None:
    """Trap 13."""
    for pieces in ([body], [body[at : at + 1] for at in range(len(body))]):
        events, error = hear_failing(DIALECT.stream(), pieces)
        assert events == []
        assert type(error) is kind


def test_a_wrong_checksum_ends_the_stream_behind_what_was_said() -> None:
    body = frames(START, TEXT) + b"\x00" + frames(STOP)[1:-1] + b"\xff"
    events, error = hear_failing(DIALECT.stream(), [body])

    assert events == [Start(), TextDelta("Hi")]
    assert type(error) is BadStreamData


def test_one_bad_payload_is_skipped_and_three_in_a_row_are_not() -> None:
    bad = event("contentBlockDelta", b"{no")

    assert hear(DIALECT.stream(), [frames(START) + bad * 2 + frames(TEXT, STOP)])[1] == TextDelta("Hi")
    _, error = hear_failing(DIALECT.stream(), [frames(START) + bad * 3 + frames(TEXT, STOP)])
    assert type(error) is BadStreamData


def test_usage_comes_last_and_is_not_summed() -> None:
    """Trap 20."""
    used = [event for event in hear(DIALECT.stream(), [frames(START, USED, STOP, USED)]) if isinstance(event, Usage)]

    assert [(one.input, one.output, one.total) for one in used] == [(4, 7, 11), (4, 7, 11)]
