"""Whose fault an error answer is."""

from collections.abc import Callable

import pytest

from shared.dialects.explain import explain
from shared.dialects.failures import failure
from shared.dialects.gemini.explain import explain as explain_gemini
from shared.dialects.openai.explain import explain as explain_openai
from shared.errors import (
    BadResponse,
    CredentialRejected,
    NoAnswer,
    ProviderBilling,
    ProviderError,
    ProviderFailed,
    ProviderOverloaded,
    ProviderTimeout,
    Redirected,
    RequestRefused,
    Throttled,
)

type Explain = Callable[[int, dict[str, str], bytes], ProviderError]

STATUSES: list[tuple[int, type[ProviderError], int]] = [
    (200, BadResponse, 502),
    (204, NoAnswer, 502),
    (302, Redirected, 502),
    (400, RequestRefused, 400),
    (401, CredentialRejected, 424),
    (402, ProviderBilling, 402),
    (403, CredentialRejected, 424),
    (404, RequestRefused, 404),
    (408, ProviderTimeout, 504),
    (409, RequestRefused, 409),
    (413, RequestRefused, 413),
    (418, RequestRefused, 418),
    (422, RequestRefused, 422),
    (424, ProviderFailed, 502),
    (429, Throttled, 429),
    (500, ProviderFailed, 502),
    (502, ProviderFailed, 502),
    (503, ProviderOverloaded, 503),
    (504, ProviderTimeout, 504),
    (529, ProviderOverloaded, 503),
    (599, ProviderFailed, 502),
]


@pytest.mark.parametrize(("status", "kind", "ours"), STATUSES)
def test_each_status_has_one_meaning(status: int, kind: type[ProviderError], ours: int) -> None:
    error = failure(status, "said so", type="t", code="c")

    assert (type(error), error.status, error.message) == (kind, ours, "said so")
    assert error.details == {"providerStatus": status, "providerType": "t", "providerCode": "c"}


@pytest.mark.parametrize(
    ("status", "message", "code", "ours"),
    [
        (404, "model: claude-sonet", None, "model_not_found"),
        (404, "no such route", None, "provider_refused_request"),
        (400, "prompt is too long: 3333404 tokens > 200000 maximum", None, "context_length_exceeded"),
        (400, "The input token count (1250074) exceeds the maximum number of tokens", None, "context_length_exceeded"),
        (400, "no", "context_length_exceeded", "context_length_exceeded"),
        (400, "no", None, "provider_refused_request"),
    ],
)
def test_two_refusals_have_a_code_of_ours(status: int, message: str, code: str | None, ours: str) -> None:
    """Trap 85."""
    assert failure(status, message, code=code).code == ours


def test_the_time_to_wait_is_carried() -> None:
    """Trap 31."""
    assert failure(429, "slow down", retry_after=7.0).retry_after == 7


def test_a_very_long_message_is_cut() -> None:
    assert len(failure(500, "x" * 100_000).message) == 4000


@pytest.mark.parametrize(
    "body",
    [
        b'{"error":{"message":"No","type":"t","code":"c"}}',
        b'{"type":"error","error":{"type":"t","message":"No","code":"c"}}',
        b'[{\n "error": {\n  "code": "c",\n  "message": "No",\n  "status": "t"\n }\n}]',
        b'{"error":"No","type":"t","code":"c"}',
        b'{"message":"No","type":"t","code":"c"}',
        b'{"detail":"No","type":"t","code":"c"}',
    ],
)
def test_every_form_of_an_error_body_is_read(body: bytes) -> None:
    """Trap 8."""
    error = explain(400, {}, body)

    assert (error.message, error.details) == ("No", {"providerStatus": 400, "providerType": "t", "providerCode": "c"})


@pytest.mark.parametrize(
    "body", [b"", b"<html>secret</html>", b"secret", b"[]", b"[[]]", b'{"error":7}', b'{"error":null}', b"\xff"]
)
def test_a_body_without_a_message_is_not_echoed(body: bytes) -> None:
    assert explain(500, {}, body).message == "the provider answered with status 500 and no message"


@pytest.mark.parametrize("explain_", [explain_gemini, explain_openai])
def test_google_refuses_a_wrong_key_with_400_in_its_own_dialect_and_in_openais(explain_: Explain) -> None:
    body = b'[{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}]'
    error = explain_(400, {}, body)

    assert isinstance(error, CredentialRejected)
    assert error.details == {
        "providerStatus": 400,
        "providerType": "INVALID_ARGUMENT",
        "providerCode": "API_KEY_INVALID",
    }


@pytest.mark.parametrize(("status", "kind"), [(400, CredentialRejected), (429, Throttled), (500, ProviderFailed)])
def test_a_word_about_the_key_counts_only_where_the_status_says_that_the_request_is_wrong(
    status: int, kind: type[ProviderError]
) -> None:
    """Found by trying every body with every status: a failing server must not mark a key as rejected."""
    assert type(failure(status, "m", code="invalid_api_key")) is kind


def test_google_names_the_time_to_wait_in_the_body() -> None:
    """Trap 32."""
    body = b'{"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"13.5s"}]}}'

    assert explain_gemini(429, {}, body).retry_after == 13.5
