"""A failure in OpenAI's words, and the event that says so in a stream.

The documented event has its fields at the top, the one that OpenAI sends has them in `error`, and their SDKs raise only for the latter: ours
has both. https://platform.openai.com/docs/api-reference/responses-streaming/error (2026-11)
"""

from collections.abc import Mapping
from typing import Any

from shared.dialects.openai.caller.errors import describe, status
from shared.errors import RealMultiLLMError
from shared.wire.json import write

__all__ = ["describe", "error_event", "status"]


def error_event(error: RealMultiLLMError, request_id: str, number: int) -> bytes:
    """The one last event of a stream that broke off."""
    said: Mapping[str, Any] = describe(error, request_id)["error"]
    code = said.get("code")
    told = {
        "type": "error",
        "code": None if code is None else str(code),
        "message": str(said.get("message") or error.message),
        "param": said.get("param"),
        "error": {**said, "type": str(said.get("type") or "server_error"), "code": None if code is None else str(code)},
        "sequence_number": number,
    }
    return b"event: error\ndata: %b\n\n" % write(told)
