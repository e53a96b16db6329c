"""Bedrock's failures: https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html."""

import json

import pytest

from shared.dialects.bedrock import DIALECT
from shared.errors import (
    CredentialRejected,
    ProviderError,
    ProviderFailed,
    ProviderOverloaded,
    ProviderTimeout,
    RequestRefused,
    Throttled,
)


def explain(status: int, name: str | None, message: str = "no", **headers: str) -> ProviderError:
    shown = {"x-amzn-errortype": f"{name}:http://internal.amazon.com/coral/com.amazon.bedrock/"} if name else {}
    return DIALECT.explain(status, {**shown, **headers}, json.dumps({"message": message}).encode())


@pytest.mark.parametrize(
    ("status", "name", "kind"),
    [
        (400, "ValidationException", RequestRefused),
        (400, "ServiceQuotaExceededException", Throttled),
        (400, "IncompleteSignatureException", CredentialRejected),
        (400, "ThrottlingException", Throttled),
        (403, "AccessDeniedException", CredentialRejected),
        (403, "ExpiredTokenException", CredentialRejected),
        (403, "UnrecognizedClientException", CredentialRejected),
        (404, "ResourceNotFoundException", RequestRefused),
        (408, "ModelTimeoutException", ProviderTimeout),
        (424, "ModelErrorException", ProviderFailed),
        (429, "ThrottlingException", Throttled),
        (429, "ModelNotReadyException", Throttled),
        (500, "InternalServerException", ProviderFailed),
        (503, "ServiceUnavailableException", ProviderOverloaded),
        (403, None, CredentialRejected),
        (429, None, Throttled),
        (502, None, ProviderFailed),
    ],
)
def test_every_name_tells_whose_fault_it_is(status: int, name: str | None, kind: type[ProviderError]) -> None:
    error = explain(status, name)

    assert type(error) is kind
    assert error.message == "no"
    assert error.details["providerStatus"] == status
    assert error.details.get("providerType") == name


@pytest.mark.parametrize(
    "body",
    [
        {"__type": "com.amazon.coral.service#ThrottlingException", "Message": "slow"},
        {"__type": "ThrottlingException", "message": "slow"},
    ],
)
def test_the_name_may_stand_in_the_body(body: dict[str, str]) -> None:
    error = DIALECT.explain(400, {}, json.dumps(body).encode())

    assert (type(error), error.message) == (Throttled, "slow")


def test_a_time_to_wait_is_carried() -> None:
    """Traps 31, 32."""
    assert explain(429, "ThrottlingException", **{"retry-after": "7"}).retry_after == 7


@pytest.mark.parametrize(
    ("message", "status", "code"),
    [
        ("The provided model identifier is invalid.", 404, "model_not_found"),
        ("Input is too long for requested model.", 400, "context_length_exceeded"),
        ("The model returned the following errors: prompt is too long: 9 tokens > 8", 400, "context_length_exceeded"),
        ("Input Tokens Exceeded: Number of input tokens exceeds maximum length", 400, "context_length_exceeded"),
        ("temperature: must be less", 400, "provider_refused_request"),
    ],
)
def test_an_unknown_model_and_a_full_context_are_told_apart(message: str, status: int, code: str) -> None:
    """Trap 85."""
    error = explain(400, "ValidationException", message)

    assert (error.status, error.code, error.details["providerStatus"]) == (status, code, 400)


def test_what_is_no_json_is_not_echoed() -> None:
    assert "secret" not in DIALECT.explain(500, {}, b"<html>secret</html>").message
