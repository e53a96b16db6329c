"""Hints of a request: what changes no answer, so that a provider without a word for it does without, and the receipt says so."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from shared.chat.request import ChatRequest, Media, Text, ToolCall, ToolResult

_FIELDS: Final[Mapping[str, Callable[[ChatRequest], bool]]] = {
    "user": lambda request: request.user is not None,
    "metadata": lambda request: any(label != "user_id" for label in request.metadata or ()),
    "strict": lambda request: any(tool.strict for tool in request.tools),
    "cache": lambda request: any(_points(request)),
}
_NAMES: Final[Mapping[str, str]] = {
    "user": "options.user",
    "metadata": "options.metadata",
    "strict": "options.tools.strict",
    "cache": "cache_control",
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
