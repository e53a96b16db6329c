"""Whose fault an error answer is: one table from HTTP status to our tree, for every dialect.

The statuses beyond RFC 9110 (https://www.rfc-editor.org/rfc/rfc9110#name-status-codes) are 402 for missing credit (OpenRouter,
DeepSeek), 424 for a model server behind the provider, and 529 for overload (https://platform.claude.com/docs/en/api/errors).
"""

import re
from collections.abc import Mapping
from typing import Any, Final

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

_BY_STATUS: Final[Mapping[int, type[ProviderError]]] = {
    401: CredentialRejected,
    402: ProviderBilling,
    403: CredentialRejected,
    408: ProviderTimeout,
    424: ProviderFailed,
    429: Throttled,
    503: ProviderOverloaded,
    504: ProviderTimeout,
    529: ProviderOverloaded,
}
_INVALID_KEY: Final = frozenset({"API_KEY_INVALID", "invalid_api_key"})
"""Google says it with status 400."""
_INVALID: Final = 400
_WELL: Final = 200
_TOO_LONG: Final = re.compile(
    r"prompt is too long|context.?(length|window)|input token count.*exceeds|too many (input )?tokens", re.IGNORECASE
)
_LONGEST_MESSAGE: Final = 4000


def failure(
    status: int,
    message: str | None,
    *,
    type: str | None = None,  # noqa: A002 - the providers' word for it
    code: str | int | None = None,
    retry_after: float | None = None,
) -> ProviderError:
    """Explain an answer of that `status` (100 to 599) with the provider's own `message`, `type` and `code`, where it gave them.

    Below 300 it is a BadResponse: an answer was promised, and this was none; NoAnswer where none was promised. `retry_after` is in seconds.
    Details are `providerStatus` and, when given, `providerType` and `providerCode`; 401 and 403 are told apart by the first.
    """
    message = (message or f"the provider answered with status {status} and no message")[:_LONGEST_MESSAGE]
    details = _details(status, type, code)
    kind = _kind(status, type, code)
    if kind is RequestRefused:
        return RequestRefused(message, status=status, code=_refusal(status, message, code), details=details)
    return kind(message, details=details, retry_after=retry_after)


def _kind(status: int, type_: str | None, code: str | int | None) -> type[ProviderError]:
    if status == _INVALID and {type_, code} & _INVALID_KEY:
        return CredentialRejected
    if known := _BY_STATUS.get(status):
        return known
    match status // 100:
        case 4:
            return RequestRefused
        case 3:
            return Redirected
        case 1 | 2:
            return BadResponse if status == _WELL else NoAnswer
        case _:
            return ProviderFailed


def _refusal(status: int, message: str, code: str | int | None) -> str:
    """Our word for the two refusals that callers act upon. Trap 85."""
    if status == 404 and "model" in message.lower():  # noqa: PLR2004 - an HTTP status
        return "model_not_found"
    if code == "context_length_exceeded" or (status in {400, 413, 422} and _TOO_LONG.search(message)):
        return "context_length_exceeded"
    return "provider_refused_request"


def _details(status: int, type_: str | None, code: str | int | None) -> dict[str, Any]:
    given = {"providerType": type_, "providerCode": code}
    return {"providerStatus": status, **{name: value for name, value in given.items() if value is not None}}
