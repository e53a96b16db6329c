"""Wishes without a word in OpenAI's spelling, and how a row of the catalogue gives them one.

The openai dialect knows no vendor, and vendors have words of their own. So `write` puts such a wish into the body under the name below,
and the row's quirks spell it. A wish that no quirk spelled is refused (`refuse_leftovers`), never dropped in silence.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from shared.dialects.lenient import find_text, records, text
from shared.errors import UnsupportedParameter

TOP_K: Final = "options.topK"
REASONING_BUDGET: Final = "options.reasoningBudget"
EARLIER_REASONING: Final = "earlier reasoning"
"""In an assistant message: a list of `{"text", "signature", "redacted"}`. Not a wish: whoever has no word for it does without."""
THINKING: Final = frozenset(
    {EARLIER_REASONING, "reasoning_content", "reasoning", "reasoning_details", "thinking_blocks"}
)
"""Where an assistant message may hold earlier thinking: ours, and what callers hand back in the forms of this family."""
LINKED_FILE: Final = "linked file"
"""The type of a part: `{"type": LINKED_FILE, "url", "filename"}`, a document that the provider would have to fetch."""


def earlier_thinking(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What an assistant message thought, as `{"text", "signature", "redacted"}`, in the most exact of the forms that it holds."""
    if message.get("role") != "assistant":
        return []
    for name, read in ((EARLIER_REASONING, dict), ("reasoning_details", _of_detail), ("thinking_blocks", _of_block)):
        if blocks := records(message.get(name)):
            return [read(block) for block in blocks]
    said = find_text(message.get("reasoning_content")) or find_text(message.get("reasoning"))
    return [_block(said)] if said else []


def _of_detail(detail: Mapping[str, Any]) -> dict[str, Any]:
    """https://openrouter.ai/docs/use-cases/reasoning-tokens (2026-11). An encrypted one is kept whole, for its id belongs to its data.

    One that names a `provider` is another provider's, as `shared.dialects.openai.caller.thinking` tells it: its signature proves nothing here.
    """
    if detail.get("type") == "reasoning.encrypted":
        return _block("", redacted=json.dumps(detail, ensure_ascii=False))
    said = text(detail.get("text")) or text(detail.get("summary"))
    return _block(said, None if "provider" in detail else find_text(detail.get("signature")))


def _of_block(block: Mapping[str, Any]) -> dict[str, Any]:
    """https://docs.litellm.ai/docs/reasoning_content (2026-11)."""
    return _block(text(block.get("thinking")), find_text(block.get("signature")), find_text(block.get("data")))


def _block(said: str, signature: str | None = None, redacted: str | None = None) -> dict[str, Any]:
    return {"text": said, "signature": signature, "redacted": redacted}


def refuse_leftovers(body: dict[str, Any]) -> dict[str, Any]:
    """The body without earlier reasoning that nobody asked for. Raises UnsupportedParameter for a wish that has no spelling here."""
    for wish in (TOP_K, REASONING_BUDGET):
        if wish in body:
            raise UnsupportedParameter(f"this provider has no `{wish}`: leave it out", parameter=wish)
    if "messages" not in body:
        return body
    for index, message in enumerate(body["messages"]):
        content = message.get("content")
        if isinstance(content, list) and any(part.get("type") == LINKED_FILE for part in records(content)):
            raise UnsupportedParameter(
                "this provider fetches no documents: send the file itself as a `data:` URL",
                parameter=f"messages[{index}].content",
            )
    if not any(EARLIER_REASONING in message for message in body["messages"]):
        return body
    return {**body, "messages": [_without_earlier(message) for message in body["messages"]]}


def _without_earlier(message: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in message.items() if name != EARLIER_REASONING}
