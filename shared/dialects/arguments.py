"""The arguments of a tool call of an earlier turn, for providers that take them as an object instead of as text."""

from typing import Any

from shared.chat.request import ToolCall
from shared.errors import InvalidRequest
from shared.wire.json import read_lenient


def arguments(call: ToolCall, at: str) -> dict[str, Any]:
    """The object; no text at all is `{}`: trap 38. `at` names the message. Raises InvalidRequest when it is no JSON object."""
    if not call.arguments.strip():
        return {}
    try:
        value = read_lenient(call.arguments)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise InvalidRequest(
            f"the arguments of the call of `{call.name}` are not a JSON object", parameter=f"{at}.tool_calls"
        )
    return value
