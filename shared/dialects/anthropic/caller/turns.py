"""The turns of a body → our messages: a user's results are a turn of their own, before what else the user says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from shared.chat.check import MOST_MEDIA
from shared.chat.request import Media, Message, Part, Role, Text, ToolCall, ToolResult
from shared.dialects.anthropic.caller.content import ContentReader
from shared.dialects.anthropic.caller.fields import Notes, an_object, get_text, wrong

_ROLES: Final[Mapping[str, Role]] = {"user": "user", "assistant": "assistant", "system": "system"}
_KNOWN: Final = frozenset({"role", "content"})
_KNOWN_OF_SYSTEM: Final = _KNOWN | {"clear_at"}
_ORPHAN: Final = (
    "unexpected `tool_use_id` found in `tool_result` blocks: {}. Each `tool_result` block must have a corresponding "
    "`tool_use` block in the previous message."
)
_UNANSWERED: Final = (
    "`tool_use` ids were found without `tool_result` blocks immediately after: {}. Each `tool_use` block must have a "
    "corresponding `tool_result` block in the next message."
)


@dataclass(frozen=True, slots=True)
class _Turn:
    """One message as it was read; `at` is its path."""

    role: Role
    parts: tuple[Part, ...]
    at: str


def read_turns(said: Any, notes: Notes) -> tuple[Message, ...]:
    """The messages. Raises InvalidRequest for what Anthropic would refuse too."""
    if not isinstance(said, list):
        raise wrong("messages", "Field required" if said is None else "Input should be a valid list")
    if not said:
        raise wrong("messages", "at least one message is required")
    read = [_turn(message, f"messages[{place}]", notes) for place, message in enumerate(said)]
    latest = max((place for place, turn in enumerate(read) if turn.role == "user"), default=0)
    turns = _joined([turn for place, turn in enumerate(read) if place > latest or not _passes(said[place])])
    if all(own.harmless for own in notes.kin_only):
        _check_pairs(turns, notes)
    if turns[-1].role == "assistant" and turns[-1].parts:
        return _without_prefill(turns, notes)
    return _messages(turns)


def read_system(said: Any, notes: Notes) -> tuple[Message, ...]:
    """The system prompt, block by block."""
    if said is None:
        return ()
    parts = ContentReader(notes, "system").read(said, "system")
    return (Message("system", parts),) if parts else ()


def _passes(message: Mapping[str, Any]) -> bool:
    """An instruction for one turn is shown to no model any more, once the user has said more."""
    return message["role"] == "system" and message.get("clear_at") == "next_user_message"


def _turn(message: Any, at: str, notes: Notes) -> _Turn:
    role, content = get_text(an_object(message, at), "role", at), message.get("content")
    if role not in _ROLES:
        raise wrong(f"{at}.role", f'Unexpected role "{role[:40]}": say "user", "assistant" or "system"')
    notes.others(message, _KNOWN_OF_SYSTEM if role == "system" else _KNOWN, at)
    if role == "system" and content is None and message.get("output_config"):
        content = ""
    if content is None:
        raise wrong(f"{at}.content", "Field required")
    if role == "user" and content in ("", []):
        raise wrong(f"{at}.content", "user messages must have non-empty content")
    return _Turn(_ROLES[role], ContentReader(notes, role).read(content, f"{at}.content"), at)


def _joined(turns: Sequence[_Turn]) -> list[_Turn]:
    """Turns of the same role that follow each other are one, as Anthropic has it."""
    joined: list[_Turn] = []
    for turn in turns:
        if joined and joined[-1].role == turn.role:
            joined[-1] = replace(joined[-1], parts=joined[-1].parts + turn.parts)
        else:
            joined.append(turn)
    return joined


def _messages(turns: Sequence[_Turn]) -> tuple[Message, ...]:
    messages: list[Message] = []
    for turn in turns:
        results = tuple([part for part in turn.parts if isinstance(part, ToolResult)])
        others = tuple([part for part in turn.parts if not isinstance(part, ToolResult)])
        if results:
            messages.append(Message("tool", results))
        if others or not results:
            messages.append(Message(turn.role, others))
    return tuple(messages)


def _without_prefill(turns: list[_Turn], notes: Notes) -> tuple[Message, ...]:
    """Trap 57. Words put into the model's mouth: kin passes them on; others would answer anew after them, so they have no such thing."""
    if any(isinstance(part, Text) and part.text.strip() for part in turns[-1].parts):
        notes.keep(turns[-1].at)
    return _messages(turns[:-1])


def _check_pairs(turns: Sequence[_Turn], notes: Notes) -> None:
    """Every result answers a call of the turn before it, every call has its result. Traps 82, 85.

    https://platform.claude.com/docs/en/agents-and-tools/tool-use/handle-tool-calls (2026-11)
    """
    waiting: dict[str, str] = {}
    media = 0
    for turn in turns:
        media += sum(isinstance(part, Media) for part in turn.parts)
        for place, part in enumerate(turn.parts):
            if isinstance(part, ToolResult):
                media += sum(isinstance(piece, Media) for piece in part.content)
                _answer(part, waiting, f"{turn.at}.content[{place}].tool_use_id", notes)
        if turn.role != "system":
            _refuse_waiting(waiting)
            waiting = {part.id: turn.at for part in turn.parts if isinstance(part, ToolCall)}
    _refuse_waiting(waiting)
    if media > MOST_MEDIA:
        raise wrong("messages", f"{media} images and documents are too many: send at most {MOST_MEDIA}")


def _answer(result: ToolResult, waiting: dict[str, str], at: str, notes: Notes) -> None:
    """A result under a wrong id, in place of the one that is missing, is the provider's to judge: Claudes once took it. Nobody else does."""
    if waiting.pop(result.call_id, None) is not None:
        return
    if not waiting:
        raise wrong(at, _ORPHAN.format(result.call_id[:80]))
    waiting.popitem()
    notes.keep(at)


def _refuse_waiting(waiting: dict[str, str]) -> None:
    for call_id, at in waiting.items():
        raise wrong(at, _UNANSWERED.format(call_id[:80]))
