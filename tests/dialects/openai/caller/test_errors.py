"""Failures in OpenAI's words, with the status and the code that its clients turn into their own exceptions."""

from typing import Any

import pytest

from shared.dialects.failures import failure
from shared.dialects.openai.caller import CALLER
from shared.errors import (
    AddressRefused,
    Forbidden,
    InvalidRequest,
    LimitReached,
    ModelNotFound,
    NotFound,
    ProviderError,
    RealMultiLLMError,
    RequestTooLarge,
    StorageUnavailable,
    StreamTruncated,
    Unauthenticated,
    UnsupportedParameter,
)


def described(error: RealMultiLLMError) -> dict[str, Any]:
    said: dict[str, Any] = dict(CALLER.describe(error, "01J")["error"])
    return said


@pytest.mark.parametrize(
    ("error", "status", "type_", "code"),
    [
        (InvalidRequest("no", parameter="n"), 400, "invalid_request_error", "invalid_request"),
        (UnsupportedParameter("no", parameter="n"), 400, "invalid_request_error", "unsupported_parameter"),
        (Unauthenticated("no"), 401, "invalid_request_error", "invalid_api_key"),
        (Forbidden("no"), 403, "permission_error", "forbidden"),
        (ModelNotFound("no"), 404, "invalid_request_error", "model_not_found"),
        (NotFound("no such route"), 404, "invalid_request_error", "not_found"),
        (RequestTooLarge("no"), 413, "invalid_request_error", "request_too_large"),
        (LimitReached("no"), 429, "rate_limit_error", "rate_limit_exceeded"),
        (StorageUnavailable("no"), 503, "server_error", "storage_unavailable"),
        (AddressRefused("no"), 400, "invalid_request_error", "address_refused"),
        (StreamTruncated("no"), 502, "server_error", "stream_truncated"),
        (failure(400, "no"), 400, "invalid_request_error", "provider_refused_request"),
        (failure(400, "prompt is too long: 9 tokens"), 400, "invalid_request_error", "context_length_exceeded"),
        (failure(401, "no"), 401, "invalid_request_error", "provider_credential_rejected"),
        (failure(400, "no", code="API_KEY_INVALID"), 401, "invalid_request_error", "provider_credential_rejected"),
        (failure(402, "no"), 402, "insufficient_quota", "insufficient_quota"),
        (failure(403, "no"), 403, "permission_error", "provider_credential_rejected"),
        (failure(404, "no such model"), 404, "invalid_request_error", "model_not_found"),
        (failure(422, "no"), 422, "invalid_request_error", "provider_refused_request"),
        (failure(429, "no", retry_after=3), 429, "rate_limit_error", "rate_limit_exceeded"),
        (failure(500, "no"), 500, "server_error", "upstream_error"),
        (failure(503, "no"), 503, "server_error", "upstream_overloaded"),
        (failure(529, "no"), 503, "server_error", "upstream_overloaded"),
        (failure(200, "no"), 502, "server_error", "bad_upstream_response"),
    ],
)
def test_every_failure_has_its_true_status_and_openais_words(
    error: RealMultiLLMError, status: int, type_: str, code: str
) -> None:
    """Traps 31, 74 (a store outage is never 401), 85, 86."""
    said = described(error)

    assert (CALLER.status(error), said["type"], said["code"]) == (status, type_, code)


def test_the_parameter_is_named() -> None:
    said = described(InvalidRequest("`n` is at least 1", parameter="n"))

    assert (said["param"], said["message"], said["request_id"]) == ("n", "`n` is at least 1", "01J")
    assert described(Unauthenticated("no"))["param"] is None


def test_whoever_names_no_provider_in_this_dialect_named_it_in_the_model() -> None:
    assert described(NotFound("no", details={"parameter": "provider"}))["param"] == "model"


def test_details_are_told() -> None:
    limits = {"limit": 1, "remaining": 0, "resetTime": "2026-01-01T00:00:00Z"}

    assert described(LimitReached("no", details=limits))["details"] == limits


def test_kin_see_the_providers_own_words_and_status() -> None:
    error = failure(529, "later")
    error.verbatim = {"error": {"message": "later", "type": "overloaded", "param": None, "code": None}}

    assert isinstance(error, ProviderError)
    assert (CALLER.describe(error, "01J"), CALLER.status(error)) == (error.verbatim, 529)
