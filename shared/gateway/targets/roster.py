"""All models that a caller may use: of every provider whose key they stored, as it lists them, else as our catalogue knows them."""

import asyncio
from dataclasses import dataclass

from shared.dialects.listed import ListedModel
from shared.errors import ModelNotFound
from shared.gateway.targets.keyring import all_usable
from shared.gateway.targets.offers import offers
from shared.gateway.targets.permits import may_ask, may_see, may_use_route
from shared.gateway.targets.whom import whom
from shared.identity.caller import Caller
from shared.providers.find import get_provider
from shared.providers.provider import Provider, undated
from shared.records.config import ProviderConfig
from shared.records.route import Route, is_route_name
from shared.services import Services
from shared.storage.policies import find_policies
from shared.storage.routes import find_route, list_routes


@dataclass(frozen=True, slots=True)
class Entry:
    """One model of one provider; without a provider it is a route."""

    provider: Provider | None
    model: ListedModel

    @property
    def maker(self) -> str | None:
        """The provider's id."""
        return self.provider.id if self.provider else None


async def roster(services: Services, caller: Caller) -> list[Entry]:
    """They: routes first, then provider by provider. One who does not answer takes none of the others away."""
    routes = await list_routes(services.table, caller.owner)
    named = [_entry(route) for route in routes if may_use_route(caller, route)]
    kept = await all_usable(services, caller)
    configs = [config for config in kept if config.is_active and may_see(caller, config.provider)]
    found = await asyncio.gather(*(_entries(services, caller, config) for config in configs))
    return [*named, *(entry for entries in found for entry in entries)]


async def find_entry(services: Services, caller: Caller, name: str) -> Entry:
    """That one, by `provider/model`, by a bare name or by a route's; also by a name without the date that the provider's own ends in.

    Raises:
        InvalidRequest: several could be meant.
        NotFound: nobody has it, or the caller's token is not for it.
    """
    route = await find_route(services.table, caller.owner, name) if is_route_name(name) else None
    if route is not None and may_use_route(caller, route):
        return _entry(route)
    config, model = await whom(services, caller, wished=None, model=name)
    entries = await _entries(services, caller, config) if may_see(caller, config.provider) else []
    exact = (entry for entry in entries if entry.model.id == model)
    dated = (entry for entry in entries if undated(entry.model.id) == undated(model))
    if found := next(exact, None) or next(dated, None):
        return found
    raise ModelNotFound(
        "There is no such model, or not for you: GET /v1/models lists all that are.", details={"parameter": "model"}
    )


def _entry(route: Route) -> Entry:
    return Entry(None, ListedModel(route.name, created=route.created_at))


async def _entries(services: Services, caller: Caller, config: ProviderConfig) -> list[Entry]:
    provider = get_provider(config.provider)
    models = dict[str, ListedModel]()
    for model in await _models(services, config, provider):
        models.setdefault(model.id, model)
    policy = (await find_policies(services.table)).of(provider.id)
    return [
        Entry(provider, model)
        for model in models.values()
        if may_ask(caller, provider, model.id) and policy.allows(model.id)
    ]


async def _models(services: Services, config: ProviderConfig, provider: Provider) -> list[ListedModel]:
    """The owner may have said which of them they want to see."""
    listed, reason = await offers(services, config)
    if reason == "no_key":
        return []
    models = list(listed) if listed is not None else await asyncio.to_thread(_known, provider, config)
    if not config.models:
        return models
    told = {model.id: model for model in models}
    return [told.get(name) or ListedModel(name) for name in config.models]


def _known(provider: Provider, config: ProviderConfig) -> list[ListedModel]:
    """By our catalogue; where it knows none, the default is one at least."""
    from shared.providers.catalogue import list_models  # noqa: PLC0415 - loads the price table

    known = [ListedModel(model.id, model.name, model.facts) for model in list_models(provider)]
    default = config.settings.default_model or provider.default_model
    return known or ([ListedModel(default)] if default else [])
