"""Embeddings from OpenAI's family: https://platform.openai.com/docs/api-reference/embeddings (2026-11)."""

from dataclasses import replace
from typing import Any, Final

from shared.chat.events import Usage
from shared.dialects.exchanges import Ask, Exchange, Reply
from shared.dialects.exchanges.embeddings import spell
from shared.dialects.lenient import find_text, record, records
from shared.dialects.openai.usage import read_usage
from shared.dialects.openai.whole import read_list, written
from shared.wire.json import write


def _read(body: bytes, ask: Ask) -> Reply:
    """As it came; but who has no base64, or nothing else, is translated. Trap 62."""
    answer = read_list(body, "data")
    data = records(answer["data"])
    spelt = [spell(item.get("embedding"), ask) for item in data]
    usage, model = _usage(record(answer.get("usage"))), find_text(answer.get("model"))
    if all(item["embedding"] is vector for item, vector in zip(data, spelt, strict=True)):
        return Reply(body, usage, model)
    items = [{**item, "embedding": vector} for item, vector in zip(data, spelt, strict=True)]
    return Reply(write({**answer, "data": items}), usage, model)


def _usage(raw: dict[str, Any]) -> Usage | None:
    """An embedding says nothing, so that the total is what was read (Voyage counts it alone), and the output 0 where nobody tells."""
    if not raw:
        return None
    said = read_usage(raw)
    return replace(
        said,
        input=said.input if said.input is not None else said.total,
        output=0 if said.output is None else said.output,
    )


EXCHANGE: Final = Exchange(lambda ask: written("/embeddings", ask), _read)
