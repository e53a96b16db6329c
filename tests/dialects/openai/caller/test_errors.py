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
        (failure(401, "no"), 424, "invalid_request_error", "provider_credential_rejected"),
        (failure(400, "no", code="API_KEY_INVALID"), 424, "invalid_request_error", "provider_credential_rejected"),
        (failure(402, "no"), 402, "insufficient_quota", "insufficient_quota"),
        (failure(403, "no"), 424, "invalid_request_error", "provider_credential_rejected"),
        (failure(404, "no such model"), 404, "invalid_request_error", "model_not_found"),
        (failure(422, "no"), 422, "invalid_request_error", "provider_refused_request"),
        (failure(429, "no", retry_after=3), 429, "rate_limit_error", "rate_limit_exceeded"),
        (failure(424, "no"), 502, "server_error", "upstream_error"),
        (failure(500, "no"), 502, "server_error", "upstream_error"),
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
    error = failure(422, "no")
    error.verbatim = {"error": {"message": "no", "type": "unusual", "param": "x", "code": None}}

    assert (CALLER.describe(error, "01J"), CALLER.status(error)) == (error.verbatim, 422)


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        (401, 424, "provider_credential_rejected"),
        (403, 424, "provider_credential_rejected"),
        (500, 502, "upstream_error"),
        (529, 503, "upstream_overloaded"),
    ],
)
def test_what_is_not_the_requests_fault_has_our_status_and_code_and_their_words(
    given: int, status: int, code: str
) -> None:
    """Faults 4 and 7. A 401 would look like our own."""
    error = failure(given, "their words")
    theirs = {"message": "their words", "type": "theirs", "param": None, "code": "invalid_api_key"}
    error.verbatim = {"error": theirs}

    assert CALLER.status(error) == status
    assert CALLER.describe(error, "01J") == {"error": {**theirs, "code": code}}
    error.verbatim = {"error": "a sentence"}
    assert described(error)["code"] == code
