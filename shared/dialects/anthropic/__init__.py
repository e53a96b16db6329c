"""Anthropic's Messages: https://platform.claude.com/docs/en/api/messages (2026-11)."""

from typing import Final

from shared.dialects.anthropic.kin import kin
from shared.dialects.anthropic.models import read_models
from shared.dialects.anthropic.read import read
from shared.dialects.anthropic.stream import AnthropicStream
from shared.dialects.anthropic.write import HEADERS, write
from shared.dialects.dialect import Dialect
from shared.dialects.explain import explain

DIALECT: Final = Dialect(
    name="anthropic",
    write=write,
    read=read,
    stream=AnthropicStream,
    explain=explain,
    models=read_models,
    kin=kin,
    headers=HEADERS,
    deaf_to=frozenset({"metadata", "json"}),
    fetches=frozenset({"image", "file"}),
)
