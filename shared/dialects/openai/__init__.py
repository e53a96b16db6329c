"""OpenAI's chat completions, spoken by most of the world: https://platform.openai.com/docs/api-reference/chat (2026-11)."""

from typing import Final

from shared.dialects.dialect import Dialect
from shared.dialects.openai.explain import explain
from shared.dialects.openai.models import read_models
from shared.dialects.openai.read import read
from shared.dialects.openai.stream import ChatStream
from shared.dialects.openai.write import kin, write

DIALECT: Final = Dialect(
    name="openai",
    write=write,
    read=read,
    stream=ChatStream,
    explain=explain,
    models=read_models,
    kin=kin,
    deaf_to=frozenset({"cache", "failure"}),
    fetches=frozenset({"image", "video"}),
)
