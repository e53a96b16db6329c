"""Asks a provider, with the caller's own key, which models that key may use."""

from collections.abc import Awaitable, Callable

from shared.egress.exchange import Outbound, Timeouts
from shared.errors import CredentialCorrupt, RealMultiLLMError
from shared.gateway.probe import trial_target
from shared.gateway.target import Target
from shared.identity.caller import Caller
from shared.providers.models import ModelLists
from shared.providers.provider import Provider
from shared.records.config import ProviderConfig
from shared.secrets import ApiKey
from shared.services import Services
from shared.storage.configs import find_config, mark_key

_TIMEOUTS = Timeouts(connect=5, first_byte=10, idle=10, total=15)
_LARGEST_FAILURE = 2**20
_LARGEST_LIST = 16 * 2**20


async def ask_models(
    services: Services, lists: ModelLists, who: Caller, provider: Provider
) -> tuple[tuple[str, ...] | None, str | None]:
    """The models that the provider lists, or None with the reason why it could not be asked."""
    config = await find_config(services.table, who.owner, provider.id)
    if config is None or not config.is_active or (provider.needs_key and config.sealed is None):
        return None, "no_key"
    if provider.models_path is None:
        return None, "no_list"
    try:
        place = (config.owner, config.id, config.revision)
        return await lists.get(place, _asking(services, provider, config, provider.models_path)), None
    except RealMultiLLMError as error:
        return None, error.code


def _asking(
    services: Services, provider: Provider, config: ProviderConfig, path: str
) -> Callable[[], Awaitable[list[str]]]:
    async def ask() -> list[str]:
        target = trial_target(provider, config, services.settings)
        key = await _open_key(services, target, config)
        headers = {"accept": "application/json", **target.headers(key)}
        asked = Outbound("GET", target.url(path, provider.models_query), headers)
        async with services.client.send(asked, _TIMEOUTS) as inbound:
            if inbound.status != 200:  # noqa: PLR2004 - the one status that carries a list
                raise target.dialect.explain(inbound.status, inbound.headers, await inbound.read(_LARGEST_FAILURE))
            return target.dialect.models(await inbound.read(_LARGEST_LIST))

    return ask


async def _open_key(services: Services, target: Target, config: ProviderConfig) -> ApiKey | None:
    if config.sealed is None:
        return None
    try:
        return await services.vault.open(config.sealed, config.binding(target.base.origin))
    except CredentialCorrupt:
        await mark_key(services.table, config, "needs_reentry")
        raise
