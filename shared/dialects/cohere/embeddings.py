"""Embeddings from Cohere: https://docs.cohere.com/reference/embed (2026-11)."""

from typing import Any, Final

from shared.dialects.cohere.read import read_object
from shared.dialects.dialect import Written
from shared.dialects.exchanges import Ask, Exchange, Reply
from shared.dialects.exchanges.embeddings import counted, speak, texts
from shared.dialects.lenient import find_count, record

_FAMILY: Final = "Cohere"
_WORDS: Final = {"dimensions": "output_dimension", "input_type": "input_type", "truncate": "truncate"}
"""The last two are Cohere's own; a body may have them. What is embedded is a document unless it says otherwise."""


def _write(ask: Ask) -> Written:
    given = {word: value for name, word in _WORDS.items() if (value := ask.body.get(name)) is not None}
    body: dict[str, Any] = {
        "model": ask.model,
        "input_type": "search_document",
        "embedding_types": ["float"],
        "texts": texts(ask, _FAMILY),
        **given,
    }
    return Written("/v2/embed", body)


def _read(body: bytes, ask: Ask) -> Reply:
    answer = read_object(body)
    vectors = record(answer.get("embeddings")).get("float")
    billed = record(record(answer.get("meta")).get("billed_units"))
    return speak(
        vectors if isinstance(vectors, list) else [],
        ask,
        family=_FAMILY,
        usage=counted(find_count(billed.get("input_tokens")), billed),
    )


EXCHANGE: Final = Exchange(_write, _read, frozenset({"model", "input", "encoding_format", *_WORDS}))
