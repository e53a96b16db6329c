"""Cohere's own chat, version 2: https://docs.cohere.com/reference/chat (2026-11)."""

from typing import Final

from shared.dialects.cohere.explain import explain
from shared.dialects.cohere.models import read_models
from shared.dialects.cohere.read import read
from shared.dialects.cohere.stream import CohereStream
from shared.dialects.cohere.write import write
from shared.dialects.dialect import Dialect

DIALECT: Final = Dialect(
    name="cohere",
    write=write,
    read=read,
    stream=CohereStream,
    explain=explain,
    models=read_models,
    deaf_to=frozenset({"user", "metadata", "cache", "failure"}),
    calls_in_parallel=True,
    fetches=frozenset({"image"}),
)
