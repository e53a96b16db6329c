"""The analytics door. It adds up counters that the chat door keeps; it reads no request, and asks nobody.

A person sees all that is theirs; an access token what was used with it, and nothing else of its owner's.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, FastAPI, Header, Query, Response

from functions.analytics.schemas import CSV, LARGEST_LIST, PAGE, Question, Wanted, question, wanted_requests
from shared.identity.caller import Caller
from shared.insight.prometheus import CONTENT_TYPE, exposition
from shared.insight.read import Span, requests_of, usage_of, usage_of_everybody
from shared.insight.spreadsheet import write_csv
from shared.records.usage import DayUsage
from shared.services import Services
from shared.storage.accounts import find_account
from shared.web.fastapi import StrictRoute, caller, new_door, refuse_unknown
from shared.web.schemas import Answer
from shared.web.usage import (
    CostAnswer,
    CostReport,
    GroupAnswer,
    Page,
    PerformanceAnswer,
    PerformanceReport,
    ReportAnswer,
    RequestAnswer,
    RequestsAnswer,
    UsageAnswer,
    UsageReport,
    flat,
    report,
)

type Answered = Answer | Response
CSV_TYPE: Final = "text/csv; charset=utf-8; header=present"
COLUMNS: Final = [field.alias or name for name, field in RequestAnswer.model_fields.items()]
NEXT: Final = "x-realmultillm-next"
"""A spreadsheet has no room for where the next page begins."""
_METRICS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Prometheus' text format"}
}


def create_app(services: Services) -> FastAPI:
    """The door. Nothing is opened before the first request."""
    app = new_door(services, title="Analytics")
    app.include_router(_reports(services), prefix="/api/analytics", tags=["Analytics"])
    app.include_router(_metrics(services), tags=["Analytics"])
    return app


def _reports(services: Services) -> APIRouter:
    routes = APIRouter(route_class=StrictRoute)
    ask, only_known = Depends(caller(services)), Depends(refuse_unknown)
    put, choose = Depends(question), Depends(wanted_requests)

    @routes.get("/usage", response_model=UsageReport, responses=CSV)
    async def usage(who: Caller = ask, what: Question = put, _known: None = only_known) -> Answered:
        """Requests and tokens, by day, provider, model or access token. An access token is told what was used with it."""
        page, rows = await _asked(services, who, what)
        return _answer(report(UsageReport, rows, UsageAnswer.of, page), what)

    @routes.get("/costs", response_model=CostReport, responses=CSV)
    async def costs(who: Caller = ask, what: Question = put, _known: None = only_known) -> Answered:
        """What it cost, exactly, and how many requests have no known cost. An access token is told what was used with it."""
        page, rows = await _asked(services, who, what)
        return _answer(report(CostReport, rows, CostAnswer.of, page), what)

    @routes.get("/performance", response_model=PerformanceReport, responses=CSV)
    async def performance(who: Caller = ask, what: Question = put, _known: None = only_known) -> Answered:
        """Time to the first token, tokens a second, durations and errors. An access token is told what was used with it."""
        page, rows = await _asked(services, who, what)
        return _answer(report(PerformanceReport, rows, PerformanceAnswer.of, page), what)

    @routes.get("/requests", responses=CSV, response_model=RequestsAnswer)
    async def requests(
        limit: Annotated[int, Query(ge=1, le=LARGEST_LIST)] = PAGE,
        accept: Annotated[str, Header(include_in_schema=False)] = "",
        who: Caller = ask,
        wanted: Wanted = choose,
        _known: None = only_known,
    ) -> Answered:
        """Each request that was let in, the newest first, with how it ended and what it cost; an access token is told of its own. Never what was said."""
        wants = wanted.test_of(who.token_id)
        rows, following = await requests_of(services.table, who.owner, after=wanted.after, limit=limit, wants=wants)
        told = [RequestAnswer.of(row) for row in rows]
        if "text/csv" in accept:
            return _spreadsheet(COLUMNS, told, following)
        return RequestsAnswer(requests=told, next=following)

    return routes


def _metrics(services: Services) -> APIRouter:
    routes = APIRouter(route_class=StrictRoute)
    ask = Depends(caller(services))

    @routes.get("/api/metrics", response_class=Response, responses=_METRICS)
    async def metrics(who: Caller = ask) -> Response:
        """Today's counters (UTC) for Prometheus; they begin anew each midnight, as after a restart.

        An admin's session, or an access token of an admin's that is not narrowed, sees the whole installation. Everybody else sees their own.
        """
        return Response(await _exposed(services, who), headers={"content-type": CONTENT_TYPE})

    return routes


async def _asked(services: Services, who: Caller, what: Question) -> tuple[Page, list[DayUsage]]:
    page = what.page(_now(services))
    rows = await usage_of(services.table, who.owner, page.span, token_id=who.token_id)
    return page, [row for row in rows if what.fits(row)]


def _answer[Line: GroupAnswer](told: ReportAnswer[Line], what: Question) -> Answered:
    if not what.csv:
        return told
    return _spreadsheet(list(flat(told.total)), told.rows, told.next)


def _spreadsheet(columns: list[str], lines: Sequence[Answer], following: str | None) -> Response:
    more = {NEXT: following} if following else {}
    head = {"content-type": CSV_TYPE, "content-disposition": 'attachment; filename="analytics.csv"', **more}
    return Response(write_csv(columns, [flat(line) for line in lines]), headers=head)


async def _exposed(services: Services, who: Caller) -> str:
    today = _now(services).date()
    span = Span(today, today)
    if await _sees_all(services, who):
        return exposition(await usage_of_everybody(services.table, span), services.incidents.counted())
    return exposition(await usage_of(services.table, who.owner, span, token_id=who.token_id))


async def _sees_all(services: Services, who: Caller) -> bool:
    """Prometheus cannot sign in, so an admin may give it an access token; one that is for some providers, models or routes alone is for no more than that."""
    if who.token is None:
        return who.role == "admin"
    if any(listed is not None for listed in (who.token.providers, who.token.models, who.token.routes)):
        return False
    account = await find_account(services.table, who.owner)
    return account is not None and account.is_active and account.role == "admin"


def _now(services: Services) -> datetime:
    return datetime.fromtimestamp(services.now(), UTC)
