"""What no provider could answer, whatever the dialects: found before anything is spent. Traps 82, 85."""

from shared.chat.request import ChatRequest, Message, ToolCall, ToolResult
from shared.errors import InvalidRequest


def check_request(request: ChatRequest) -> None:
    """Tool results answer calls of the assistant turn before them, each once; in any order.

    Raises:
        InvalidRequest: an orphan result, or a call without its result.
    """
    open_calls: set[str] = set()
    for index, message in enumerate(request.messages):
        if message.role == "tool":
            _answer(message, open_calls, index)
            continue
        if open_calls:
            raise InvalidRequest(
                f"the tool calls {', '.join(sorted(open_calls))} have no result before this message",
                parameter=f"messages[{index}]",
            )
        open_calls = {part.id for part in message.parts if isinstance(part, ToolCall)}
    if open_calls:
        raise InvalidRequest(
            f"the tool calls {', '.join(sorted(open_calls))} have no result: add a `tool` message for each",
            parameter="messages",
        )


def _answer(message: Message, open_calls: set[str], index: int) -> None:
    for part in message.parts:
        if not isinstance(part, ToolResult):
            continue
        if part.call_id not in open_calls:
            raise InvalidRequest(
                "`tool_call_id` answers no tool call of the assistant message before it",
                parameter=f"messages[{index}].tool_call_id",
            )
        open_calls.discard(part.call_id)
