"""A request in the words of OpenTelemetry's conventions for generative AI: what one line of the log says of it. Pure; no word of what was said.

https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans (2026-11). `gen_ai.system` is the name that `gen_ai.provider.name` had before; both are there.
Durations are seconds; names of ours begin with `realmultillm`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from shared.providers.find import find_provider
from shared.records.ledger import LedgerRow

_LONGEST_NAME: Final = 200
"""Characters of a model's name, or of an answer's, that are told."""
_OPERATIONS: Final[Mapping[str, str]] = {
    "embeddings": "embeddings",
    "images": "generate_content",
    "moderations": "moderation",
}
"""What is no chat; moderation has no word in the conventions, and is its own."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the log tells of a request and the ledger does not keep. `model` and `id`: the provider's own names of what answered, and of its answer."""

    model: str | None = None
    id: str | None = None
    finish_reasons: tuple[str, ...] = ()
    """Why each choice ended, in our words."""
    max_tokens: int | None = None
    temperature: float | None = None


NOTHING_SAID: Final = Said()


def attributes(row: LedgerRow, said: Said = NOTHING_SAID) -> dict[str, str | int | float | bool | list[str]]:
    """What is known of the request; what is not is left out."""
    provider = find_provider(row.provider)
    system = (provider.telemetry_name if provider else None) or row.provider
    told: dict[str, str | int | float | bool | list[str] | None] = {
        "gen_ai.operation.name": _OPERATIONS.get(row.api, "chat"),
        "gen_ai.provider.name": system,
        "gen_ai.system": system,
        "gen_ai.request.model": (row.route or row.model)[:_LONGEST_NAME],
        "gen_ai.request.max_tokens": said.max_tokens,
        "gen_ai.request.temperature": said.temperature,
        "gen_ai.response.model": (said.model or row.model)[:_LONGEST_NAME],
        "gen_ai.response.id": said.id and said.id[:_LONGEST_NAME],
        "gen_ai.response.finish_reasons": list(said.finish_reasons) or None,
        "gen_ai.usage.input_tokens": row.input_tokens,
        "gen_ai.usage.output_tokens": row.output_tokens,
        "gen_ai.usage.cache_read.input_tokens": row.cached_tokens,
        "gen_ai.usage.cache_creation.input_tokens": row.cache_write_tokens,
        "gen_ai.usage.reasoning.output_tokens": row.reasoning_tokens,
        "gen_ai.request.stream": row.streamed,
        "gen_ai.response.time_to_first_chunk": None if row.first_token_ms is None else row.first_token_ms / 1000,
        "error.type": row.error,
        "realmultillm.request.id": row.request_id,
        "realmultillm.outcome": row.outcome,
        "realmultillm.api": row.api,
        "realmultillm.attempts": row.attempts,
        "realmultillm.duration": None if row.duration_ms is None else row.duration_ms / 1000,
        "realmultillm.usage.estimated": row.estimated or None,
        "realmultillm.cost.usd": _dollars(row.cost_usd),
        "realmultillm.cost.source": row.cost_source,
        "realmultillm.cost.reason": row.cost_reason,
        "realmultillm.token.id": row.token_id,
    }
    return {name: value for name, value in told.items() if value is not None}


def _dollars(usd: Decimal | None) -> str | None:
    if usd is None:
        return None
    return f"{usd:f}" if usd else "0"
