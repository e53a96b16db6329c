"""What may be used in a time: rates, a budget and its period, how much at once; and of whom that is asked."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final, Literal

from shared.records.token import BudgetPeriod

ScopeKind = Literal["token", "user", "organisation", "provider", "model"]
Policy = Literal["requests", "tokens", "concurrent", "budget"]
MICROS_A_DOLLAR: Final = 1_000_000
_DECEMBER: Final = 12
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose limits: an access token, a person, the whole installation, a provider or a model for everybody (`provider/model`)."""

    kind: ScopeKind
    id: str


@dataclass(frozen=True, slots=True)
class Limits:
    """None = not limited. A budget of 0 blocks (trap 68)."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    max_concurrent: int | None = None
    budget_usd: Decimal | None = None
    budget_period: BudgetPeriod | None = None
    """None is the month."""

    @property
    def period(self) -> BudgetPeriod:
        """How often the budget begins anew."""
        return self.budget_period or "month"

    @property
    def is_empty(self) -> bool:
        """Nothing is limited."""
        counts = (self.requests_per_minute, self.tokens_per_minute, self.max_concurrent, self.budget_usd)
        return all(limit is None for limit in counts)

    @property
    def budget_micros(self) -> int | None:
        """The budget in whole micro-dollars; what is less than one is not given out."""
        return None if self.budget_usd is None else int(self.budget_usd * MICROS_A_DOLLAR)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Which limit said no. Amounts in the unit of the policy: requests, tokens, calls at once, micro-dollars. Times are epoch seconds."""

    policy: Policy
    limit: int
    remaining: int
    resets_at: float | None
    """None: no time makes it better."""
    too_large: bool = False
    """It asks for more than the limit ever allows at once: `resets_at`, when all of it is there again, does not help."""


@dataclass(frozen=True, slots=True)
class Left:
    """What a limit still allows after a request was let through. `resets_at`: when all of it is there again; None where no clock gives it back."""

    policy: Policy
    limit: int
    remaining: int
    resets_at: float | None


def period_name(period: BudgetPeriod, now: float) -> str:
    """The day, ISO week or month in UTC, as a name that sorts by time; or `total`."""
    return _period_name(period, int(now // _DAY))


@lru_cache
def _period_name(period: BudgetPeriod, days: int) -> str:
    """Of the day that is so many after 1970 began."""
    day = datetime.fromtimestamp(days * _DAY, UTC)
    match period:
        case "day":
            return f"{day:%Y-%m-%d}"
        case "week":
            return f"{day:%G-W%V}"
        case "month":
            return f"{day:%Y-%m}"
        case "total":
            return "total"


def period_end(period: BudgetPeriod, now: float) -> float | None:
    """When it begins anew, in epoch seconds; None: never."""
    day = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    match period:
        case "day":
            return (day + timedelta(days=1)).timestamp()
        case "week":
            return (day + timedelta(days=7 - day.weekday())).timestamp()
        case "month":
            return day.replace(
                year=day.year + day.month // _DECEMBER, month=day.month % _DECEMBER + 1, day=1
            ).timestamp()
        case "total":
            return None
