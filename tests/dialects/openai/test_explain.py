"""Failures in all their forms."""

import json
from typing import Any

import pytest
from hypothesis import given

from shared.dialects.openai.explain import explain, failure_inside
from shared.errors import (
    CredentialRejected,
    ProviderBilling,
    ProviderError,
    ProviderFailed,
    ProviderOverloaded,
    RequestRefused,
    Throttled,
)
from tests.dialects.openai.test_stream import JSON


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": {"message": "m", "type": "t", "code": "c"}}, "m"),
        ({"error": "m", "error_type": "validation"}, "m"),
        ({"code": "c", "error": "m"}, "m"),
        ({"detail": "m"}, "m"),
        (
            {"detail": [{"loc": ["body", "messages"], "msg": "Field required", "input": "secret"}]},
            "body.messages: Field required",
        ),
        ({"object": "error", "message": {"detail": [{"loc": ["body", "n"], "msg": "no"}]}}, "body.n: no"),
        ({"message": "m", "request_id": "r"}, "m"),
        ({"error": {"error": {"message": "m"}}}, "m"),
        ({"error": ["m", "n"]}, "m"),
        ([{"error": {"message": "m"}}], "m"),
        (
            {"error": {"message": "Provider returned error", "metadata": {"raw": '{"error":{"message":"why"}}'}}},
            "Provider returned error: why",
        ),
        ({"error": {"message": "m", "metadata": {"raw": "<html>"}}}, "m"),
    ],
)
def test_the_message_is_found_in_every_form(body: Any, message: str) -> None:
    """Trap 30."""
    error = explain(400, {}, json.dumps(body).encode())

    assert isinstance(error, RequestRefused)
    assert error.message == message


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, CredentialRejected),
        (402, ProviderBilling),
        (403, CredentialRejected),
        (422, RequestRefused),
        (429, Throttled),
        (500, ProviderFailed),
        (503, ProviderOverloaded),
    ],
)
def test_the_status_says_whose_fault_it_is_and_a_web_page_is_not_echoed(status: int, kind: type[ProviderError]) -> None:
    error = explain(status, {"retry-after": "7"}, b"<html>secret</html>")

    assert type(error) is kind
    assert "secret" not in error.message
    assert error.retry_after == (None if kind is RequestRefused else 7)


@pytest.mark.parametrize(
    ("status", "message", "code"),
    [
        (404, "The model `x` does not exist", "model_not_found"),
        (400, "maximum context length is 8192 tokens", "context_length_exceeded"),
        (400, "no", "provider_refused_request"),
    ],
)
def test_refusals_that_callers_act_upon_have_our_word(status: int, message: str, code: str) -> None:
    """Trap 85."""
    error = explain(status, {}, json.dumps({"error": {"message": message}}).encode())

    assert (error.status, error.code) == (status, code)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": 502, "message": "m"}, ProviderFailed),
        ({"code": "429", "message": "m"}, Throttled),
        ({"type": "overloaded_error", "message": "m"}, ProviderOverloaded),
        ({"type": "whatever", "message": "m"}, ProviderFailed),
        ("only words", ProviderFailed),
        (None, ProviderFailed),
    ],
)
def test_an_error_inside_a_200_is_explained_by_its_own_words(error: Any, kind: type[ProviderError]) -> None:
    """Traps 26, 27."""
    assert type(failure_inside(error)) is kind


@given(JSON)
def test_no_body_whatever_breaks_the_explanation(body: Any) -> None:
    assert explain(500, {}, json.dumps(body).encode()).message
    assert failure_inside(body).message
