"""Embeddings from Gemini: https://ai.google.dev/api/embeddings#method:-models.batchembedcontents (2026-11)."""

from typing import Final

from shared.dialects.dialect import Written
from shared.dialects.exchanges import Ask, Exchange, Reply
from shared.dialects.exchanges.embeddings import counted, speak, texts
from shared.dialects.gemini.path import path, resource
from shared.dialects.gemini.read import read_object
from shared.dialects.lenient import find_count, record, records

_FAMILY: Final = "Gemini"


def _write(ask: Ask) -> Written:
    dimensions = ask.body.get("dimensions")
    size = {} if dimensions is None else {"outputDimensionality": dimensions}
    requests = [
        {"model": resource(ask.model), "content": {"parts": [{"text": text}]}, **size} for text in texts(ask, _FAMILY)
    ]
    return Written(path(ask.model, "batchEmbedContents"), {"requests": requests})


def _read(body: bytes, ask: Ask) -> Reply:
    answer = read_object(body)
    vectors = [entry.get("values") or [] for entry in records(answer.get("embeddings"))]
    used = record(answer.get("usageMetadata"))
    return speak(vectors, ask, family=_FAMILY, usage=counted(find_count(used.get("promptTokenCount")), used))


EXCHANGE: Final = Exchange(_write, _read, frozenset({"model", "input", "dimensions", "encoding_format"}))
