"""OpenAI's Responses, which some of its models speak alone: https://platform.openai.com/docs/api-reference/responses (2026-11).

Stateless: nothing is stored with the provider, and thinking travels encrypted.
"""

from typing import Final

from shared.dialects.dialect import Dialect
from shared.dialects.openai.explain import explain
from shared.dialects.openai.models import read_models
from shared.dialects.responses.read import read
from shared.dialects.responses.stream import ResponseStream
from shared.dialects.responses.write import kin, write

DIALECT: Final = Dialect(
    name="responses",
    write=write,
    read=read,
    stream=ResponseStream,
    explain=explain,
    models=read_models,
    kin=kin,
    deaf_to=frozenset({"cache", "failure"}),
    fetches=frozenset({"image", "file"}),
)
