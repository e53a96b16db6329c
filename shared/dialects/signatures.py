"""Whose thinking a signature closes, where its family says more than a signature.

Anthropic's and Gemini's signatures are bare base64 and travel as they are. OpenAI's reasoning items go back whole, with an id and several
texts, so such an item travels as a signature of this form, which no base64 has, written in this one place:

    <family>:<JSON object>            as a dialect reads it
    <family>@<maker>:<JSON object>    once the gateway has said which provider and key made it

Encrypted thinking goes back only to the key that made it (trap 61), and to nobody of another family: a dialect leaves out what is marked
for another one, and one with marks of its own leaves out what bears none.
"""

import re
from typing import Any, Final

from shared.wire.json import read_lenient, write

_MARKED: Final = re.compile(r"(?P<family>[a-z]+)(@(?P<maker>[^:{]+))?:(?=\{)")


def mark(family: str, item: dict[str, Any]) -> str:
    """The item as a signature."""
    return f"{family}:{write(item).decode()}"


def is_marked(signature: str | None) -> bool:
    """It is an item of some family, no bare signature."""
    return signature is not None and _MARKED.match(signature) is not None


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


def say_maker(signature: str, maker: str) -> str:
    """The same with its maker, a short word without `:` and `{`; a bare signature stays as it is."""
    found = _MARKED.match(signature)
    return f"{found['family']}@{maker}:{signature[found.end() :]}" if found else signature


def is_made_elsewhere(signature: str | None, maker: str) -> bool:
    """It names a maker, and that is another one."""
    found = _MARKED.match(signature or "")
    return found is not None and found["maker"] not in {None, maker}
