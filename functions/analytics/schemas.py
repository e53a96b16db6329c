"""What the routes of the analytics door are asked, and in which form they answer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import Header, Query

from shared.errors import InvalidRequest
from shared.insight.groups import BY, By
from shared.insight.read import Span
from shared.providers.find import find_provider
from shared.records.ids import is_ulid
from shared.records.ledger import LedgerRow, Outcome
from shared.records.usage import DayUsage
from shared.web.times import Day
from shared.web.usage import Page

PAGE: Final = 200
LARGEST_PAGE: Final = 5000
LARGEST_LIST: Final = 1000
_USUAL_DAYS: Final = 30
_PARTS: Final = len(BY) - 1
"""Slashes in a place among the lines of a report."""

_AFTER: Final = "`after` is the `next` of the page before; leave it out to begin anew"

CSV: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {"text/csv": {"schema": {"type": "string"}}},
        "description": "As JSON, or as a spreadsheet where `Accept` asks for text/csv",
    }
}

ProviderName = Annotated[
    str | None, Query(max_length=100, description="This provider alone, by id or alias.", examples=["openai"])
]
ModelName = Annotated[str | None, Query(max_length=300, description="This model alone, by the provider's own name.")]
TokenId = Annotated[
    str | None, Query(max_length=100, description="What was used with this access token alone, by its id.")
]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the counters."""

    by: tuple[By, ...]
    provider: str | None
    model: str | None
    token: str | None
    after: str | None
    limit: int
    first: date | None
    last: date | None
    csv: bool

    def page(self, now: datetime) -> Page:
        """Which lines; of the last thirty days where none is named.

        Raises:
            InvalidRequest: they are in the wrong order, or too many.
        """
        last = self.last or now.date()
        span = Span(self.first or last - timedelta(days=_USUAL_DAYS - 1), last)
        return Page(span, self.by, self.after, self.limit)

    def fits(self, row: DayUsage) -> bool:
        """The counter is one of those that are asked for."""
        wanted = ((self.provider, row.provider), (self.model, row.model), (self.token, row.token_id))
        return all(name is None or name == there for name, there in wanted)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which requests are asked for; None is all."""

    provider: str | None
    model: str | None
    token: str | None
    outcome: Outcome | None
    after: str | None

    def test_of(self, own: str | None) -> Callable[[LedgerRow], bool] | None:
        """What tells of a row whether it is one of them, and of `own`, the caller's access token; None: all are."""
        wanted = {
            name: value
            for name, value in (("provider", self.provider), ("model", self.model), ("outcome", self.outcome))
            if value is not None
        }
        tokens = {token for token in (own, self.token) if token is not None}
        if not wanted and not tokens:
            return None
        return lambda row: (
            all(getattr(row, name) == value for name, value in wanted.items()) and tokens <= {row.token_id}
        )


def wanted_requests(
    *,
    provider: ProviderName = None,
    model: ModelName = None,
    token: TokenId = None,
    outcome: Annotated[Outcome | None, Query(description="Those that ended so alone.")] = None,
    after: Annotated[str | None, Query(max_length=100, description="`next` of the page before.")] = None,
) -> Wanted:
    """A dependency: which requests the URL asks for.

    Raises:
        InvalidRequest: a value is none that the parameter takes.
    """
    if after is not None and not is_ulid(after):
        raise InvalidRequest(_AFTER, parameter="after")
    return Wanted(_provider(provider), model, token, outcome, after)


def _provider(name: str | None) -> str | None:
    """Its id, for counters and rows name it by that."""
    if name is None:
        return None
    provider = find_provider(name)
    if provider is None:
        raise InvalidRequest(
            "`provider` is none that is known here: GET /api/providers lists them", parameter="provider"
        )
    return provider.id


def _groups(said: str) -> tuple[By, ...]:
    wanted = {each.strip() for each in said.split(",")}
    if not wanted <= set(BY):
        raise InvalidRequest(
            "`groupBy` is one or several of day, provider, model and token, with commas between them",
            parameter="groupBy",
        )
    return tuple(each for each in BY if each in wanted)


def question(
    *,
    from_: Annotated[
        Day | None, Query(alias="from", description="The first day, in UTC; 30 days are told where it is not named.")
    ] = None,
    to: Annotated[Day | None, Query(description="The last day; today where it is not named.")] = None,
    group_by: Annotated[
        str,
        Query(
            alias="groupBy",
            max_length=100,
            description="One or several of day, provider, model and token, with commas between them.",
        ),
    ] = "day",
    provider: ProviderName = None,
    model: ModelName = None,
    token: TokenId = None,
    after: Annotated[str | None, Query(max_length=2000, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = PAGE,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
) -> Question:
    """A dependency: the question that the URL and `Accept` put.

    Raises:
        InvalidRequest: a value is none that the parameter takes.
    """
    if after is not None and after.count("/") != _PARTS:
        raise InvalidRequest(_AFTER, parameter="after")
    return Question(
        by=_groups(group_by),
        provider=_provider(provider),
        model=model,
        token=token,
        after=after,
        limit=limit,
        first=from_,
        last=to,
        csv="text/csv" in accept,
    )
