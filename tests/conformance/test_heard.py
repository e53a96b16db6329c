import json
from typing import Any

import pytest

from tests.conformance.heard import Malformed, error_class, hear_answer, hear_failure, hear_stream, lines_of

START: dict[str, Any] = {"type": "start", "id": "1", "provider": "p", "model": "m"}
DONE: dict[str, Any] = {
    "type": "done",
    "finishReason": "stop",
    "finishReasonRaw": "end_turn",
    "usage": {"inputTokens": 1},
}


def test_a_stream_and_a_plain_answer_are_heard_alike() -> None:
    stream = hear_stream(
        [
            START,
            {"type": "reasoning", "content": "hm"},
            {"type": "reasoning", "signature": "c2ln"},
            {"type": "chunk", "content": "a"},
            {"type": "chunk", "content": "b"},
            {"type": "chunk", "content": "other", "choice": 1},
            {"type": "tool_call", "index": 0, "id": "t", "name": "f", "arguments": ""},
            {"type": "tool_call", "index": 0, "arguments": '{"x":'},
            {"type": "tool_call", "index": 0, "arguments": "1}"},
            {
                **DONE,
                "choices": [{"index": at, "finishReason": "stop", "finishReasonRaw": "end_turn"} for at in (0, 1)],
            },
        ]
    )
    call = {"id": "t", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}}
    first = {"role": "assistant", "content": "ab", "reasoning": "hm", "tool_calls": [call]}
    messages = (first, {"role": "assistant", "content": "other"})
    choices = [
        {"index": at, "message": message, "finish_reason": "stop", "finish_reason_raw": "end_turn"}
        for at, message in enumerate(messages)
    ]
    plain = hear_answer(json.dumps({"choices": choices, "usage": {"inputTokens": 1}}).encode())

    assert stream == plain


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [START],
        [DONE],
        [START, DONE, DONE],
        [START, DONE, {"type": "error", "error": {}}],
        [START, DONE, {"type": "chunk", "content": "late"}],
        [START, START, DONE],
        [START, {"type": "surprise"}, DONE],
    ],
)
def test_a_stream_has_one_beginning_and_one_ending(lines: list[dict[str, Any]]) -> None:
    with pytest.raises(Malformed):
        hear_stream(lines)


def test_keep_alives_are_passed_over_in_both_framings() -> None:
    assert lines_of('{"a":1}\n\n{"b":2}\n', sse=False) == [{"a": 1}, {"b": 2}]
    assert lines_of(': keep-alive\n\ndata: {"a":1}\n\n', sse=True) == [{"a": 1}]
    with pytest.raises(Malformed):
        lines_of('{"a":1}\n', sse=True)


def test_an_error_answer_says_its_own_status() -> None:
    body = json.dumps({"error": {"code": "throttled", "statusCode": 429, "message": ""}}).encode()

    assert hear_failure(429, body).error is not None
    with pytest.raises(Malformed):
        hear_failure(500, body)


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("provider_credential_rejected", 401, "authentication"),
        ("provider_credential_rejected", 400, "invalid_request"),
        ("provider_credential_rejected", 403, "permission"),
        ("provider_billing", 402, "billing"),
        ("provider_refused_request", 404, "not_found"),
        ("model_not_found", 404, "not_found"),
        ("context_length_exceeded", 400, "invalid_request"),
        ("provider_refused_request", 409, "conflict"),
        ("provider_refused_request", 413, "request_too_large"),
        ("provider_refused_request", 422, "invalid_request"),
        ("throttled", 429, "rate_limit"),
        ("upstream_timeout", 504, "timeout"),
        ("upstream_overloaded", 529, "overloaded"),
        ("upstream_error", 500, "server_error"),
        ("invalid_request", None, "ours"),
    ],
)
def test_our_errors_in_the_words_of_the_expectations(code: str, status: int | None, expected: str) -> None:
    assert error_class({"code": code, "details": {"providerStatus": status} if status else {}}) == expected


def test_of_the_wrong_keys_with_status_400_the_expectations_know_googles_alone() -> None:
    details = {"providerStatus": 400, "providerCode": "API_KEY_INVALID"}

    assert error_class({"code": "provider_credential_rejected", "details": details}) == "authentication"
