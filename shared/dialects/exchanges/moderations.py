"""Whether something may be said, as callers ask it: https://platform.openai.com/docs/api-reference/moderations (2026-11)."""

from typing import Any

import msgspec

from shared.dialects.exchanges import Ask
from shared.dialects.exchanges.check import check
from shared.errors import InvalidRequest


class ModerationsBody(msgspec.Struct):
    """What OpenAI's form knows: a text, several, or parts with `type`."""

    input: str | list[str | dict[str, Any]]
    model: str | None = None


def read_ask(body: bytes, created: int) -> Ask:
    """Raises InvalidRequest, which names the field."""
    said, known = check(body, ModerationsBody)
    if isinstance(known.input, list) and not known.input:
        raise InvalidRequest("`input` is empty: send a text, or a list of texts", parameter="input")
    return Ask(known.model or "", said, created)
