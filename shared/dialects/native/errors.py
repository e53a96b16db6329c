"""A failure in our own API's words: `{"error": {"message", "code", "statusCode", "details", "requestId"}}`."""

from typing import Any

from shared.errors import RealMultiLLMError


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


def status(error: RealMultiLLMError) -> int:
    """The error's own."""
    return error.status
