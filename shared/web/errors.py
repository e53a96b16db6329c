"""Errors to JSON, in the words of whoever asks. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from shared.dialects.caller import CallerDialect, respell
from shared.dialects.native import NDJSON
from shared.errors import BudgetSpent, LimitReached, RealMultiLLMError, RequestTooLarge, RequestTooSlow, Unauthenticated
from shared.wire.json import write

LONGEST_WAIT = 3600
"""Seconds that a Retry-After may ask for on somebody else's word. Our own limits know when they begin anew, and say so."""

INTERNAL_MESSAGE = "Something went wrong on our side. The request id names it in the log."

_PLAIN: Final = " !\"#$&'()*+,-./:;<=>?@[]^_`{|}~"
"""What stands in a header as it is, beside letters and digits: https://www.rfc-editor.org/rfc/rfc9110#section-5.5"""

type HeaderList = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """A whole HTTP answer."""

    status: int
    headers: HeaderList
    body: bytes


def answer_error(error: RealMultiLLMError, request_id: str, family: CallerDialect = NDJSON) -> ErrorAnswer:
    """The answer to an error that we know, as the callers of this family read it."""
    error = error if family is NDJSON else respell(error, family.names)
    headers = [(b"content-type", b"application/json"), *error_headers(error)]
    named = {name for name, _ in headers}
    if family is not NDJSON and family.request_id_header not in named:
        headers.append((family.request_id_header, request_id.encode()))
    return ErrorAnswer(family.status(error), headers, write(family.describe(error, request_id)))


def answer_unknown(request_id: str, family: CallerDialect = NDJSON) -> ErrorAnswer:
    """The answer to anything else: nothing of the exception, whose traceback is in the log under the request id."""
    return answer_error(RealMultiLLMError(INTERNAL_MESSAGE), request_id, family)


def error_headers(error: RealMultiLLMError) -> HeaderList:
    """What the status asks for beside the body, whatever the caller's dialect."""
    headers: HeaderList = []
    if error.retry_after is not None:
        most = math.inf if isinstance(error, BudgetSpent | LimitReached) else LONGEST_WAIT
        headers.append((b"retry-after", str(whole_seconds(error.retry_after, most)).encode()))
    if isinstance(error, Unauthenticated):
        headers.append((b"www-authenticate", b"Bearer"))
    if isinstance(error, RequestTooLarge | RequestTooSlow):
        headers.append((b"connection", b"close"))  # the rest of the body stays unread
    return headers + header_list(error.headers)


def header_list(headers: Mapping[str, str]) -> HeaderList:
    """For ASGI. Whatever could end a header and begin another is percent-encoded: values hold names that callers and providers chose."""
    return [(name.encode(), quote(value, safe=_PLAIN).encode()) for name, value in headers.items()]


def whole_seconds(seconds: float, most: float = LONGEST_WAIT) -> int:
    """Rounded up, so that nobody comes back too early; an hour at most, or that. NaN is an hour."""
    return math.ceil(min(max(seconds, 0), most)) if seconds == seconds else LONGEST_WAIT  # noqa: PLR0124 - NaN
