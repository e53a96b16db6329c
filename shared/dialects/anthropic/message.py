"""What is the same in a plain message and in a stream of one: head, usage, ending, and failures inside a 200.

https://platform.claude.com/docs/en/api/messages (2026-11)
"""

from collections.abc import Mapping
from typing import Any, Final

from shared.chat.events import Annotation, ChatEvent, Finish, Start, Usage
from shared.dialects.explain import read_error
from shared.dialects.failures import failure
from shared.dialects.finish import finish_reason
from shared.dialects.lenient import find_count, find_text, record
from shared.errors import ProviderError

_STATUS: Final[Mapping[str, int]] = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""The status that each type has outside a stream: https://platform.claude.com/docs/en/api/errors (2026-11)."""

_NOTED: Final = ("stop_sequence", "stop_details", "container", "context_management")


def start(message: Mapping[str, Any]) -> Start:
    """Who answers."""
    return Start(find_text(message.get("id")), find_text(message.get("model")))


def usage(raw: Mapping[str, Any]) -> Usage | None:
    """Anthropic counts what was read from and written to the cache apart from the input; here it is included. Traps 20, 65."""
    uncached, output = find_count(raw.get("input_tokens")), find_count(raw.get("output_tokens"))
    if uncached is None and output is None:
        return None
    cached, written = find_count(raw.get("cache_read_input_tokens")), find_count(raw.get("cache_creation_input_tokens"))
    asked = None if uncached is None else uncached + (cached or 0) + (written or 0)
    return Usage(
        input=asked,
        output=output,
        cached=cached,
        cache_write=written,
        reasoning=find_count(record(raw.get("output_tokens_details")).get("thinking_tokens")),
        total=None if asked is None or output is None else asked + output,
        raw=dict(raw),
    )


def finish(reason: str | None) -> Finish:
    """The provider's word is kept; one without a counterpart is `other`. Trap 24."""
    return Finish(finish_reason(reason), reason)


def notes(message: Mapping[str, Any]) -> list[ChatEvent]:
    """What a message says beside its content, kept as it came."""
    return [Annotation(name, message[name]) for name in _NOTED if message.get(name) is not None]


def failure_inside(piece: Mapping[str, Any]) -> ProviderError:
    """An `error` where an answer was promised. Trap 26."""
    message, type_, code = read_error(piece)
    return failure(_STATUS.get(type_ or "", 500), message, type=type_, code=code)
