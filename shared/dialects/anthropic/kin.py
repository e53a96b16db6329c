"""A caller's own body towards a provider who speaks as they do: it goes out as it came, but for what the provider would refuse."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.chat.request import ChatRequest
from shared.dialects.lenient import record, records
from shared.dialects.signed import is_marked, split_id

type Json = dict[str, Any]


def kin(body: Json, request: ChatRequest) -> Json:
    """What is left out: texts that say nothing (trap 53), and proofs that others made, which no Claude takes (trap 52).

    The owner's system prompt is put where the caller has none.
    """
    if request.original is not None and request.original.system is not None:
        body["system"] = request.original.system
    body["messages"] = [spoken for message in body["messages"] if (spoken := _spoken(message)) is not None]
    if record(body.get("thinking")).get("type") == "enabled" and _goes_on_without_thinking(body["messages"]):
        _stop_thinking(body)
    return body


def _spoken(message: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """An earlier answer of which nothing remains is none."""
    content = message.get("content")
    if not isinstance(content, list):
        return message
    wanted = [_named(block) for block in content if not _is_unwanted(block)]
    if not wanted and content and message.get("role") == "assistant":
        return None
    return {**message, "content": wanted}


def _named(block: Any) -> Any:
    """Calls have their own ids again, without what others signed. Trap 41."""
    match block:
        case {"type": "tool_use", "id": str(seen)}:
            return {**block, "id": split_id(seen)[0]}
        case {"type": "tool_result", "tool_use_id": str(seen)}:
            return {**block, "tool_use_id": split_id(seen)[0]}
        case _:
            return block


def _is_unwanted(block: Any) -> bool:
    match block:
        case {"type": "text", "text": str(words)}:
            return not words.strip()
        case {"type": "thinking", "signature": proof} | {"type": "redacted_thinking", "data": proof}:
            return is_marked(proof)
        case _:
            return False


def _goes_on_without_thinking(messages: Sequence[Mapping[str, Any]]) -> bool:
    """The turn that is still going on, from its first call to the latest result, came without thinking. Trap 84.

    https://platform.claude.com/docs/en/build-with-claude/extended-thinking#extended-thinking-with-tool-use (2026-11)
    """
    if not messages or not _has(messages[-1], "tool_result"):
        return False
    answers = [message for message in messages if message.get("role") == "assistant"]
    calling = answers[-1] if answers else messages[-1]
    return _has(calling, "tool_use") and not _has(calling, "thinking", "redacted_thinking")


def _has(message: Mapping[str, Any], *kinds: str) -> bool:
    return any(block.get("type") in kinds for block in records(message.get("content")))


def _stop_thinking(body: Json) -> None:
    """For this one turn; and what edits thinking away, which is refused where there is none."""
    body["thinking"] = {"type": "disabled"}
    editing = record(body.get("context_management"))
    edits = records(editing.get("edits"))
    kept = [edit for edit in edits if not str(edit.get("type")).startswith("clear_thinking")]
    if len(kept) < len(edits):
        body["context_management"] = {**editing, "edits": kept}
