"""How much a Command may think: https://docs.cohere.com/docs/reasoning (2026-11)."""

from collections.abc import Mapping
from typing import Any, Final

from shared.chat.request import ChatRequest
from shared.dialects.refuse import unsupported

_BUDGETS: Final[Mapping[str, int | None]] = {
    "minimal": 1024,
    "low": 2048,
    "medium": 8192,
    "high": None,
    "xhigh": None,
    "max": None,
}
"""Cohere counts tokens and knows no effort; without a budget the model thinks as long as it likes."""


def thinking(request: ChatRequest) -> dict[str, Any] | None:
    """None when nothing was wished: models that think do so then. Raises UnsupportedParameter for an effort that nobody knows."""
    budget, effort = request.reasoning_budget, request.reasoning_effort
    if budget is None and effort is None:
        return None
    if budget == 0 or (budget is None and effort == "none"):
        return {"type": "disabled"}
    if budget is None:
        if effort not in _BUDGETS:
            raise unsupported("Cohere", "reasoning_effort", f"say one of none, {', '.join(_BUDGETS)}")
        budget = _BUDGETS[str(effort)]
    return {"type": "enabled"} if budget is None else {"type": "enabled", "token_budget": budget}
