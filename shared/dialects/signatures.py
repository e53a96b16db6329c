"""Whose thinking a signature closes, where its family says more than a signature.

Anthropic's and Gemini's signatures are bare base64 and travel as they are. OpenAI's reasoning items go back whole, with an id and several
texts, so such an item travels as a signature of this form, which no base64 has, written in this one place:

    <family>:<JSON object>            as a dialect reads it
    <family>@<maker>:<JSON object>    once the gateway has said which provider and key made it

Encrypted thinking goes back only to the key that made it (trap 61), and to nobody of another family: the gateway hides it from all others
(`seen_by`), and a dialect with items of its own leaves out what is none.
"""

import re
from dataclasses import replace
from typing import Any, Final

from shared.chat.request import ChatRequest, Message, Part, Reasoning
from shared.wire.json import read_lenient, write

_MARKED: Final = re.compile(r"(?P<family>[a-z]+)(@(?P<maker>[^:{]+))?:(?=\{)")


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


def say_maker(signature: str, maker: str) -> str:
    """The same with its maker, a short word without `:` and `{`; a bare signature stays as it is."""
    found = _MARKED.match(signature)
    return f"{found['family']}@{maker}:{signature[found.end() :]}" if found else signature


def seen_by(request: ChatRequest, family: str, maker: str) -> ChatRequest:
    """The request as that maker may see it: items of other families, and of other makers where one is named, keep only their visible words.

    Bare signatures stay as they are.
    """
    if not any(_is_hidden(part, family, maker) for message in request.messages for part in message.parts):
        return request
    return replace(request, messages=tuple([_seen(message, family, maker) for message in request.messages]))


def _seen(message: Message, family: str, maker: str) -> Message:
    parts: list[Part] = []
    for part in message.parts:
        if not isinstance(part, Reasoning) or not _is_hidden(part, family, maker):
            parts.append(part)
        elif part.text:
            parts.append(replace(part, signature=None))
    return replace(message, parts=tuple(parts))


def _is_hidden(part: Part, family: str, maker: str) -> bool:
    found = _MARKED.match(part.signature) if isinstance(part, Reasoning) and part.signature else None
    return found is not None and (found["family"] != family or found["maker"] not in {None, maker})
