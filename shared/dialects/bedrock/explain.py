"""Failures, as plain answers and as exceptions in a stream: their names tell whose fault it is.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_Errors and
https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html (2026-11)
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from shared.dialects.explain import read_body, read_error
from shared.dialects.failures import failure
from shared.dialects.lenient import find_count, find_text, record
from shared.dialects.retry_after import read_retry_after
from shared.errors import ProviderError, RequestRefused

_STATUS: Final[Mapping[str, int]] = {
    "ValidationException": 400,
    "UnrecognizedClientException": 403,
    "InvalidClientTokenId": 403,
    "InvalidSignatureException": 403,
    "IncompleteSignature": 403,
    "IncompleteSignatureException": 403,
    "MissingAuthenticationToken": 403,
    "MissingAuthenticationTokenException": 403,
    "ExpiredTokenException": 403,
    "AccessDeniedException": 403,
    "ResourceNotFoundException": 404,
    "ModelTimeoutException": 408,
    "ModelErrorException": 424,
    "ModelStreamErrorException": 424,
    "ThrottlingException": 429,
    "ModelNotReadyException": 429,
    "ServiceQuotaExceededException": 429,
    "InternalServerException": 500,
    "InternalFailure": 500,
    "ServiceUnavailableException": 503,
}
"""What each name means, whatever status it came with: common errors about keys come with 400 as well."""
_UNKNOWN_MODEL: Final = re.compile(r"model identifier is invalid", re.IGNORECASE)
_TOO_LONG: Final = re.compile(r"input is too long|input tokens? exceed|maximum input length", re.IGNORECASE)


def explain(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """Whose fault it is. The name of the error stands in a header, `ValidationException:http://…`, or in the body. Traps 31, 32."""
    said = read_body(body)
    name = _name(headers.get("x-amzn-errortype") or find_text(record(said).get("__type")))
    return _explain(status, name, said, read_retry_after(headers, said))


def failure_inside(name: str | None, said: Any) -> ProviderError:
    """An exception in the middle of a stream; there its name begins in lower case."""
    name = name and name[0].upper() + name[1:]
    status = find_count(record(said).get("originalStatusCode")) or 0
    return _explain(status if status in range(400, 600) else 500, name, said, None)


def _explain(status: int, name: str | None, said: Any, retry_after: float | None) -> ProviderError:
    message, type_, code = read_error(said)
    error = failure(_STATUS.get(name or "", status), message, type=name or type_, code=code, retry_after=retry_after)
    error.details["providerStatus"] = status
    if isinstance(error, RequestRefused):
        _name_refusal(error)
    return error


def _name_refusal(error: RequestRefused) -> None:
    """Our words for the two refusals that callers act upon, which Bedrock says with 400 in its own words. Trap 85."""
    if _UNKNOWN_MODEL.search(error.message):
        error.status, error.code = 404, "model_not_found"
    elif _TOO_LONG.search(error.message):
        error.code = "context_length_exceeded"


def _name(said: str | None) -> str | None:
    """`com.amazon.coral.service#ValidationException:http://…` is a ValidationException."""
    return said.partition(":")[0].rpartition("#")[2] or None if said else None
