"""Wishes without a word in OpenAI's spelling, and how a row of the catalogue gives them one.

The openai dialect knows no vendor, and vendors have words of their own. So `write` puts such a wish into the body under the name below,
and the row's quirks spell it. A wish that no quirk spelled is refused (`refuse_leftovers`), never dropped in silence.
"""

from typing import Any, Final

from shared.errors import UnsupportedParameter

TOP_K: Final = "options.topK"
REASONING_BUDGET: Final = "options.reasoningBudget"
EARLIER_REASONING: Final = "earlier reasoning"
"""In an assistant message: a list of `{"text", "signature", "redacted"}`. Not a wish: whoever has no word for it does without."""
LINKED_FILE: Final = "linked file"
"""The type of a part: `{"type": LINKED_FILE, "url", "filename"}`, a document that the provider would have to fetch."""


def refuse_leftovers(body: dict[str, Any]) -> dict[str, Any]:
    """The body without earlier reasoning that nobody asked for. Raises UnsupportedParameter for a wish that has no spelling here."""
    for wish in (TOP_K, REASONING_BUDGET):
        if wish in body:
            raise UnsupportedParameter(f"this provider has no `{wish}`: leave it out", parameter=wish)
    if "messages" not in body:
        return body
    for index, message in enumerate(body["messages"]):
        message.pop(EARLIER_REASONING, None)
        content = message.get("content")
        if isinstance(content, list) and any(part.get("type") == LINKED_FILE for part in content):
            raise UnsupportedParameter(
                "this provider fetches no documents: send the file itself as a `data:` URL",
                parameter=f"messages[{index}].content",
            )
    return body
