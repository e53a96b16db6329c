"""Google's Gemini: https://ai.google.dev/api/generate-content (2026-11)."""

from typing import Final

from shared.dialects.dialect import Dialect
from shared.dialects.gemini.explain import explain
from shared.dialects.gemini.models import read_models
from shared.dialects.gemini.read import read
from shared.dialects.gemini.stream import GeminiStream
from shared.dialects.gemini.write import write

DIALECT: Final = Dialect(
    name="gemini",
    write=write,
    read=read,
    stream=GeminiStream,
    explain=explain,
    models=read_models,
    deaf_to=frozenset({"user", "metadata", "strict", "cache"}),
    calls_in_parallel=True,
)
