"""Our messages → system blocks and turns of user and assistant, which alternate and begin with the results of tools."""

from shared.chat.request import ChatRequest, Message, Text
from shared.dialects.bedrock.blocks import BlockWriter
from shared.dialects.bedrock.media import Block
from shared.errors import InvalidRequest, UnsupportedParameter

type Groups = list[list[Block]]
"""Blocks that stay together: one, and the cache point behind it."""


def turns(request: ChatRequest) -> tuple[list[Block], list[Block]]:
    """The system blocks, all of them (trap 58), and the messages. Raises InvalidRequest when nothing is said at all."""
    writer = BlockWriter(request.model)
    system: Groups = []
    said: list[tuple[str, Groups]] = []
    for index, message in enumerate(request.messages):
        at = f"messages[{index}]"
        groups = writer.write(message.parts, at)
        if message.role == "system":
            _check_text_alone(message, at)
            system.extend(groups)
        elif groups:
            _add(said, "assistant" if message.role == "assistant" else "user", groups)
    if said:
        return _flat(system), [{"role": role, "content": _results_first(groups)} for role, groups in said]
    if not system:
        raise InvalidRequest("every message is empty: say something", parameter="messages")
    return [], [{"role": "user", "content": _flat(system)}]


def _add(said: list[tuple[str, Groups]], role: str, groups: Groups) -> None:
    """Turns of the same role are one turn, so that parallel results come together. Trap 39."""
    if said and said[-1][0] == role:
        said[-1][1].extend(groups)
    else:
        said.append((role, groups))


def _results_first(groups: Groups) -> list[Block]:
    return _flat(sorted(groups, key=lambda group: "toolResult" not in group[0]))


def _flat(groups: Groups) -> list[Block]:
    return [block for group in groups for block in group]


def _check_text_alone(message: Message, at: str) -> None:
    if not all(isinstance(part, Text) for part in message.parts):
        raise UnsupportedParameter("Bedrock's instructions are text alone: let the user show the rest", parameter=at)
