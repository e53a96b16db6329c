"""Provider keys in the table, sealed for the place where their provider is."""

from dataclasses import replace
from typing import Any

from shared.gateway.targets.destination import destination
from shared.providers.find import get_provider
from shared.records.config import ProviderConfig
from shared.secrets import ApiKey
from shared.services import Services
from shared.storage.configs import save_config


async def keep(services: Services, owner: str, *providers: str, **more: Any) -> None:
    """One for each of these providers: `sk-<provider>-0123456789`."""
    for name in providers:
        config = ProviderConfig(owner=owner, id=name, provider=name, created_at=0, updated_at=0, key_version=1, **more)
        origin = destination(get_provider(name), config.base_url, services.settings).origin
        sealed = await services.vault.seal(ApiKey(f"sk-{name}-0123456789"), config.binding(origin))
        await save_config(services.table, replace(config, sealed=sealed))
