"""A plain answer → the events that a stream of it would have been."""

from typing import Any

from shared.chat.events import ChatEvent
from shared.dialects.gemini.answer import AnswerReader
from shared.errors import BadResponse
from shared.wire.json import read_lenient


def read(body: bytes) -> list[ChatEvent]:
    """Raises BadResponse when it is no answer, and the fitting ProviderError for an error inside."""
    answer = read_object(body)
    if not answer.keys() & {"candidates", "promptFeedback", "usageMetadata", "error"}:
        raise BadResponse("the provider answered with JSON that is no generated content")
    reader, events = AnswerReader(), list[ChatEvent]()
    reader.take(answer, events)
    return events + reader.end()


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object that the body is, or its first; raises BadResponse when it is none."""
    try:
        said = read_lenient(body)
    except ValueError as error:
        raise BadResponse("the provider answered with something that is not JSON") from error
    said = said[0] if isinstance(said, list) and said else said
    if not isinstance(said, dict):
        raise BadResponse("the provider answered with JSON that is not an object")
    return said
