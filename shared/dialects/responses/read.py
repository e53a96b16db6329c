"""A plain response: https://platform.openai.com/docs/api-reference/responses/object (2026-11)."""

from shared.chat.events import ChatEvent
from shared.dialects.explain import read_body
from shared.dialects.lenient import record
from shared.dialects.responses.answer import conclude, start
from shared.dialects.responses.failures import no_response
from shared.dialects.responses.output import OutputReader


def read(body: bytes) -> list[ChatEvent]:
    """A whole 200 body → its events. Raises the error inside it, or BadResponse when it is no response."""
    response = record(read_body(body))
    if not isinstance(response.get("output"), list):
        raise no_response(body)
    events: list[ChatEvent] = [start(response)]
    output = OutputReader()
    output.close_rest(response["output"], events)
    conclude(response, events, calls=output.calls)
    return events
