"""A request in the words of OpenTelemetry's conventions for generative AI: what one line of the log says of it. Pure; no word of what was said.

https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans (2026-11). `gen_ai.system` is the name that `gen_ai.provider.name` had before; both are there.
Durations are seconds; names of ours begin with `realmultillm`.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from shared.providers.find import find_provider
from shared.records.ledger import LedgerRow

_LONGEST_NAME: Final = 200
"""Characters of a model's name that are told."""
_OPERATIONS: Final[Mapping[str, str]] = {
    "embeddings": "embeddings",
    "images": "generate_content",
    "moderations": "moderation",
}
"""What is no chat; moderation has no word in the conventions, and is its own."""


def attributes(row: LedgerRow, *, answered_by: str | None = None) -> dict[str, str | int | float | bool]:
    """What is known of the request; what is not is left out. `answered_by`: the provider's own name of the model that answered."""
    provider = find_provider(row.provider)
    system = (provider.telemetry_name if provider else None) or row.provider
    told: dict[str, str | int | float | bool | None] = {
        "gen_ai.operation.name": _OPERATIONS.get(row.api, "chat"),
        "gen_ai.provider.name": system,
        "gen_ai.system": system,
        "gen_ai.request.model": (row.route or row.model)[:_LONGEST_NAME],
        "gen_ai.response.model": (answered_by or row.model)[:_LONGEST_NAME],
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
