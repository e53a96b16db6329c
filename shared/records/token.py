"""An access token: what a program calls with, and what it may do."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

BudgetPeriod = Literal["day", "week", "month", "total"]


@dataclass(frozen=True, slots=True)
class AccessToken:
    """The record of one. Its secret is shown once and kept as a digest alone. Times are epoch seconds; None = not limited.

    An empty `providers` or `models`, which nobody can ask for any more, allows nothing; None allows all. `models` holds names as callers write them.
    """

    id: str
    owner: str
    name: str
    digest: bytes = field(repr=False)
    """SHA-256 of the whole token. 256 random bits need no slow hash."""
    created_at: int
    updated_at: int
    providers: tuple[str, ...] | None = None
    models: tuple[str, ...] | None = None
    routes: tuple[str, ...] | None = None
    """Named routes that it may use, by their names."""
    origins: tuple[str, ...] | None = None
    """Networks (CIDR) that it may be used from."""
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    max_concurrent: int | None = None
    budget_usd: Decimal | None = None
    budget_period: BudgetPeriod | None = None
    expires_at: int | None = None
