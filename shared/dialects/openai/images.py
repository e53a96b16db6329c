"""Pictures from OpenAI's family: https://platform.openai.com/docs/api-reference/images/create (2026-11)."""

from typing import Final

from shared.dialects.exchanges import Ask, Exchange
from shared.dialects.openai.whole import read_list, written


def _read(body: bytes, _: Ask) -> bytes:
    read_list(body, "data")
    return body


EXCHANGE: Final = Exchange(lambda ask: written("/images/generations", ask), _read)
