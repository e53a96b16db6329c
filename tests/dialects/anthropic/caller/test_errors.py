"""Failures in Anthropic's words."""

from typing import Any

import pytest

from shared.dialects.anthropic.caller import CALLER
from shared.dialects.failures import failure
from shared.errors import (
    CredentialCorrupt,
    Forbidden,
    InvalidRequest,
    LimitReached,
    NotFound,
    RealMultiLLMError,
    RequestTooLarge,
    StorageUnavailable,
    StreamTruncated,
    Unauthenticated,
    UnsupportedParameter,
)


def told(error: RealMultiLLMError) -> tuple[int, str]:
    body = CALLER.describe(error, "01JDM")
    assert (body["type"], body["request_id"], body["error"]["message"]) == ("error", "01JDM", error.message)
    return CALLER.status(error), body["error"]["type"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (InvalidRequest("x"), (400, "invalid_request_error")),
        (UnsupportedParameter("x", parameter="top_k"), (400, "invalid_request_error")),
        (Unauthenticated("x"), (401, "authentication_error")),
        (Forbidden("x"), (403, "permission_error")),
        (NotFound("x"), (404, "not_found_error")),
        (RequestTooLarge("x"), (413, "request_too_large")),
        (LimitReached("x"), (429, "rate_limit_error")),
        (CredentialCorrupt("x"), (424, "invalid_request_error")),
        (StorageUnavailable("x"), (503, "overloaded_error")),
        (StreamTruncated("x"), (502, "api_error")),
        (RealMultiLLMError("x"), (500, "api_error")),
    ],
)
def test_our_own_failures(error: RealMultiLLMError, said: tuple[int, str]) -> None:
    """Trap 85."""
    assert told(error) == said


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, (400, "invalid_request_error")),
        (401, (424, "invalid_request_error")),
        (402, (402, "billing_error")),
        (403, (424, "invalid_request_error")),
        (404, (404, "not_found_error")),
        (409, (409, "invalid_request_error")),
        (413, (413, "request_too_large")),
        (422, (422, "invalid_request_error")),
        (429, (429, "rate_limit_error")),
        (424, (502, "api_error")),
        (500, (502, "api_error")),
        (503, (503, "overloaded_error")),
        (504, (504, "timeout_error")),
        (529, (503, "overloaded_error")),
        (200, (502, "api_error")),
    ],
)
def test_a_providers_failure_keeps_its_status_where_the_request_is_at_fault(status: int, said: tuple[int, str]) -> None:
    """Traps 31, 85, 86."""
    assert told(failure(status, "x")) == said


def test_a_wrong_key_is_424_whatever_the_provider_calls_it() -> None:
    """Fault 4. Google says 400; a 401 would look like our own."""
    error = failure(400, "x", type="API_KEY_INVALID")

    assert told(error) == (424, "invalid_request_error")
    assert CALLER.describe(error, "01JDM")["error"]["details"] == {"error_code": "provider_credential_rejected"}


@pytest.mark.parametrize(
    ("given", "theirs", "said", "code"),
    [
        (401, "authentication_error", (424, "invalid_request_error"), "provider_credential_rejected"),
        (500, "api_error", (502, "api_error"), "upstream_error"),
        (529, "overloaded_error", (503, "overloaded_error"), "upstream_overloaded"),
    ],
)
def test_kin_see_our_status_and_code_of_what_is_not_the_requests_fault(
    given: int, theirs: str, said: tuple[int, str], code: str
) -> None:
    """Faults 4 and 7. The words are the provider's."""
    error = failure(given, "their words")
    error.verbatim = {"type": "error", "error": {"type": theirs, "message": "their words", "x": 1}}
    body = CALLER.describe(error, "01JDM")

    assert told(error) == said
    assert (body["error"]["message"], body["error"]["x"]) == ("their words", 1)
    assert body["error"]["details"] == {"error_code": code}


def test_kin_see_the_providers_own_error() -> None:
    error = failure(400, "x")
    theirs: dict[str, Any] = {"type": "error", "error": {"type": "new_error", "message": "m", "x": 1}}
    error.verbatim = theirs

    assert CALLER.describe(error, "01JDM") == {**theirs, "request_id": "01JDM"}
    error.verbatim = {**theirs, "request_id": "req_1"}
    assert CALLER.describe(error, "01JDM")["request_id"] == "req_1"
    error.verbatim = {"message": "no such route"}
    assert CALLER.describe(error, "01JDM")["error"]["message"] == "x"


def test_a_conversation_that_is_too_long_is_said_in_the_words_that_agents_look_for() -> None:
    """Trap 85."""
    error = failure(400, "This model's maximum context length is 9 tokens.", code="context_length_exceeded")

    body = CALLER.describe(error, "01JDM")

    assert body["error"]["message"] == "prompt is too long: This model's maximum context length is 9 tokens."
    assert body["error"]["details"] == {"error_code": "context_length_exceeded"}


def test_the_field_is_named() -> None:
    """Trap 87."""
    error = UnsupportedParameter("x", parameter="stop_sequences")

    assert CALLER.describe(error, "01JDM")["error"]["details"] == {
        "error_code": "unsupported_parameter",
        "parameter": "stop_sequences",
    }
