"""Error bodies, as all families write them: an object, or an array around one, with an `error` that is an object or a sentence."""

from collections.abc import Mapping
from typing import Any

from shared.dialects.failures import failure
from shared.dialects.lenient import find_text, record, records
from shared.dialects.retry_after import read_retry_after
from shared.errors import ProviderError
from shared.wire.json import read_lenient


def explain(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """Whose fault an answer with that status is; `headers` are lower-case. A body that is not JSON is not echoed. Traps 8, 31, 32."""
    said = read_body(body)
    message, type_, code = read_error(said)
    return failure(status, message, type=type_, code=code, retry_after=read_retry_after(headers, said))


def read_body(body: bytes) -> Any:
    """The JSON of an error body, out of the array that Google puts around it; None when it is none."""
    try:
        said = read_lenient(body)
    except ValueError:
        return None
    return said[0] if isinstance(said, list) and said else said


def read_error(said: Any) -> tuple[str | None, str | None, str | int | None]:
    """The message, type and code that a parsed error body gives. Google calls the type `status`."""
    if isinstance(said, str):
        return said, None, None
    outer = record(said)
    error = outer.get("error", outer)
    if isinstance(error, str):
        return error, find_text(outer.get("type")), _code(outer)
    inner = record(error)
    message = next((found for holder in (inner, outer) if (found := _message(holder))), None)
    return message, find_text(inner.get("type")) or find_text(inner.get("status")), _code(inner)


def find_reason(error: Mapping[str, Any]) -> str | None:
    """Of the `ErrorInfo` among Google's details, also where it speaks OpenAI's dialect: the most exact word there is."""
    return next((found for detail in records(error.get("details")) if (found := find_text(detail.get("reason")))), None)


def _message(holder: dict[str, Any]) -> str | None:
    return next((found for name in ("message", "detail", "Message") if (found := find_text(holder.get(name)))), None)


def _code(holder: dict[str, Any]) -> str | int | None:
    code = holder.get("code")
    return code if isinstance(code, str | int) and not isinstance(code, bool) and code != "" else None
