"""What may be used in a time, and of what: the limits that admission keeps."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from shared.records.token import BudgetPeriod

ScopeKind = Literal["token", "user", "organisation", "provider", "model"]


@dataclass(frozen=True, slots=True)
class Limits:
    """None is not limited. A budget of 0 blocks (trap 68)."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    max_concurrent: int | None = None
    budget_usd: Decimal | None = None
    budget_period: BudgetPeriod | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """What is limited: all that is done with that token, by that user, in the organisation, with that provider or model."""

    kind: ScopeKind
    id: str
