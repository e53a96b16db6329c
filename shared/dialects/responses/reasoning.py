"""Thinking as an item that goes back as it came: https://platform.openai.com/docs/guides/reasoning#encrypted-reasoning-items (2026-11)."""

from typing import Any, Final

from shared.dialects.signatures import find_item, mark

_FAMILY: Final = "responses"
_SAID_ONLY: Final = "status"
"""What the provider says of an item and does not take back."""


def keep(item: dict[str, Any]) -> str | None:
    """The item as a signature; None when it could not go back: without encrypted or whole thinking it is only known to a store."""
    if not (item.get("encrypted_content") or item.get("content")):
        return None
    return mark(_FAMILY, {name: value for name, value in item.items() if value is not None and name != _SAID_ONLY})


def give_back(signature: str | None) -> dict[str, Any] | None:
    """The item; None when the signature is somebody else's."""
    item = find_item(_FAMILY, signature)
    return None if item is None else {**item, "type": "reasoning", "summary": item.get("summary", [])}
