"""The installation in numbers."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final, cast

from fastapi import APIRouter, Depends, Query

from functions.admin.schemas import TotalsAnswer
from shared.identity.caller import Caller
from shared.insight.read import Span, usage_of_everybody
from shared.services import Services
from shared.storage.configs import every_config
from shared.storage.people import every_account
from shared.web.fastapi import StrictRoute, admin
from shared.web.usage import CostAnswer, CostReport, Page, UsageAnswer, UsageReport, report

_USUAL_DAYS: Final = 30
_MOST_PROVIDERS: Final = 1000
"""Lines of a report: more than there are providers."""


def routes(services: Services) -> APIRouter:
    """`GET /analytics`."""
    router = APIRouter(route_class=StrictRoute)

    @router.get("/analytics")
    async def totals(
        _who: Annotated[Caller, Depends(admin(services))],
        from_: Annotated[
            date | None,
            Query(alias="from", description="The first day, in UTC; 30 days are told where it is not named."),
        ] = None,
        to: Annotated[date | None, Query(description="The last day; today where it is not named.")] = None,
    ) -> TotalsAnswer:
        """People, keys, and what all of them used of each provider. Nobody is named in it."""
        last = to or datetime.fromtimestamp(services.now(), UTC).date()
        span = Span(from_ or last - timedelta(days=_USUAL_DAYS - 1), last)
        rows, page = await usage_of_everybody(services.table, span), Page(span, ("provider",), None, _MOST_PROVIDERS)
        people = Counter[str]()
        async for account in every_account(services.table):
            people[account.role if account.is_active else "inactive"] += 1
        configs = Counter[str]()
        async for config in every_config(services.table):
            configs[config.provider] += 1
        return TotalsAnswer(
            users=people.total(),
            admins=people["admin"],
            inactive_users=people["inactive"],
            configs=dict(sorted(configs.items())),
            usage=cast("UsageReport", report(UsageReport, rows, UsageAnswer.of, page)),
            costs=cast("CostReport", report(CostReport, rows, CostAnswer.of, page)),
        )

    return router
