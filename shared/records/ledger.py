"""One request as it is kept: exactly one row for each that was admitted, in the state in which it ended."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from shared.records.limits import ScopeKind

Outcome = Literal["done", "error", "cancelled", "disconnected", "deadline", "aborted"]
"""`aborted`: whoever carried it died, and the sweeper ended it. The others end by themselves, each exactly once."""

FAILED: Final = frozenset[Outcome]({"error", "deadline", "aborted"})
"""Outcomes that nobody wanted; who cancels or leaves has no error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """What was asked of whom, how it ended, and what it cost. No word of what was said. Times are epoch seconds, durations milliseconds."""

    request_id: str
    """A ULID of ours."""
    owner: str
    token_id: str | None
    started_at: float
    outcome: Outcome
    error: str | None = None
    """The code of the error that ended it."""
    api: str = "native"
    """In which API it was asked: `native`, `openai`, `anthropic`, `responses`; or what it was: `embeddings`, `images`, `moderations`, `counts`."""
    route: str | None = None
    """The named route that led there, if one did."""
    provider: str
    model: str
    key: Literal["own", "shared"] = "own"
    streamed: bool = False
    attempts: int | None = None
    """How often a provider was asked, counted as each began; None where nobody lived to tell."""
    duration_ms: int | None = None
    """Until its end; None where nobody lived to see it."""
    first_token_ms: int | None = None
    """Of a stream; a plain answer comes as a whole."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    estimated: bool = False
    """The tokens are our guess: the provider reported none."""
    cost_usd: Decimal | None = None
    """0 where nobody was asked for anything, or refused before the first word."""
    cost_source: str | None = None
    """`provider`, `custom`, `table` or `documented`; `unused` where nothing was used. None where the cost is null."""
    cost_reason: str | None = None
    """Why the cost is null."""
    charged_micros: int = 0
    """What budgets were charged, in whole micro-dollars: the cost, rounded up; where that is null, our guess of it or what was reserved."""
    listed_micros: int | None = None
    """What budgets that an admin sets were charged, where that is another amount: a price of the caller's own makes nothing cheaper there."""

    @property
    def has_failed(self) -> bool:
        """It ended as nobody wanted."""
        return self.outcome in FAILED

    @property
    def is_unpriced(self) -> bool:
        """It may have cost something that nobody knows (trap 67)."""
        used = self.outcome in {"done", "aborted"} or self.input_tokens is not None or self.output_tokens is not None
        return self.cost_usd is None and used

    def charged_to(self, kind: ScopeKind) -> int:
        """What the budget of such a scope was charged."""
        return self.charged_micros if kind == "token" or self.listed_micros is None else self.listed_micros
