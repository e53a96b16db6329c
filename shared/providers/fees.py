"""What a provider's own tools cost beside the tokens. Pure.

Where the usage counts them (Anthropic's searches), the price table has their price. Where an answer only shows that they were used,
what they cost is unknown: the cost of that answer is null, not the price of its tokens. Trap 67.
"""

from collections.abc import Mapping
from typing import Any, Final

_PAID_CALLS: Final = frozenset(
    {
        "code_interpreter_call",
        "file_search_call",
        "image_generation_call",
        "web_search_call",
        "x_search_call",
    }
)
"""Items of the Responses API that are paid by the call or by the container: https://platform.openai.com/docs/pricing (2026-11)."""

_GROUNDS: Final = ("webSearchQueries", "imageSearchQueries", "retrievalQueries")
"""Google's own search, paid by the prompt or by the query beyond a number a day: https://ai.google.dev/gemini-api/docs/pricing (2026-11)."""

_COUNTED_APART: Final = ("num_server_side_tools_used", "server_side_tool_usage_details")
"""xAI counts its own tools beside the tokens: https://docs.x.ai/docs/models (2026-11). Where it tells its cost, they are in it."""


def is_fee(name: str, value: Any) -> bool:
    """Whether an annotation of that name shows the use of a tool that is paid by its use."""
    match value:
        case _ if name in _PAID_CALLS:
            return True
        case dict():
            return name == "groundingMetadata" and any(value.get(field) for field in _GROUNDS)
        case list():
            return name == "annotations" and any(_cites(each) for each in value)
        case _:
            return False


def _cites(annotation: Any) -> bool:
    """What a search found is cited, so there was a search: https://platform.openai.com/docs/guides/tools-web-search (2026-11)."""
    return isinstance(annotation, dict) and annotation.get("type") == "url_citation"


def has_fees(raw: Mapping[str, Any]) -> bool:
    """Whether the usage itself counts tools that the price table has no price of."""
    told = [raw.get(name) for name in _COUNTED_APART]
    return any(any(value.values()) if isinstance(value, dict) else bool(value) for value in told)
