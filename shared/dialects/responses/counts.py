"""How many tokens OpenAI would read: https://platform.openai.com/docs/api-reference/responses/input-tokens (2026-11)."""

from typing import Final

from shared.dialects.counter import Counter
from shared.dialects.dialect import Written
from shared.dialects.lenient import find_count, record
from shared.errors import BadResponse
from shared.wire.json import read_lenient

_READ: Final = ("model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "text", "reasoning")
"""What of a response is counted; the rest is about the answer, and refused here."""


def _write(written: Written, _model: str) -> Written:
    return Written(f"{written.path}/input_tokens", {name: written.body[name] for name in _READ if name in written.body})


def _read(body: bytes) -> int:
    try:
        counted = find_count(record(read_lenient(body)).get("input_tokens"))
    except ValueError:
        counted = None
    if counted is None:
        raise BadResponse("the provider answered with something that is no count of tokens; check its base URL")
    return counted


COUNTER: Final = Counter(_write, _read)
