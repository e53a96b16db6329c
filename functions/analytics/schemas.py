"""What the routes of the analytics door are asked, and in which form they answer."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import Header, Query

from shared.insight.groups import BY, By
from shared.insight.read import Span
from shared.records.usage import DayUsage
from shared.web.usage import Page

PAGE: Final = 200
LARGEST_PAGE: Final = 5000
LARGEST_LIST: Final = 1000
_USUAL_DAYS: Final = 30
_ONE_OF: Final = "(day|provider|model|token)"

CSV: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {"text/csv": {"schema": {"type": "string"}}},
        "description": "As JSON, or as a spreadsheet where `Accept` asks for text/csv",
    }
}

Text = Annotated[str | None, Query(max_length=300)]


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


def question(
    *,
    from_: Annotated[
        date | None, Query(alias="from", description="The first day, in UTC; 30 days are told where it is not named.")
    ] = None,
    to: Annotated[date | None, Query(description="The last day; today where it is not named.")] = None,
    group_by: Annotated[
        str,
        Query(
            alias="groupBy",
            pattern=rf"^{_ONE_OF}(,{_ONE_OF}){{0,3}}$",
            description="One or several of day, provider, model and token, with commas between them.",
        ),
    ] = "day",
    provider: Text = None,
    model: Text = None,
    token: Text = None,
    after: Annotated[str | None, Query(max_length=2000, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = PAGE,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
) -> Question:
    """A dependency: the question that the URL and `Accept` put."""
    wanted = group_by.split(",")
    return Question(
        by=tuple(each for each in BY if each in wanted),
        provider=provider,
        model=model,
        token=token,
        after=after,
        limit=limit,
        first=from_,
        last=to,
        csv="text/csv" in accept,
    )
