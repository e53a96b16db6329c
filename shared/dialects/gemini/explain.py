"""Error answers, in plain bodies, arrays and streams: https://cloud.google.com/apis/design/errors#error_model (2026-11)."""

from collections.abc import Mapping
from typing import Any

from shared.dialects.explain import find_reason, read_body, read_error
from shared.dialects.failures import failure
from shared.dialects.lenient import record
from shared.dialects.retry_after import read_retry_after
from shared.errors import ProviderError


def explain(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """Whose fault it is. A wrong key is refused with 400 and the reason `API_KEY_INVALID`."""
    return _explain(status, headers, read_body(body))


def failure_inside(piece: Mapping[str, Any]) -> ProviderError:
    """An `error` where an answer was promised; its `code` is the HTTP status that it would have had."""
    _, _, code = read_error(piece)
    return _explain(code if isinstance(code, int) and code in range(400, 600) else 500, {}, piece)


def _explain(status: int, headers: Mapping[str, str], said: Any) -> ProviderError:
    message, type_, code = read_error(said)
    code = find_reason(record(record(said).get("error"))) or code
    return failure(status, message, type=type_, code=code, retry_after=read_retry_after(headers, said))
