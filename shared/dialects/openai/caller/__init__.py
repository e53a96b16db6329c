"""OpenAI's chat completions, towards a caller: https://platform.openai.com/docs/api-reference/chat (2026-11)."""

from typing import Final

from shared.dialects.caller import CallerDialect
from shared.dialects.openai.caller.answer import answer
from shared.dialects.openai.caller.errors import describe, status
from shared.dialects.openai.caller.read import read
from shared.dialects.openai.caller.stream import speaker

CALLER: Final = CallerDialect(
    name="openai",
    read=read,
    speaker=speaker,
    answer=answer,
    describe=describe,
    status=status,
    names={"reasoning_budget": "reasoning.max_tokens"},
    keep_alive=b": keep-alive\n\n",
    request_id_header=b"x-request-id",
)
