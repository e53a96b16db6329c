"""Failures inside a 200: a response that failed, or an `error` event. Traps 26, 28.

https://platform.openai.com/docs/api-reference/responses/object#responses/object-error (2026-11)
"""

import re
from typing import Any, Final

from shared.dialects.explain import read_body
from shared.dialects.failures import failure
from shared.dialects.lenient import find_text, record
from shared.dialects.openai.explain import failure_inside
from shared.errors import BadResponse, ProviderError

_OF_THE_REQUEST: Final = re.compile(r"invalid_(?!api_key)|image_|unsupported_|empty_image|failed_to_download")
"""Codes that tell of what the caller sent: asking again would not help."""


def failed(error: Any) -> ProviderError:
    """`{"code", "message"}`, alone or in the `error` of an event."""
    said = record(error)
    inner = record(said.get("error")) or {name: value for name, value in said.items() if name != "type"}
    code = find_text(inner.get("code"))
    if code and _OF_THE_REQUEST.match(code):
        return failure(400, find_text(inner.get("message")), type=find_text(inner.get("type")), code=code)
    return failure_inside(inner)


def no_response(body: bytes) -> ProviderError:
    """A 200 whose body is no response: the error inside, else BadResponse. Trap 13."""
    said = record(read_body(body))
    if said.get("error") or ("output" not in said and find_text(said.get("message"))):
        return failed(said)
    return BadResponse("the provider answered with something that is no response; check its base URL")
