"""Failures in OpenAI's words: https://platform.openai.com/docs/guides/error-codes (2026-11)."""

from collections.abc import Mapping
from typing import Any, Final

from shared.dialects.told import has_our_words
from shared.dialects.told import status_of as status
from shared.errors import (
    CallerError,
    CredentialRejected,
    Forbidden,
    LimitReached,
    ModelNotFound,
    NothingHeld,
    ProviderBilling,
    ProviderError,
    RealMultiLLMError,
    RequestRefused,
    Throttled,
    Unauthenticated,
)
from shared.wire.json import write

_TYPES: Final[tuple[tuple[type[RealMultiLLMError], str], ...]] = (
    (Forbidden, "permission_error"),
    (LimitReached, "rate_limit_error"),
    (CallerError, "invalid_request_error"),
    (CredentialRejected, "invalid_request_error"),
    (ProviderBilling, "insufficient_quota"),
    (Throttled, "rate_limit_error"),
    (RequestRefused, "invalid_request_error"),
)
"""The first that fits. A wrong key and a model that is not there are requests that OpenAI calls invalid; their code tells more."""
_CODES: Final[tuple[tuple[type[RealMultiLLMError], str], ...]] = (
    (Unauthenticated, "invalid_api_key"),
    (NothingHeld, "response_not_found"),
    (ModelNotFound, "model_not_found"),
    (LimitReached, "rate_limit_exceeded"),
    (ProviderBilling, "insufficient_quota"),
    (Throttled, "rate_limit_exceeded"),
)
"""Those that OpenAI's clients act upon; every other error has our own code. Trap 85."""
_WRITTEN_IN: Final[Mapping[Any, str]] = {"provider": "model"}
"""Callers of this dialect name the provider in `model`."""

__all__ = ["describe", "fail", "status"]


def describe(error: RealMultiLLMError, request_id: str) -> Mapping[str, Any]:
    """The body of an error answer; the provider's own, where it speaks this dialect, but for the code of what is not the request's fault."""
    if isinstance(error, ProviderError) and error.verbatim is not None:
        theirs = error.verbatim.get("error")
        if not has_our_words(error):
            return error.verbatim
        if isinstance(theirs, Mapping):
            return {**error.verbatim, "error": {**theirs, "code": error.code}}
    parameter = error.details.get("parameter")
    details = {name: value for name, value in error.details.items() if name != "parameter"}
    said = {
        "message": error.message,
        "type": _type(error),
        "param": _WRITTEN_IN.get(parameter, parameter),
        "code": next((code for kind, code in _CODES if isinstance(error, kind)), error.code),
        "request_id": request_id,
    }
    return {"error": {**said, "details": details} if details else said}


def fail(error: RealMultiLLMError, request_id: str) -> bytes:
    """The last event of a stream that broke off; clients raise it."""
    return b"data: " + write(describe(error, request_id)) + b"\n\n"


def _type(error: RealMultiLLMError) -> str:
    usual = "invalid_request_error" if error.status < 500 else "server_error"  # noqa: PLR2004 - where a server's faults begin
    return next((word for kind, word in _TYPES if isinstance(error, kind)), usual)
