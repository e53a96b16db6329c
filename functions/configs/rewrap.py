"""Every data key of the installation, wrapped anew by the newest master key. No provider key is opened for it."""

from dataclasses import dataclass, replace

from shared.errors import AddressRefused, Conflict, CredentialCorrupt, InvalidRequest
from shared.gateway.destination import destination
from shared.providers.find import find_provider
from shared.records.config import ProviderConfig
from shared.services import Services
from shared.storage.configs import every_config, find_config, mark_key, save_config

_TRIES = 4


@dataclass(slots=True)
class Tally:
    """What came of it so far."""

    rewrapped: int = 0
    needs_reentry: int = 0


async def rewrap_all(services: Services) -> Tally:
    """Go over all configs. Cut short, it is simply begun again.

    Raises:
        KeyServiceUnavailable: what was rewrapped so far stays so.
    """
    tally = Tally()
    async for config in every_config(services.table):
        if config.sealed is None:
            continue
        try:
            await _rewrap(services, config)
            tally.rewrapped += 1
        except (AddressRefused, CredentialCorrupt, InvalidRequest):
            await mark_key(services.table, config, "needs_reentry")
            tally.needs_reentry += 1
    return tally


async def _rewrap(services: Services, config: ProviderConfig) -> None:
    """An owner who changes the config meanwhile goes first."""
    found: ProviderConfig | None = config
    for _ in range(_TRIES):
        if found is None or found.sealed is None:
            return
        sealed = await services.vault.rewrap(found.sealed, found.binding(_origin(services, found)))
        try:
            await save_config(services.table, replace(found, sealed=sealed))
        except Conflict:
            found = await find_config(services.table, config.owner, config.provider, consistent=True)
        else:
            return
    raise Conflict("A config is being changed again and again. Repeat this when it is quiet.")


def _origin(services: Services, config: ProviderConfig) -> str:
    """Where the key may be sent today.

    Raises:
        CredentialCorrupt: nowhere, its provider is gone.
        AddressRefused, InvalidRequest: nowhere, its URL is not allowed any more.
    """
    provider = find_provider(config.provider)
    if provider is None:
        raise CredentialCorrupt("The provider of this key is not offered any more.")
    return destination(provider, config.base_url, services.settings).origin
