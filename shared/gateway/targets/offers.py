"""Which models a config offers: asks the provider, with the config's own key, which of them that key may use. Kept one hour."""

from collections.abc import Awaitable, Callable

from shared.dialects.listed import ListedModel
from shared.egress.exchange import Timeouts
from shared.errors import RealMultiLLMError
from shared.gateway.asking.open_key import open_key
from shared.gateway.asking.probe import trial_target
from shared.gateway.targets.list_models import list_models
from shared.providers.find import get_provider
from shared.providers.provider import Provider
from shared.records.config import ProviderConfig
from shared.services import Services

_TIMEOUTS = Timeouts(connect=5, first_byte=10, idle=10, total=15)


async def offers(
    services: Services, config: ProviderConfig | None
) -> tuple[tuple[ListedModel, ...] | None, str | None]:
    """The models that the provider lists, or None with the reason why it could not be asked."""
    if config is None or not config.is_active:
        return None, "no_key"
    provider = get_provider(config.provider)
    if provider.needs_key and config.sealed is None:
        return None, "no_key"
    if provider.models_path is None:
        return None, "no_list"
    try:
        place = (config.owner, config.id, config.revision)
        return await services.model_lists.get(place, _asking(services, provider, config, provider.models_path)), None
    except RealMultiLLMError as error:
        return None, error.code


def _asking(
    services: Services, provider: Provider, config: ProviderConfig, path: str
) -> Callable[[], Awaitable[list[ListedModel]]]:
    async def ask() -> list[ListedModel]:
        target = trial_target(provider, config, services.settings)
        return await list_models(target, path, await open_key(services, target), services.client, _TIMEOUTS)

    return ask
