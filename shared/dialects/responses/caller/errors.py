"""A failure in OpenAI's words, and the event that says so in a stream.

The documented event has its fields at the top, the one that OpenAI sends has them in `error`, and their SDKs raise only for the latter: ours
has both. https://platform.openai.com/docs/api-reference/responses-streaming/error (2026-11)
"""

import copy
from collections.abc import Mapping
from typing import Any

from shared.dialects.openai.caller import errors as chat_errors
from shared.dialects.openai.caller.errors import status
from shared.errors import ProviderError, RealMultiLLMError
from shared.wire.json import write

__all__ = ["describe", "error_event", "status"]


def describe(error: RealMultiLLMError, request_id: str) -> Mapping[str, Any]:
    """As in chat completions. What the provider said in an event of a stream is no body of an error, and is told in our words."""
    if isinstance(error, ProviderError) and error.verbatim is not None and "error" not in error.verbatim:
        error = copy.copy(error)
        error.verbatim = None
    return chat_errors.describe(error, request_id)


def error_event(error: RealMultiLLMError, request_id: str, number: int) -> bytes:
    """The one last event of a stream that broke off."""
    said = describe(error, request_id)["error"]
    if not isinstance(said, Mapping):
        said = {"message": said}
    code = said.get("code")
    told = {
        "type": "error",
        "code": None if code is None else str(code),
        "message": str(said.get("message") or error.message),
        "param": said.get("param"),
    }
    inner = {**said, **told, "type": str(said.get("type") or "server_error")}
    return b"event: error\ndata: %b\n\n" % write({**told, "error": inner, "sequence_number": number})
