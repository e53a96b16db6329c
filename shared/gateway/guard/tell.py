"""Tells alerts to the webhook that an admin named: signed, through the same walls as every other request out, and again until it is heard.

It runs beside the requests, never within one.
"""

import hashlib
import hmac
import json
from dataclasses import replace
from typing import Final

from shared.egress.exchange import Outbound, Timeouts
from shared.errors import (
    AddressRefused,
    Conflict,
    CredentialCorrupt,
    InvalidRequest,
    KeyServiceUnavailable,
    NoAnswer,
    ProviderError,
    RealMultiLLMError,
)
from shared.gateway.guard.webhook import signing_secret
from shared.records.alert import Alert
from shared.records.policy import Webhook
from shared.secrets import ApiKey
from shared.services import Services
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
_UNHEARD: Final[tuple[type[RealMultiLLMError], ...]] = (
    AddressRefused,
    Conflict,
    CredentialCorrupt,
    InvalidRequest,
    KeyServiceUnavailable,
    ProviderError,
)
"""Whatever keeps an alert from being heard is said in its record; nobody waits for it."""


async def tell_alerts(services: Services, *, within: float = float("inf")) -> int:
    """Those that are due, each once; how many were heard. After so many seconds no other one is begun."""
    webhook = (await find_policies(services.table)).webhook
    if webhook is None:
        return 0
    heard, begun = 0, services.now()
    for alert_id, due, tries in await due_alerts(services.table, begun):
        if services.now() - begun >= within:
            break
        until = int(services.now()) + _CLAIM
        alert = await claim_alert(services.table, alert_id, due=due, until=until)
        if alert is not None:
            heard += await _tell(services, webhook, alert, tries + 1)
    return heard


async def _tell(services: Services, webhook: Webhook, alert: Alert, tries: int) -> bool:
    failure = await _why_unheard(services, webhook, alert)
    if failure is None:
        await settle_alert(services.table, replace(alert, telling="told"))
        return True
    alert = replace(alert, tries=tries, failure=failure)
    if tries >= MOST_TRIES:
        await settle_alert(services.table, replace(alert, telling="given_up"))
        return False
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (tries - 1))
    await postpone_alert(services.table, alert, int(services.now()) + wait)
    return False


async def _why_unheard(services: Services, webhook: Webhook, alert: Alert) -> str | None:
    """None: it was heard."""
    try:
        secret = await signing_secret(services, webhook)
        outbound = signed(webhook, alert, secret, services.now())
        async with services.client.send(outbound, PATIENCE) as inbound:
            await inbound.read(_LARGEST_ANSWER)
            return None if inbound.status in _WELL else f"status {inbound.status}"
    except NoAnswer:
        return None  # 204 or 205: what a provider may not say, who only listens often does
    except _UNHEARD as error:
        return error.code


def signed(webhook: Webhook, alert: Alert, secret: ApiKey, now: float) -> Outbound:
    """What is sent: HMAC-SHA256 in hex over `<timestamp>.<body>`, so that neither can be changed nor replayed later."""
    said = {
        "id": alert.id,
        "kind": alert.kind,
        "subject": alert.subject,
        "at": alert.at,
        "details": dict(alert.details),
    }
    body, timestamp = json.dumps(said, sort_keys=True).encode(), str(int(now))
    signature = hmac.new(secret.reveal().encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {
        "content-type": "application/json",
        "x-realmultillm-timestamp": timestamp,
        "x-realmultillm-signature": f"v1={signature}",
    }
    return Outbound("POST", webhook.url, headers, body)
