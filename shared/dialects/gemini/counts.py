"""How many tokens Gemini would read: https://ai.google.dev/api/tokens#method:-models.counttokens (2026-11)."""

from typing import Final

from shared.dialects.counter import Counter
from shared.dialects.dialect import Written
from shared.dialects.gemini.path import path, resource
from shared.dialects.gemini.read import read_object
from shared.dialects.lenient import find_count
from shared.errors import BadResponse


def _write(written: Written, model: str) -> Written:
    """The whole request, so that instructions and tools are counted too."""
    asked = {name: value for name, value in written.body.items() if name != "serviceTier"}
    return Written(path(model, "countTokens"), {"generateContentRequest": {"model": resource(model), **asked}})


def read_count(body: bytes) -> int:
    """The answer. Raises BadResponse when it is none."""
    counted = find_count(read_object(body).get("totalTokens"))
    if counted is None:
        raise BadResponse("the provider answered with something that is no count of tokens; check its base URL")
    return counted


COUNTER: Final = Counter(_write, read_count)
