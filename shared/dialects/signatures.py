"""Whose thinking a signature closes, where its family says more than a signature.

Anthropic's and Gemini's signatures are bare base64 and travel as they are. OpenAI's reasoning items go back whole, with an id and several
texts, so such an item travels as a signature of this form, which no base64 has, written in this one place:

    <family>:<JSON object>

Encrypted thinking goes back only to the key that made it (trap 61), and to nobody of another family: callers see it marked with its maker
(`shared.dialects.signed`), and a dialect with items of its own leaves out what is none.
"""

import re
from typing import Any, Final

from shared.wire.json import read_lenient, write

_MARKED: Final = re.compile(r"(?P<family>[a-z]+):(?=\{)")


def mark(family: str, item: dict[str, Any]) -> str:
    """The item as a signature."""
    return f"{family}:{write(item).decode()}"


def find_item(family: str, signature: str | None) -> dict[str, Any] | None:
    """The item, if that family marked it and it is whole."""
    found = _MARKED.match(signature or "")
    if signature is None or found is None or found["family"] != family:
        return None
    try:
        item = read_lenient(signature[found.end() :])
    except ValueError:
        return None
    return item if isinstance(item, dict) else None
