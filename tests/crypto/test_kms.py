"""KMS when it fails. moto decrypts even with a disabled key and knows no IAM, so each fault is injected by a botocore hook (threats.md, fact 2)."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, NoCredentialsError, ReadTimeoutError
from moto.core.botocore_stubber import MockRawResponse

from shared.crypto.kms import KmsWrapper
from shared.errors import CredentialCorrupt, KeyServiceUnavailable, RealMultiLLMError

CONTEXT = {"purpose": "provider-key", "owner": "o1"}

type Fault = Callable[..., Any]


def answering(status: int, code: str) -> Fault:
    body = f'{{"__type": "{code}", "message": "of arn:aws:kms:somewhere"}}'.encode()

    def fault(request: AWSRequest, **_: Any) -> AWSResponse:
        return AWSResponse(str(request.url), status, HTTPHeaders(), MockRawResponse(body))

    return fault


def breaking(error: Exception) -> Fault:
    def fault(**_: Any) -> None:
        raise error

    return fault


def inject(kms: KmsWrapper, fault: Fault) -> None:
    kms._opened().meta.events.register_first("before-send.kms", fault)


async def ask(kms: KmsWrapper, operation: str, wrapped: bytes) -> object:
    match operation:
        case "generate":
            return await kms.generate(CONTEXT)
        case "unwrap":
            return await kms.unwrap(wrapped, CONTEXT)
        case _:
            return await kms.rewrap(wrapped, CONTEXT)


async def outcome_of(kms: KmsWrapper, operation: str, wrapped: bytes) -> RealMultiLLMError:
    with pytest.raises((KeyServiceUnavailable, CredentialCorrupt)) as caught:
        await ask(kms, operation, wrapped)
    return caught.value


@pytest.mark.parametrize("operation", ["generate", "unwrap", "rewrap"])
@pytest.mark.parametrize(
    ("fault", "retry_after"),
    [
        (answering(400, "AccessDeniedException"), None),
        (answering(400, "DisabledException"), None),
        (answering(400, "KMSInvalidStateException"), None),
        (answering(400, "NotFoundException"), None),
        (answering(400, "InvalidKeyUsageException"), None),
        (answering(400, "UnrecognizedClientException"), None),
        (breaking(NoCredentialsError()), 1),
        (breaking(ReadTimeoutError(endpoint_url="https://kms")), 1),
    ],
)
async def test_a_service_that_does_not_let_us_is_unavailable(
    kms: KmsWrapper, operation: str, fault: Fault, retry_after: float | None
) -> None:
    wrapped = (await kms.generate(CONTEXT)).wrapped
    inject(kms, fault)
    error = await outcome_of(kms, operation, wrapped)

    assert isinstance(error, KeyServiceUnavailable)
    assert error.retry_after == retry_after
    assert "arn" not in error.message


@pytest.mark.parametrize(
    "fault",
    [
        answering(400, "ThrottlingException"),
        answering(400, "LimitExceededException"),
        answering(500, "KMSInternalException"),
        answering(500, "KeyUnavailableException"),
        answering(503, "DependencyTimeoutException"),
        answering(500, "SomethingNew"),
        breaking(ConnectTimeoutError(endpoint_url="https://kms")),
        breaking(EndpointConnectionError(endpoint_url="https://kms")),
    ],
)
async def test_a_fault_that_passes_names_a_time(kms: KmsWrapper, fault: Fault) -> None:
    wrapped = (await kms.generate(CONTEXT)).wrapped
    inject(kms, fault)
    error = await outcome_of(kms, "unwrap", wrapped)

    assert isinstance(error, KeyServiceUnavailable)
    assert error.retry_after == 1


@pytest.mark.parametrize("operation", ["unwrap", "rewrap"])
@pytest.mark.parametrize("code", ["InvalidCiphertextException", "IncorrectKeyException"])
async def test_a_wrapped_key_that_is_not_ours_is_corrupt(kms: KmsWrapper, operation: str, code: str) -> None:
    wrapped = (await kms.generate(CONTEXT)).wrapped
    inject(kms, answering(400, code))

    assert isinstance(await outcome_of(kms, operation, wrapped), CredentialCorrupt)


async def test_it_decrypts_again_when_the_fault_is_over(kms: KmsWrapper) -> None:
    data_key = await kms.generate(CONTEXT)
    fault = answering(400, "DisabledException")
    inject(kms, fault)
    await outcome_of(kms, "unwrap", data_key.wrapped)
    kms._opened().meta.events.unregister("before-send.kms", fault)

    assert await kms.unwrap(data_key.wrapped, CONTEXT) == data_key.plain


async def test_every_flipped_bit_of_a_wrapped_key_is_corrupt(kms: KmsWrapper) -> None:
    """Threat K4. The first 36 bytes are moto's own key id: it denies access to keys that it does not know, where KMS, told the key, says IncorrectKey."""
    wrapped = (await kms.generate(CONTEXT)).wrapped
    for bit in range(36 * 8, len(wrapped) * 8, 5):
        damaged = bytearray(wrapped)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CredentialCorrupt):
            await kms.unwrap(bytes(damaged), CONTEXT)


def test_boto_is_not_imported_before_the_first_call() -> None:
    code = "import sys, shared.crypto.kms, shared.crypto.vault; print(sorted({'boto3', 'botocore'} & set(sys.modules)))"

    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
