"""Failures in Anthropic's words: https://platform.claude.com/docs/en/api/errors (2026-11)."""

from collections.abc import Mapping
from typing import Any, Final

from shared.dialects.told import has_our_words
from shared.dialects.told import status_of as status
from shared.errors import CallerError, ProviderFailed, RealMultiLLMError, RequestRefused

_TYPES: Final[Mapping[int, str]] = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_SERVERS: Final = 500
_OF_A_LIMIT: Final = ("limit", "remaining", "resetTime", "policy", "scope")
_TOO_LONG: Final = "prompt is too long"
"""What agents look for before they shorten a conversation themselves."""

__all__ = ["describe", "status"]


def describe(error: RealMultiLLMError, request_id: str) -> Mapping[str, Any]:
    """The body of an error, in a stream too. What kin said is said again, with our id of the request where it names none."""
    theirs = getattr(error, "verbatim", None)
    if isinstance(theirs, Mapping) and isinstance(inner := theirs.get("error"), Mapping):
        if has_our_words(error):
            theirs = {**theirs, "error": _with_our_code(inner, error)}
        return {"type": "error", **theirs, "request_id": theirs.get("request_id") or request_id}
    told: dict[str, Any] = {"type": _type(status(error)), "message": _message(error)}
    if details := _details(error):
        told["details"] = details
    return {"type": "error", "error": told, "request_id": request_id}


def _with_our_code(theirs: Mapping[str, Any], error: RealMultiLLMError) -> dict[str, Any]:
    """The type of a refused key is ours too, for `authentication_error` has clients ask for another key of ours."""
    kept = isinstance(error, ProviderFailed) and theirs.get("type")
    details = theirs.get("details")
    known = details if isinstance(details, Mapping) else {}
    return {**theirs, "type": kept or _type(status(error)), "details": {**known, **_details(error)}}


def _type(code: int) -> str:
    return _TYPES.get(code) or ("api_error" if code >= _SERVERS else "invalid_request_error")


def _message(error: RealMultiLLMError) -> str:
    if error.code == "context_length_exceeded" and _TOO_LONG not in error.message:
        return f"{_TOO_LONG}: {error.message}"
    return error.message


def _details(error: RealMultiLLMError) -> dict[str, Any]:
    """The exact cause, where SDKs look for it (`error_code`), the field, and of a limit what there is to know. Traps 85, 88."""
    if has_our_words(error):
        return {"error_code": error.code}
    if not isinstance(error, CallerError | RequestRefused):
        return {}
    parameter = error.details.get("parameter")
    code = error.details.get("error_code") or error.code
    about: dict[str, Any] = {name: error.details[name] for name in _OF_A_LIMIT if name in error.details}
    return {"error_code": code, **({"parameter": parameter} if parameter else {}), **about}
