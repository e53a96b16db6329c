"""A plain answer: https://docs.cohere.com/reference/chat#response.body (2026-11)."""

from typing import Any

from shared.chat.events import ChatEvent, Start
from shared.dialects.cohere.answer import AnswerReader
from shared.dialects.cohere.explain import failure_inside
from shared.dialects.explain import read_error
from shared.dialects.lenient import find_text, records
from shared.errors import BadResponse
from shared.wire.json import read_lenient


def read(body: bytes) -> list[ChatEvent]:
    """A whole 200 body → its events. Raises the failure inside it, or BadResponse when it is no answer."""
    answer = read_object(body)
    message = answer.get("message")
    if not isinstance(message, dict):
        if read_error(answer)[0]:
            raise failure_inside(answer)
        raise BadResponse("the provider answered with JSON that is no chat; check its base URL")
    events: list[ChatEvent] = [Start(find_text(answer.get("id")))]
    reader = AnswerReader()
    content = message.get("content")
    for part in content if isinstance(content, list) else [content]:
        reader.content(part, events)
    reader.likelihood(answer.get("logprobs"), events)
    reader.plan(message.get("tool_plan"))
    for call in records(message.get("tool_calls")):
        reader.call(call, events)
    for citation in records(message.get("citations")):
        reader.cite(citation)
    reader.end(answer, events)
    return events


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object that the body is. Raises BadResponse when it is none."""
    try:
        said = read_lenient(body)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise BadResponse("the provider answered with something that is no JSON object; check its base URL")
    return said
