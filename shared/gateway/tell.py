"""Tells alerts to the webhook that an admin named: signed, through the same walls as every other request out, and again until it is heard.

It runs beside the requests, never within one.
"""

import hashlib
import hmac
import json
from typing import Final

from shared.egress.addresses import Rules
from shared.egress.exchange import Outbound, Timeouts
from shared.egress.urls import parse_base_url
from shared.errors import AddressRefused, Conflict, InvalidRequest, ProviderError
from shared.records.alert import Alert
from shared.records.policy import Webhook
from shared.services import Services
from shared.settings import Settings
from shared.storage.alerts import claim_alert, due_alerts, postpone_alert, settle_alert
from shared.storage.policies import find_policies

PATIENCE: Final = Timeouts(connect=5, first_byte=10, idle=5, total=15)
MOST_TRIES: Final = 10
FIRST_WAIT: Final = 30
"""Seconds; doubled with each try, at most an hour."""
LONGEST_WAIT: Final = 3600
_CLAIM: Final = 60
"""Seconds that one telling may take before another process may try."""
_LARGEST_ANSWER: Final = 64 * 1024
_WELL: Final = range(200, 300)


def check_webhook(url: str, settings: Settings) -> Webhook:
    """A webhook that may be told.

    Raises:
        InvalidRequest: the URL can be misread.
        AddressRefused: it is a place that may not be reached.
        Conflict: nothing is there to sign with (an unsigned alarm could be anybody's).
    """
    place = parse_base_url(url, Rules(settings.egress_allow), parameter="url")
    if settings.alert_secret is None:
        raise Conflict(
            "Alerts are signed, and there is no secret to sign them with: set REALMULTILLM_ALERT_SECRET and start again.",
            details={"parameter": "url"},
        )
    return Webhook(place.text)


async def tell_alerts(services: Services) -> int:
    """Those that are due, each once; how many were heard."""
    webhook = (await find_policies(services.table)).webhook
    if webhook is None:
        return 0
    heard = 0
    for alert_id, due, tries in await due_alerts(services.table, services.now()):
        until = int(services.now()) + _CLAIM
        alert = await claim_alert(services.table, alert_id, due=due, until=until)
        if alert is not None:
            heard += await _tell(services, webhook, alert, tries + 1)
    return heard


async def _tell(services: Services, webhook: Webhook, alert: Alert, tries: int) -> bool:
    if await _is_heard(services, webhook, alert):
        await settle_alert(services.table, alert, "told")
        return True
    if tries >= MOST_TRIES:
        await settle_alert(services.table, alert, "given_up")
        return False
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (tries - 1))
    await postpone_alert(services.table, alert, int(services.now()) + wait)
    return False


async def _is_heard(services: Services, webhook: Webhook, alert: Alert) -> bool:
    try:
        outbound = signed(webhook, alert, services.settings, services.now())
        async with services.client.send(outbound, PATIENCE) as inbound:
            await inbound.read(_LARGEST_ANSWER)
            return inbound.status in _WELL
    except (AddressRefused, Conflict, InvalidRequest, ProviderError):
        return False  # and the alert says so, once it is given up


def signed(webhook: Webhook, alert: Alert, settings: Settings, now: float) -> Outbound:
    """What is sent: HMAC-SHA256 in hex over `<timestamp>.<body>`, so that neither can be changed nor replayed later.

    Raises:
        InvalidRequest, AddressRefused, Conflict: it may not be sent.
    """
    check_webhook(webhook.url, settings)
    said = {
        "id": alert.id,
        "kind": alert.kind,
        "subject": alert.subject,
        "at": alert.at,
        "details": dict(alert.details),
    }
    body, timestamp = json.dumps(said, sort_keys=True).encode(), str(int(now))
    secret = settings.alert_secret or ""
    signature = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {
        "content-type": "application/json",
        "x-realmultillm-timestamp": timestamp,
        "x-realmultillm-signature": f"v1={signature}",
    }
    return Outbound("POST", webhook.url, headers, body)
