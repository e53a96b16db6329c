"""A plain answer, and the list of models: https://platform.openai.com/docs/api-reference/chat/object (2026-11)."""

from shared.chat.events import ChatEvent
from shared.dialects.openai.answer import AnswerReader
from shared.dialects.openai.explain import no_answer
from shared.errors import BadResponse
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


def models(body: bytes) -> list[str]:
    """`{"data": [{"id"}]}`, or the bare list that some give (Together, GitHub). Raises BadResponse."""
    try:
        listed = read_lenient(body)
    except ValueError:
        listed = None
    if isinstance(listed, dict):
        listed = listed.get("data") if isinstance(listed.get("data"), list) else listed.get("models")
    if not isinstance(listed, list):
        raise BadResponse("the provider answered with something that is no list of models; check its base URL")
    names = [model.get("id") or model.get("name") for model in listed if isinstance(model, dict)]
    return [name for name in names if isinstance(name, str)]
