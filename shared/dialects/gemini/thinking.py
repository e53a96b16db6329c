"""How much Gemini may think, and the proof that it did.

Models up to 2.5 are given a budget, later ones a level. https://ai.google.dev/gemini-api/docs/thinking (2026-11)
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from shared.chat.request import ChatRequest
from shared.dialects.refuse import unsupported

_BY_BUDGET: Final = re.compile(r"(gemini|live|er)-[12]\b|gemma|learnlm")
_BUDGETS: Final[Mapping[str, int]] = {
    "none": 0,
    "minimal": 1024,
    "low": 1024,
    "medium": 8192,
    "high": 24576,
    "xhigh": 24576,
    "max": 24576,
}
"""As Google itself maps them: https://ai.google.dev/gemini-api/docs/openai#thinking (2026-11)."""
_LEVELS: Final = ("minimal", "low", "medium", "high", "xhigh")
_UNSIGNED: Final = "skip_thought_signature_validator"
"""What Google wants in place of a signature that never was: https://ai.google.dev/gemini-api/docs/thought-signatures (2026-11)."""


def thinking(request: ChatRequest) -> dict[str, Any] | None:
    """The `thinkingConfig`; None when nothing was wished. Thoughts are shown when thinking is. Raises UnsupportedParameter."""
    budget, effort = request.reasoning_budget, request.reasoning_effort
    if budget is None and effort is None:
        return None
    if budget is None and effort not in _BUDGETS:
        raise unsupported("Gemini", "reasoning_effort", f"say one of {', '.join(_BUDGETS)}")
    if budget is not None or effort == "none" or _by_budget(request.model):
        budget = _BUDGETS[str(effort)] if budget is None else budget
        return {"thinkingBudget": budget, **({"includeThoughts": True} if budget else {})}
    return {"thinkingLevel": effort if effort in _LEVELS else "high", "includeThoughts": True}


def sign_calls(contents: list[dict[str, Any]], model: str) -> list[dict[str, Any]]:
    """Mark the first call of each turn that has no signature, since it was another model's or the caller lost it. Trap 48.

    Models from 3 on refuse a turn whose first call is unsigned; earlier ones do not ask.
    """
    if _by_budget(model):
        return contents
    for content in contents:
        first = next((part for part in content["parts"] if "functionCall" in part), None)
        if first is not None:
            first.setdefault("thoughtSignature", _UNSIGNED)
    return contents


def _by_budget(model: str) -> bool:
    return bool(_BY_BUDGET.search(model))
