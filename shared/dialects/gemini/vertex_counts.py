"""How many tokens Gemini would read at Google Cloud, which takes what is counted without a wrapper.

https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/count-tokens (2026-11)
"""

from typing import Final

from shared.dialects.counter import Counter
from shared.dialects.dialect import Written
from shared.dialects.gemini.counts import read_count
from shared.dialects.gemini.path import path

_READ: Final[tuple[str, ...]] = ("contents", "systemInstruction", "tools", "generationConfig")


def _write(written: Written, model: str) -> Written:
    body = {name: written.body[name] for name in _READ if name in written.body}
    return Written(path(model, "countTokens"), body)


COUNTER: Final = Counter(_write, read_count)
