"""Embeddings from Google Cloud, which has two ways to ask, by model (pages read 2026-11).

https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api (`:predict`, several texts) ·
https://docs.cloud.google.com/vertex-ai/generative-ai/docs/embeddings/get-text-embeddings (`:embedContent`, one)
"""

from typing import Any, Final

from shared.dialects.dialect import Written
from shared.dialects.exchanges import Ask, Exchange, Reply
from shared.dialects.exchanges.embeddings import counted, speak, texts
from shared.dialects.gemini.path import path
from shared.dialects.gemini.read import read_object
from shared.dialects.lenient import find_count, record, records
from shared.errors import UnsupportedParameter

_FAMILY: Final = "Vertex AI"
_ONE_AT_A_TIME: Final = "gemini-embedding-2"


def _write(ask: Ask) -> Written:
    said, dimensions = texts(ask, _FAMILY), ask.body.get("dimensions")
    size = {} if dimensions is None else {"outputDimensionality": dimensions}
    if not ask.model.startswith(_ONE_AT_A_TIME):
        body: dict[str, Any] = {"instances": [{"content": text} for text in said]}
        return Written(path(ask.model, "predict"), {**body, "parameters": size} if size else body)
    if len(said) > 1:
        raise UnsupportedParameter("this model takes one text at a time as `input`: send one", parameter="input")
    return Written(path(ask.model, "embedContent"), {"content": {"parts": [{"text": said[0]}]}, **size})


def _read(body: bytes, ask: Ask) -> Reply:
    answer = read_object(body)
    if ask.model.startswith(_ONE_AT_A_TIME):
        vectors = [record(answer.get("embedding")).get("values") or []]
        used = record(answer.get("usageMetadata"))
        return speak(vectors, ask, family=_FAMILY, usage=counted(find_count(used.get("promptTokenCount")), used))
    found = [record(entry.get("embeddings")) for entry in records(answer.get("predictions"))]
    counts = [find_count(record(entry.get("statistics")).get("token_count")) for entry in found]
    total = None if None in counts else sum(count or 0 for count in counts)
    usage = counted(total, {"token_count": total})
    return speak([entry.get("values") or [] for entry in found], ask, family=_FAMILY, usage=usage)


EXCHANGE: Final = Exchange(_write, _read, frozenset({"model", "input", "dimensions", "encoding_format"}))
