"""Our messages → a system prompt and turns of user and assistant, which alternate and begin with the results of tools."""

from shared.chat.request import ChatRequest
from shared.dialects.anthropic.blocks import Block, blocks
from shared.errors import InvalidRequest


def turns(request: ChatRequest) -> tuple[list[Block], list[Block]]:
    """The system blocks, all of them (trap 58), and the messages. Raises InvalidRequest when nothing is said at all."""
    system: list[Block] = []
    messages: list[Block] = []
    for index, message in enumerate(request.messages):
        content = blocks(message.parts, f"messages[{index}]")
        if message.role == "system":
            system.extend(content)
        elif content:
            _add(messages, "assistant" if message.role == "assistant" else "user", content)
    for message_ in messages:
        message_["content"].sort(key=lambda block: block["type"] != "tool_result")
    if not messages:
        return _turned(system)
    return system, messages


def _add(messages: list[Block], role: str, content: list[Block]) -> None:
    """Turns of the same role are one turn, so that parallel results come together. Trap 39."""
    if messages and messages[-1]["role"] == role:
        messages[-1]["content"].extend(content)
    else:
        messages.append({"role": role, "content": content})


def _turned(system: list[Block]) -> tuple[list[Block], list[Block]]:
    """Instructions alone are what the user says: the provider wants at least one turn."""
    if not system:
        raise InvalidRequest("every message is empty: say something", parameter="messages")
    return [], [{"role": "user", "content": system}]
