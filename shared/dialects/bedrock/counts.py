"""How many tokens a model at Bedrock would read: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html (2026-11)."""

from typing import Final
from urllib.parse import quote

from shared.dialects.counter import Counter
from shared.dialects.dialect import Written
from shared.dialects.lenient import find_count, record
from shared.errors import BadResponse
from shared.wire.json import read_lenient

_READ: Final = ("messages", "system", "toolConfig", "additionalModelRequestFields")
"""What of a conversation is counted."""


def _write(written: Written, model: str) -> Written:
    said = {name: written.body[name] for name in _READ if name in written.body}
    return Written(f"/model/{quote(model, safe='')}/count-tokens", {"input": {"converse": said}})


def _read(body: bytes) -> int:
    try:
        counted = find_count(record(read_lenient(body)).get("inputTokens"))
    except ValueError:
        counted = None
    if counted is None:
        raise BadResponse("the provider answered with something that is no count of tokens; check its base URL")
    return counted


COUNTER: Final = Counter(_write, _read)
