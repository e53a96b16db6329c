"""Errors to JSON, in our own dialect: `{"error": {"message", "code", "statusCode", "details", "requestId"}}`. Pure."""

import math
from dataclasses import dataclass
from typing import Any

from shared.errors import RealMultiLLMError, RequestTooLarge, RequestTooSlow, Unauthenticated
from shared.wire.json import write

LONGEST_WAIT = 3600
"""Seconds that a Retry-After may ask for."""

INTERNAL_MESSAGE = "Something went wrong on our side. The request id names it in the log."

type HeaderList = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """A whole HTTP answer."""

    status: int
    headers: HeaderList
    body: bytes


def answer_error(error: RealMultiLLMError, request_id: str) -> ErrorAnswer:
    """The answer to an error that we know."""
    body = write(describe(error, request_id))
    return ErrorAnswer(error.status, [(b"content-type", b"application/json"), *error_headers(error)], body)


def describe(error: RealMultiLLMError, request_id: str) -> dict[str, Any]:
    """The error as JSON has it, also for the last line of a stream."""
    return {
        "error": {
            "message": error.message,
            "code": error.code,
            "statusCode": error.status,
            "details": error.details,
            "requestId": request_id,
        }
    }


def answer_unknown(request_id: str) -> ErrorAnswer:
    """The answer to anything else: nothing of the exception, whose traceback is in the log under the request id."""
    return answer_error(RealMultiLLMError(INTERNAL_MESSAGE), request_id)


def error_headers(error: RealMultiLLMError) -> HeaderList:
    """What the status asks for beside the body, whatever the caller's dialect."""
    headers: HeaderList = []
    if error.retry_after is not None:
        headers.append((b"retry-after", str(whole_seconds(error.retry_after)).encode()))
    if isinstance(error, Unauthenticated):
        headers.append((b"www-authenticate", b"Bearer"))
    if isinstance(error, RequestTooLarge | RequestTooSlow):
        headers.append((b"connection", b"close"))  # the rest of the body stays unread
    return headers


def whole_seconds(seconds: float) -> int:
    """Rounded up, so that nobody comes back too early; an hour at most. NaN is an hour."""
    return math.ceil(min(max(seconds, 0), LONGEST_WAIT)) if seconds == seconds else LONGEST_WAIT  # noqa: PLR0124 - NaN
