"""What looked suspicious, and where it is told."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from functions.admin.schemas import AlertAnswer, AlertsAnswer, WebhookAnswer, WebhookBody
from shared.gateway.tell import check_webhook
from shared.identity.caller import Caller
from shared.identity.deeds import note_deed
from shared.services import Services
from shared.storage.alerts import list_alerts
from shared.storage.policies import find_policies, forget_policies, save_webhook
from shared.web.fastapi import StrictRoute, admin


def routes(services: Services) -> APIRouter:
    """`GET /alerts`, `GET` and `PUT /alerts/webhook`."""
    router = APIRouter(route_class=StrictRoute)
    Admin = Annotated[Caller, Depends(admin(services))]  # noqa: N806 - a type

    @router.get("/alerts")
    async def alerts(
        _who: Admin,
        after: Annotated[
            str | None, Query(min_length=1, max_length=400, description="`next` of the page before.")
        ] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 50,
    ) -> AlertsAnswer:
        """What looked suspicious, the newest first. An alert is kept for 180 days."""
        found, following = await list_alerts(services.table, after=after, limit=limit)
        return AlertsAnswer(alerts=[AlertAnswer.of(alert) for alert in found], next=following)

    @router.get("/alerts/webhook")
    async def webhook(_who: Admin) -> WebhookAnswer:
        """Where alerts are told."""
        forget_policies(services.table)
        found = (await find_policies(services.table)).webhook
        return WebhookAnswer(url=found.url if found else None)

    @router.put("/alerts/webhook")
    async def change_webhook(body: WebhookBody, who: Admin) -> WebhookAnswer:
        """Tell alerts there from now on, each signed with `REALMULTILLM_ALERT_SECRET`; null tells nobody."""
        checked = check_webhook(body.url, services.settings) if body.url is not None else None
        await save_webhook(services.table, checked)
        await note_deed(services.audit, who, "admin.webhook_changed", told="yes" if checked else "no")
        return WebhookAnswer(url=checked.url if checked else None)

    return router
