"""The webhook that alerts are told to: where it may be, and what they are signed with.

Its secret is sealed in the table like a provider's key, for a purpose of its own and for the origin of its URL. On one machine it may stand in the
environment instead.
"""

from dataclasses import replace
from typing import Final

from shared.crypto.fingerprint import fingerprint
from shared.egress.addresses import Rules
from shared.egress.urls import parse_base_url
from shared.errors import AddressRefused, Conflict, InvalidRequest
from shared.records.policy import Webhook
from shared.secrets import ApiKey
from shared.services import Services
from shared.settings import Settings
from shared.storage.installation import fingerprint_secret
from shared.storage.policies import find_policies, forget_policies, replace_webhook_secret

_UNSIGNED: Final = (
    "Alerts are signed, and there is no secret to sign them with: send `secret`, as `openssl rand -hex 32` makes one. "
    "On one machine REALMULTILLM_ALERT_SECRET does too."
)


def check_webhook(webhook: Webhook, settings: Settings) -> str:
    """The origin of a webhook that may be told.

    Raises:
        InvalidRequest: the URL can be misread.
        AddressRefused: it is a place that may not be reached.
        Conflict: nothing is there to sign with (an unsigned alarm could be anybody's).
    """
    place = parse_base_url(webhook.url, Rules(settings.egress_allow), parameter="url")
    if webhook.sealed is None and settings.alert_secret is None:
        raise Conflict(_UNSIGNED, details={"parameter": "secret"})
    return place.origin


async def with_secret(services: Services, before: Webhook, url: str, secret: ApiKey) -> Webhook:
    """The webhook there, signed with another secret from now on: sealed for that place, as the next version.

    Raises:
        InvalidRequest, AddressRefused: as `check_webhook` does.
        KeyServiceUnavailable: nobody wraps data keys now. Nothing is kept unsealed instead.
    """
    place = parse_base_url(url, Rules(services.settings.egress_allow), parameter="url")
    known_by = fingerprint(secret, await fingerprint_secret(services.table))
    after = Webhook(place.text, version=before.version + 1, fingerprint=known_by)
    return replace(after, sealed=await services.vault.seal(secret, after.binding(place.origin)))


def moved(before: Webhook, url: str, settings: Settings) -> Webhook:
    """The webhook there, with the secret that it has.

    Raises:
        Conflict: that secret was sealed for another origin (threat K1), or there is none.
        InvalidRequest, AddressRefused: as `check_webhook` does.
    """
    place = parse_base_url(url, Rules(settings.egress_allow), parameter="url")
    after = replace(before, url=place.text)
    check_webhook(after, settings)
    if before.sealed is not None and place.origin != _origin(before, settings):
        raise Conflict(
            "The stored secret belongs to the stored `url`. Send `secret` together with the new one.",
            details={"parameter": "secret"},
        )
    return after


async def signing_secret(services: Services, webhook: Webhook) -> ApiKey:
    """What to sign with, opened just before.

    Raises:
        InvalidRequest, AddressRefused, Conflict: as `check_webhook` does.
        CredentialCorrupt: it was sealed for another place, or has changed since.
        KeyServiceUnavailable: nobody unwraps data keys now.
    """
    origin = check_webhook(webhook, services.settings)
    if webhook.sealed is None:
        return ApiKey(services.settings.alert_secret or "")
    return await services.vault.open(webhook.sealed, webhook.binding(origin))


async def rewrap_secret(services: Services) -> int:
    """Its data key wrapped anew by the newest master key; how many there were.

    Raises:
        CredentialCorrupt: it was not sealed for where the webhook is.
        InvalidRequest, AddressRefused: the webhook may not be told any more, so its secret has no place.
        KeyServiceUnavailable: nobody wraps data keys now.
    """
    forget_policies(services.table)
    webhook = (await find_policies(services.table)).webhook
    if webhook is None or webhook.sealed is None:
        return 0
    binding = webhook.binding(check_webhook(webhook, services.settings))
    sealed = await services.vault.rewrap(webhook.sealed, binding)
    return int(await replace_webhook_secret(services.table, webhook.sealed, sealed))


def _origin(webhook: Webhook, settings: Settings) -> str | None:
    """None: it may not be told any more, so its secret has no place."""
    try:
        return check_webhook(webhook, settings)
    except (AddressRefused, InvalidRequest):
        return None
