"""What was used, as the doors tell it: to an owner of their own, to an admin of everybody's."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, Self, get_args

from pydantic import Field

from shared.insight.groups import By, Group, grouped, page_of
from shared.insight.read import Span
from shared.records.histogram import Histogram, percentile
from shared.records.ledger import FAILED, LedgerRow, Outcome
from shared.records.limits import MICROS_A_DOLLAR
from shared.records.usage import Counts, DayUsage, total
from shared.web.models import Dollars
from shared.web.schemas import Answer, Moment, moment


@dataclass(frozen=True, slots=True)
class Page:
    """Which lines: of which days, added up by what, behind which place, and how many at most."""

    span: Span
    by: tuple[By, ...]
    after: str | None
    limit: int


class GroupAnswer(Answer):
    """What a line is about; null where it is not grouped by that. `token` is an access token's id, null for what was asked with a session."""

    day: str | None
    provider: str | None
    model: str | None
    token: str | None


class UsageAnswer(GroupAnswer):
    """Requests and tokens. Cached tokens are among the input, reasoning is among the output."""

    requests: int
    errors: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    estimated_requests: int = Field(
        description="Requests whose tokens are a guess of ours: the provider reported none."
    )

    @classmethod
    def of(cls, group: Group) -> Self:
        """As it was counted."""
        counts = group.counts
        return cls(
            **_named(group),
            requests=counts.requests,
            errors=failed(counts),
            input_tokens=counts.input_tokens,
            output_tokens=counts.output_tokens,
            cached_tokens=counts.cached_tokens,
            cache_write_tokens=counts.cache_write_tokens,
            reasoning_tokens=counts.reasoning_tokens,
            estimated_requests=counts.estimated,
        )


class CostAnswer(GroupAnswer):
    """US dollars, exact, of the requests whose cost is known."""

    requests: int
    cost_usd: Dollars | None = Field(description="Null where the cost of none of them is known.")
    unpriced_requests: int = Field(description="Requests whose cost is unknown: the sum lacks them.")

    @classmethod
    def of(cls, group: Group) -> Self:
        """As it was counted."""
        counts = group.counts
        is_known = counts.unpriced < counts.requests
        return cls(
            **_named(group),
            requests=counts.requests,
            cost_usd=counts.cost_usd if is_known else None,
            unpriced_requests=counts.unpriced,
        )


class Spread(Answer):
    """Percentiles, each within 13 %; null where there was nothing to measure."""

    p50: float | None
    p95: float | None
    p99: float | None

    @classmethod
    def of(cls, histogram: Histogram) -> Self:
        """Of what was counted, to three digits."""
        return cls(p50=_told(histogram, 50), p95=_told(histogram, 95), p99=_told(histogram, 99))


class PerformanceAnswer(GroupAnswer):
    """How fast answers came, and how many failed. `duration` is of those that went well; `tokensPerSecond` of streams, from the first token on."""

    requests: int
    error_rate: float | None = Field(
        description="The share of requests that failed, 0 to 1. Who cancels or leaves has not failed."
    )
    outcomes: dict[str, int]
    errors: dict[str, int] = Field(description="By the code of the error.")
    time_to_first_token_ms: Spread
    duration_ms: Spread
    tokens_per_second: Spread

    @classmethod
    def of(cls, group: Group) -> Self:
        """As it was counted."""
        counts = group.counts
        return cls(
            **_named(group),
            requests=counts.requests,
            error_rate=round(failed(counts) / counts.requests, 6) if counts.requests else None,
            outcomes=dict(counts.outcomes),
            errors=dict(counts.errors),
            time_to_first_token_ms=Spread.of(counts.first_tokens),
            duration_ms=Spread.of(counts.durations),
            tokens_per_second=Spread.of(counts.speeds),
        )


class ReportAnswer[Line: GroupAnswer](Answer):
    """A page of lines about the days from `from` to `to`, both included, in UTC; `next` is the `after` of the page behind it, null on the last."""

    from_: str = Field(alias="from")
    to: str
    group_by: list[str]
    rows: list[Line]
    total: Line = Field(description="Of all lines, also of those on other pages.")
    next: str | None


class UsageReport(ReportAnswer[UsageAnswer]):
    """Requests and tokens."""


class CostReport(ReportAnswer[CostAnswer]):
    """What it cost."""


class PerformanceReport(ReportAnswer[PerformanceAnswer]):
    """How fast it was, and what failed."""


class RequestAnswer(Answer):
    """One request, as it is kept: no word of what was said. What nobody told is null."""

    id: str
    started_at: Moment
    outcome: Outcome
    error: str | None = Field(description="The code of the error that ended it.")
    api: str
    route: str | None
    provider: str
    model: str
    token: str | None = Field(description="The access token's id; null for a session.")
    key: Literal["own", "shared"]
    streamed: bool
    attempts: int | None = Field(description="How often a provider was asked; null where whoever asked died.")
    duration_ms: int | None = Field(description="Null where whoever carried it died: nobody saw its end.")
    time_to_first_token_ms: int | None
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    cache_write_tokens: int | None
    reasoning_tokens: int | None
    estimated: bool
    cost_usd: Dollars | None
    cost_source: str | None = Field(
        description="`provider`, `custom`, `table` or `documented`; `unused` where nothing was used. Null where the cost is."
    )
    cost_reason: str | None = Field(description="Why the cost is null.")
    charged_usd: Dollars = Field(
        description="What the budget of the access token was charged: the cost, rounded up to a micro-dollar; else an estimate."
    )
    charged_listed_usd: Dollars = Field(
        description="What budgets that an admin sets were charged: no less than the price table says, whatever the price of your own."
    )

    @classmethod
    def of(cls, row: LedgerRow) -> Self:
        """As it is kept."""
        return cls(
            id=row.request_id,
            started_at=moment(row.started_at),
            outcome=row.outcome,
            error=row.error,
            api=row.api,
            route=row.route,
            provider=row.provider,
            model=row.model,
            token=row.token_id,
            key=row.key,
            streamed=row.streamed,
            attempts=row.attempts,
            duration_ms=row.duration_ms,
            time_to_first_token_ms=row.first_token_ms,
            input_tokens=row.input_tokens,
            output_tokens=row.output_tokens,
            cached_tokens=row.cached_tokens,
            cache_write_tokens=row.cache_write_tokens,
            reasoning_tokens=row.reasoning_tokens,
            estimated=row.estimated,
            cost_usd=row.cost_usd,
            cost_source=row.cost_source,
            cost_reason=row.cost_reason,
            charged_usd=Decimal(row.charged_micros) / MICROS_A_DOLLAR,
            charged_listed_usd=Decimal(row.charged_to("user")) / MICROS_A_DOLLAR,
        )


class RequestsAnswer(Answer):
    """A page of requests, the newest first; `next` is the `after` of the page behind it, null on the last."""

    requests: list[RequestAnswer]
    next: str | None


def report[Line: GroupAnswer](
    kind: type[ReportAnswer[Line]], rows: Sequence[DayUsage], tell: Callable[[Group], Line], page: Page
) -> ReportAnswer[Line]:
    """Those counters as a page: `tell` is the `of` of the kind's lines."""
    shown, following = page_of(grouped(rows, page.by), page.after, page.limit)
    told = {
        "from": page.span.first.isoformat(),
        "to": page.span.last.isoformat(),
        "group_by": list(page.by),
        "rows": [tell(group) for group in shown],
        "total": tell(Group(None, None, None, None, total(row.counts for row in rows))),
        "next": following,
    }
    return kind.model_validate(told)


def failed(counts: Counts) -> int:
    """Requests that ended with an error, of whomever."""
    return sum(counts.outcomes.get(outcome, 0) for outcome in FAILED)


def flat(line: Answer) -> dict[str, Any]:
    """A line as cells, the same ones whatever was counted: what is inside another has its name behind the other's (`durationMs.p95`).

    Codes of errors are many, and more to come, so they share the cell `errors`: `throttled:3 upstream_timeout:1`.
    """
    cells: dict[str, Any] = {}
    for name, value in line.model_dump(mode="json", by_alias=True).items():
        if name == "outcomes":
            cells |= {f"{name}.{outcome}": value.get(outcome, 0) for outcome in get_args(Outcome)}
        elif name == "errors" and isinstance(value, Mapping):
            cells[name] = " ".join(f"{code}:{count}" for code, count in sorted(value.items()))
        elif isinstance(value, Mapping):
            cells |= {f"{name}.{inner}": each for inner, each in value.items()}
        else:
            cells[name] = value
    return cells


def _named(group: Group) -> dict[str, str | None]:
    return {"day": group.day, "provider": group.provider, "model": group.model, "token": group.token}


def _told(histogram: Histogram, percent: int) -> float | None:
    value = percentile(histogram, percent)
    return None if value is None else float(f"{value:.3g}")
