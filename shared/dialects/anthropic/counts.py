"""How many tokens Anthropic would read: https://platform.claude.com/docs/en/api/messages-count-tokens (2026-11)."""

from dataclasses import replace
from typing import Final

from shared.dialects.counter import Counter
from shared.dialects.dialect import Written
from shared.dialects.lenient import find_count, record
from shared.errors import BadResponse
from shared.wire.json import read_lenient

_READ: Final[tuple[str, ...]] = ("model", "messages", "system", "tools", "tool_choice", "thinking", "output_config")
"""What of a message is counted; the rest is about the answer, and refused here."""


def _write(written: Written, _model: str) -> Written:
    body = {name: written.body[name] for name in _READ if name in written.body}
    return replace(written, path=f"{written.path}/count_tokens", body=body)


def _read(body: bytes) -> int:
    try:
        counted = find_count(record(read_lenient(body)).get("input_tokens"))
    except ValueError:
        counted = None
    if counted is None:
        raise BadResponse("the provider answered with something that is no count of tokens; check its base URL")
    return counted


COUNTER: Final = Counter(_write, _read)
