"""Judgements from OpenAI's family: https://platform.openai.com/docs/api-reference/moderations (2026-11)."""

from typing import Final

from shared.dialects.exchanges import Ask, Exchange, Reply
from shared.dialects.lenient import find_text, record
from shared.dialects.openai.usage import read_usage
from shared.dialects.openai.whole import read_list, written


def _read(body: bytes, _: Ask) -> Reply:
    """OpenAI counts nothing, for it takes nothing; Mistral counts tokens."""
    answer = read_list(body, "results")
    used = record(answer.get("usage"))
    return Reply(body, read_usage(used) if used else None, find_text(answer.get("model")))


EXCHANGE: Final = Exchange(lambda ask: written("/moderations", ask), _read)
