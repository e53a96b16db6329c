"""Whose model a name means: `provider/model`, or the bare name of a model that only one of the caller's providers has."""

import asyncio
from collections.abc import Callable, Sequence

from shared.gateway.targets.keyring import all_usable, find_usable
from shared.gateway.targets.offers import offers
from shared.gateway.targets.permits import may_see
from shared.gateway.targets.plan import meant, named_provider, owners, reachable, the_one, usable
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
    """The only provider there is gets every name without a slash; of several, the one that is known to have the model, or that lists it."""
    configs = reachable(caller, await all_usable(services, caller))
    if able is not None:
        configs = [config for config in configs if able(get_provider(config.provider))] or configs
    if "/" in model:
        return the_one(model, await _by_vendor(services, model, configs, is_chat=able is None), configs)
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
    found = owners(model, configs) or await _listing_alike(services, model, configs)
    return the_one(model, found, configs) if found else None


async def _by_vendor(
    services: Services, model: str, configs: Sequence[ProviderConfig], *, is_chat: bool
) -> Sequence[ProviderConfig]:
    """Whose a name is that has a slash behind what is no provider of ours. Never anybody's who has no such names: a slip (`opnai/…`) asks nobody.

    The only provider there is knows better than its list; what is no chat stands in few lists.
    """
    if listing := owners(model, configs):
        return listing
    named = [config for config in configs if get_provider(config.provider).may_name(model)]
    if len(configs) == 1 and named:
        return named
    return await _listing_alike(services, model, configs) or ([] if is_chat else named)


async def _listing_alike(services: Services, model: str, configs: Sequence[ProviderConfig]) -> Sequence[ProviderConfig]:
    """Of those whose models may be named by vendor: who lists this one; else who is known to have such names and shows no list."""
    rows = [(config, get_provider(config.provider)) for config in configs]
    alike = [config for config, row in rows if row.names_by_vendor]
    return await _listing(services, model, alike, unasked=[config for config, row in rows if row.has_name(model)])


async def _listing(
    services: Services, model: str, configs: Sequence[ProviderConfig], *, unasked: Sequence[ProviderConfig] = ()
) -> list[ProviderConfig]:
    """Those whose providers list the model; else those of `unasked` who list nothing or cannot be asked."""
    lists = await asyncio.gather(*(offers(services, config) for config in configs))
    told = [(config, models) for config, (models, _) in zip(configs, lists, strict=True)]
    listing = [config for config, models in told if any(_is(model, listed.id) for listed in models or ())]
    return listing or [config for config, models in told if models is None and config in unasked]


def _is(model: str, listed: str) -> bool:
    """In any case, with a date or without; what some routers take behind a colon (`:free`, `:online`, a host) is no part of the name."""
    names = {listed.lower(), undated(listed).lower()}
    return model.lower() in names or ("/" in model and model.lower().rpartition(":")[0] in names)
