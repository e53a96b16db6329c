"""Hints of a request: what changes no answer, or is asked for in words alone, where a provider has no switch for it; the receipt says so."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from shared.chat.request import ChatRequest, Media, Text, ToolCall, ToolResult

_FIELDS: Final[Mapping[str, Callable[[ChatRequest], bool]]] = {
    "user": lambda request: request.user is not None,
    "metadata": lambda request: any(label != "user_id" for label in request.metadata or ()),
    "strict": lambda request: any(tool.strict for tool in request.tools),
    "cache": lambda request: any(_points(request)),
    "json": lambda request: request.response_format is not None and request.response_format.kind == "json_object",
    "failure": lambda request: any(
        isinstance(part, ToolResult) and part.is_error for message in request.messages for part in message.parts
    ),
}
_NAMES: Final[Mapping[str, str]] = {
    "user": "options.user",
    "metadata": "options.metadata",
    "strict": "options.tools.strict",
    "cache": "cache_control",
    "json": "options.responseFormat",
    "failure": "is_error",
}


def unheard(request: ChatRequest, deaf_to: frozenset[str]) -> list[str]:
    """The names of the hints in this request for which a dialect has no word."""
    return [_NAMES[hint] for hint in _NAMES if hint in deaf_to and _FIELDS[hint](request)]


def _points(request: ChatRequest) -> Iterator[bool]:
    yield from (tool.cache is not None for tool in request.tools)
    for message in request.messages:
        for part in message.parts:
            if isinstance(part, Text | Media | ToolCall | ToolResult):
                yield part.cache is not None
