"""Failures: `{"id", "message", "error_type"}`, https://docs.cohere.com/reference/errors (2026-11)."""

from collections.abc import Mapping
from typing import Any

from shared.dialects.explain import read_body, read_error
from shared.dialects.failures import failure
from shared.dialects.lenient import find_text, record
from shared.dialects.retry_after import read_retry_after
from shared.errors import ProviderError, ProviderFailed, ProviderTimeout


def explain(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """Whose fault it is. A body that is not JSON is not echoed."""
    said = read_body(body)
    message, type_, code = read_error(said)
    type_ = find_text(record(said).get("error_type")) or type_
    return failure(status, message, type=type_, code=code, retry_after=read_retry_after(headers, said))


def failure_inside(said: Mapping[str, Any], word: str | None = None) -> ProviderError:
    """The reason to finish was `ERROR` or `TIMEOUT`, or a 200 holds a failure: a success is never made of it. Traps 26 to 28."""
    message = read_error(said)[0] or "the provider failed inside its answer and gave no message"
    details = {"providerType": word} if word else {}
    return (ProviderTimeout if word == "TIMEOUT" else ProviderFailed)(message, details=details)
