"""One call at a time, for families that cannot be kept from several: the first of a turn is the turn's. Trap 87.

The caller answers that one, and with its result in the history the model asks for the next by itself.
"""

from collections.abc import Sequence

from shared.chat.events import ChatEvent, ToolCallDelta, ToolCallStart
from shared.chat.request import ChatRequest
from shared.dialects.dialect import Dialect


def must_hold_back(request: ChatRequest, dialect: Dialect) -> bool:
    """The caller wants one call at a time, and the provider cannot be told."""
    return request.parallel_tool_calls is False and dialect.calls_in_parallel


def first_calls(batch: Sequence[ChatEvent]) -> list[ChatEvent]:
    """The batch without any choice's second call and later ones."""
    return [event for event in batch if not (isinstance(event, ToolCallStart | ToolCallDelta) and event.index)]
