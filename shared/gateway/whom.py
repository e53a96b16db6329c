"""Whose model a name means: `provider/model`, or the bare name of a model that only one of the caller's providers has."""

import asyncio
from collections.abc import Callable, Sequence

from shared.gateway.keyring import all_usable, find_usable
from shared.gateway.offers import offers
from shared.gateway.permits import may_see
from shared.gateway.plan import meant, named_provider, reachable, the_one, usable
from shared.identity.caller import Caller
from shared.providers.find import get_provider
from shared.providers.provider import Provider, undated
from shared.records.config import ProviderConfig
from shared.services import Services


async def whom(
    services: Services,
    caller: Caller,
    *,
    wished: str | None,
    model: str,
    able: Callable[[Provider], bool] | None = None,
) -> tuple[ProviderConfig, str]:
    """The config to use, and the provider's own name of the model, empty where the wish names none.

    `able` tells which providers can do what is asked: where some of the caller's can, a bare name means none of the others.

    Raises:
        InvalidRequest: several could be meant.
        NotFound: no such provider or model, or no key for it is stored.
        Forbidden: the access token is for others, or the provider is switched off.
    """
    provider, named = named_provider(wished, model)
    if provider is None:
        return await _bare(services, caller, model, able), model
    config = await find_usable(services, caller, provider)
    if config is None and wished is None and (found := await _vendors(services, caller, model)):
        return found, model
    return usable(config, provider, by_model=wished is None), named


async def _bare(
    services: Services, caller: Caller, model: str, able: Callable[[Provider], bool] | None
) -> ProviderConfig:
    """The only provider there is gets every name; of several, the one that is known to have the model, or that lists it."""
    configs = reachable(caller, await all_usable(services, caller))
    if able is not None:
        configs = [config for config in configs if able(get_provider(config.provider))] or configs
    if len(configs) == 1 or not model:
        return the_one(model, configs, configs)
    found = meant(model, configs)
    if len(found) != 1:
        found = await _listing(services, model, found or configs) or found
    return the_one(model, found, configs)


async def _vendors(services: Services, caller: Caller, model: str) -> ProviderConfig | None:
    """Some providers name their models by vendor: `openai/gpt-4o-mini` is also OpenRouter's own name, for who has no key of OpenAI's."""
    kept = await all_usable(services, caller)
    configs = [config for config in kept if config.is_active and may_see(caller, config.provider)]
    named = meant(model, configs)
    found = await _listing(services, model, named, unasked=True) if named else []
    return the_one(model, found, configs) if found else None


async def _listing(
    services: Services, model: str, configs: Sequence[ProviderConfig], *, unasked: bool = False
) -> list[ProviderConfig]:
    """Those whose providers list the model; `unasked`: else those who list nothing or cannot be asked."""
    lists = await asyncio.gather(*(offers(services, config) for config in configs))
    told = [(config, models) for config, (models, _) in zip(configs, lists, strict=True)]
    listing = [
        config for config, models in told if any(model in {listed.id, undated(listed.id)} for listed in models or ())
    ]
    return listing or [config for config, models in told if unasked and models is None]
