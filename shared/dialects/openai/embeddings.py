"""Embeddings from OpenAI's family: https://platform.openai.com/docs/api-reference/embeddings (2026-11)."""

from typing import Final

from shared.dialects.exchanges import Ask, Exchange
from shared.dialects.exchanges.embeddings import spell
from shared.dialects.lenient import records
from shared.dialects.openai.whole import read_list, written
from shared.wire.json import write


def _read(body: bytes, ask: Ask) -> bytes:
    """As it came; but who has no base64, or nothing else, is translated. Trap 62."""
    answer = read_list(body, "data")
    data = records(answer["data"])
    spelt = [spell(item.get("embedding"), ask) for item in data]
    if all(item["embedding"] is vector for item, vector in zip(data, spelt, strict=True)):
        return body
    return write({**answer, "data": [{**item, "embedding": vector} for item, vector in zip(data, spelt, strict=True)]})


EXCHANGE: Final = Exchange(lambda ask: written("/embeddings", ask), _read)
