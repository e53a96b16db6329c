"""Amazon Bedrock's Converse: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html (2026-11)."""

from typing import Final

from shared.dialects.bedrock.explain import explain
from shared.dialects.bedrock.models import read_models
from shared.dialects.bedrock.read import read
from shared.dialects.bedrock.stream import BedrockStream
from shared.dialects.bedrock.write import write
from shared.dialects.dialect import Dialect

DIALECT: Final = Dialect(
    name="bedrock",
    write=write,
    read=read,
    stream=BedrockStream,
    explain=explain,
    models=read_models,
    deaf_to=frozenset({"user", "json"}),
)
