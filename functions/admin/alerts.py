"""What looked suspicious, and where it is told."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from functions.admin.schemas import AlertAnswer, AlertsAnswer, WebhookAnswer, WebhookBody
from shared.gateway.guard.webhook import moved, with_secret
from shared.identity.caller import Caller
from shared.identity.deeds import note_deed
from shared.records.policy import Webhook
from shared.services import Services
from shared.storage.alerts import list_alerts
from shared.storage.policies import find_policies, forget_policies, save_webhook
from shared.web.fastapi import StrictRoute, admin
from shared.web.keys import read_key


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
        return WebhookAnswer.of(found)

    @router.put("/alerts/webhook")
    async def change_webhook(body: WebhookBody, who: Admin) -> WebhookAnswer:
        """Tell alerts there from now on, each signed with the secret; null tells nobody and forgets it. A secret that is left out stays."""
        forget_policies(services.table)
        before = (await find_policies(services.table)).webhook
        after = None if body.url is None else await _changed(services, before or Webhook(body.url), body.url, body)
        await save_webhook(services.table, after)
        told, known_by = "yes" if after else "no", after.fingerprint if after else None
        await note_deed(services.audit, who, "admin.webhook_changed", told=told, fingerprint=known_by)
        return WebhookAnswer.of(after)

    return router


async def _changed(services: Services, before: Webhook, url: str, body: WebhookBody) -> Webhook:
    secret = read_key(body.secret)
    if secret is not None:
        return await with_secret(services, before, url, secret)
    if "secret" in body.model_fields_set:
        before = Webhook(url, version=before.version)
    return moved(before, url, services.settings)
