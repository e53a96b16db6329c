"""A request that has ended, as CloudWatch's metrics: by the names of `/api/metrics`, in a line for what all have and one or two for more tokens. Pure."""

from collections.abc import Iterator
from typing import Final

from shared.observability import Measured
from shared.records.ledger import LedgerRow

_TOKENS: Final = (("input", "cached"), ("output", "reasoning"), (None, "cache_write"))
"""A direction, and a kind, of each line: a line has one value for each dimension."""


def metrics_of(row: LedgerRow) -> list[tuple[Measured, ...]]:
    """What each line measures, of that request. What nobody knows is left out."""
    first, *more = (tuple(_tokens(row, direction, kind)) for direction, kind in _TOKENS)
    return [(*_itself(row), *first), *(line for line in more if line)]


def _itself(row: LedgerRow) -> Iterator[Measured]:
    ended: dict[str, float] = {"llm_requests_total": 1}
    if row.outcome == "done" and row.duration_ms is not None:
        ended["llm_request_duration_seconds"] = row.duration_ms / 1000
    if row.first_token_ms is not None:
        ended["llm_time_to_first_token_seconds"] = row.first_token_ms / 1000
    if row.cost_usd is not None:
        ended["llm_cost_usd_total"] = float(row.cost_usd)
    if row.is_unpriced:
        ended["llm_unpriced_requests_total"] = 1
    yield {"provider": row.provider, "outcome": row.outcome}, ended
    if row.has_failed:
        yield {"provider": row.provider, "code": row.error or "other"}, {"llm_errors_total": 1}


def _tokens(row: LedgerRow, direction: str | None, kind: str) -> Iterator[Measured]:
    counted: int | None = getattr(row, f"{direction}_tokens") if direction else None
    if direction and counted is not None:
        yield {"provider": row.provider, "direction": direction}, {"llm_tokens_total": counted}
    if of_kind := getattr(row, f"{kind}_tokens"):
        yield {"provider": row.provider, "kind": kind}, {"llm_token_kinds_total": of_kind}
