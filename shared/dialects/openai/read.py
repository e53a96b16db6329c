"""A plain answer: https://platform.openai.com/docs/api-reference/chat/object (2026-11)."""

from shared.chat.events import ChatEvent
from shared.dialects.openai.answer import AnswerReader
from shared.dialects.openai.explain import no_answer
from shared.wire.json import read_lenient


def read(body: bytes) -> list[ChatEvent]:
    """A whole 200 body → its events. Raises the error inside it, or BadResponse when it is no answer."""
    try:
        answer = read_lenient(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or not isinstance(answer.get("choices"), list) or not answer["choices"]:
        raise no_answer(body)
    events: list[ChatEvent] = []
    reader = AnswerReader()
    reader.read(answer, events, whole=True)
    reader.end(events)
    return events
