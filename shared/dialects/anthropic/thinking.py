"""How much Claude may think, and what that does to the room for the answer.

Models up to 4.5 are given a budget, a part of `max_tokens`; later ones decide themselves, guided by an effort. A budget that the
caller names goes out as it is. https://platform.claude.com/docs/en/build-with-claude/extended-thinking and
https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking (2026-11)
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.chat.request import ChatRequest, Reasoning, ToolCall
from shared.dialects.refuse import unsupported

_DEFAULT_ROOM: Final = 8192
"""Tokens to answer with when neither the caller nor the catalogue names a number. Trap 55."""
_SMALLEST_BUDGET: Final = 1024
_BUDGETS: Final[Mapping[str, int]] = {
    "minimal": 1024,
    "low": 2048,
    "medium": 8192,
    "high": 16384,
    "xhigh": 32768,
    "max": 32768,
}
_EFFORTS: Final[Mapping[str, str]] = {**{word: word for word in _BUDGETS}, "minimal": "low"}
_BY_BUDGET: Final = re.compile(r"claude-(instant|[1-3]\b|\w+-4($|[@:]|-20\d{6}|[-.][0-5]\b))")


@dataclass(frozen=True, slots=True)
class Room:
    """`max_tokens`, and what to say about thinking: `thinking` and `effort` as Anthropic spells them, None where nothing is said."""

    max_tokens: int
    thinking: dict[str, Any] | None = None
    effort: str | None = None

    @property
    def thinks(self) -> bool:
        """Thinking was asked for."""
        return self.thinking is not None and self.thinking["type"] != "disabled"


def make_room(request: ChatRequest, largest: int | None) -> Room:
    """Raises UnsupportedParameter for an effort that nobody knows. `largest` is the model's largest output, if known."""
    plain = Room(request.max_tokens or largest or _DEFAULT_ROOM)
    budget, effort = request.reasoning_budget, request.reasoning_effort
    if budget is None and effort is None:
        return plain
    decides = decides_itself(request.model)
    if budget == 0 or (budget is None and effort == "none"):
        return Room(plain.max_tokens, {"type": "disabled"}) if decides else plain
    if budget is None and effort not in _BUDGETS:
        raise unsupported("Anthropic", "reasoning_effort", f"say one of none, {', '.join(_BUDGETS)}")
    if budget is None and decides:
        return Room(plain.max_tokens, {"type": "adaptive", "display": "summarized"}, _EFFORTS[str(effort)])
    if _lacks_thinking(request):
        return plain
    if budget is None:
        budget = _shrink(_BUDGETS[str(effort)], request.max_tokens)
    return _fit(budget, request.max_tokens, largest)


def decides_itself(model: str) -> bool:
    """A Claude that was made after the budgets. Names that are not Claude's belong to others who speak this dialect."""
    return "claude-" in model and not _BY_BUDGET.search(model)


def _lacks_thinking(request: ChatRequest) -> bool:
    """The last turn with calls came without its thinking, so the provider would refuse to think on. Trap 84."""
    for message in reversed(request.messages):
        if any(isinstance(part, ToolCall) for part in message.parts):
            return not any(isinstance(part, Reasoning) and (part.signature or part.redacted) for part in message.parts)
    return False


def _shrink(budget: int, wanted: int | None) -> int:
    """An effort is a wish, but `max_tokens` is a limit: thinking takes half of it at most."""
    return budget if wanted is None or wanted > budget else max(_SMALLEST_BUDGET, wanted // 2)


def _fit(budget: int, wanted: int | None, largest: int | None) -> Room:
    """The budget is part of `max_tokens` and must be smaller: room is added until the answer has what the caller wanted. Trap 54."""
    if wanted is not None and wanted > budget:
        return Room(wanted, _enabled(budget))
    room = largest if wanted is None and largest else budget + (wanted or _DEFAULT_ROOM)
    room = min(room, largest or room)
    return Room(room, _enabled(min(budget, room - 1)))


def _enabled(budget: int) -> dict[str, Any]:
    return {"type": "enabled", "budget_tokens": budget}
