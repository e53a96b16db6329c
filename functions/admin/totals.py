"""The installation in numbers."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal, cast

from fastapi import APIRouter, Depends, Query

from functions.admin.schemas import TotalsAnswer, UserUseAnswer
from shared.identity.caller import Caller
from shared.insight.read import Span, usage_by_owner
from shared.records.usage import total
from shared.services import Services
from shared.storage.configs import every_config
from shared.storage.people import every_account
from shared.web.fastapi import StrictRoute, admin, refuse_unknown
from shared.web.times import Day
from shared.web.usage import CostAnswer, CostReport, Page, UsageAnswer, UsageReport, report

_USUAL_DAYS: Final = 30
_MOST_PROVIDERS: Final = 1000
"""Lines of a report: more than there are providers."""


def routes(services: Services) -> APIRouter:
    """`GET /analytics`."""
    router = APIRouter(route_class=StrictRoute)
    only_known = Depends(refuse_unknown)

    @router.get("/analytics")
    async def totals(
        _who: Annotated[Caller, Depends(admin(services))],
        from_: Annotated[
            Day | None,
            Query(alias="from", description="The first day, in UTC; 30 days are told where it is not named."),
        ] = None,
        to: Annotated[Day | None, Query(description="The last day; today where it is not named.")] = None,
        group_by: Annotated[
            Literal["provider", "user"],
            Query(alias="groupBy", description="`user` also tells what each of them used, with id and e-mail."),
        ] = "provider",
        _known: None = only_known,
    ) -> TotalsAnswer:
        """People, keys, and what all of them used of each provider. Nobody is named in it, unless it is asked by user. Deleted accounts have no use any more."""
        last = to or datetime.fromtimestamp(services.now(), UTC).date()
        span = Span(from_ or last - timedelta(days=_USUAL_DAYS - 1), last)
        used = await usage_by_owner(services.table, span)
        rows = [row for theirs in used.values() for row in theirs]
        page, people = Page(span, ("provider",), None, _MOST_PROVIDERS), Counter[str]()
        by_user: list[UserUseAnswer] = []
        async for account in every_account(services.table):
            people[account.role if account.is_active else "inactive"] += 1
            if theirs := used.get(account.owner):
                by_user.append(UserUseAnswer.of(account, total(row.counts for row in theirs)))
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
            by_user=sorted(by_user, key=UserUseAnswer.weight, reverse=True) if group_by == "user" else None,
        )

    return router
