"""All models that a caller may use: of every provider whose key they stored, as it lists them, else as our catalogue knows them."""

import asyncio
from dataclasses import dataclass

from shared.dialects.listed import ListedModel
from shared.errors import ModelNotFound
from shared.gateway.keyring import all_usable
from shared.gateway.offers import offers
from shared.gateway.permits import may_ask, may_see
from shared.gateway.whom import whom
from shared.identity.caller import Caller
from shared.providers.find import get_provider
from shared.providers.provider import Provider, undated
from shared.records.config import ProviderConfig
from shared.services import Services
from shared.storage.policies import find_policies


@dataclass(frozen=True, slots=True)
class Entry:
    """One model of one provider."""

    provider: Provider
    model: ListedModel

    @property
    def id(self) -> str:
        """As callers name it."""
        return f"{self.provider.id}/{self.model.id}"


async def roster(services: Services, caller: Caller) -> list[Entry]:
    """They, provider by provider. One who does not answer takes none of the others away."""
    kept = await all_usable(services, caller)
    configs = [config for config in kept if config.is_active and may_see(caller, config.provider)]
    found = await asyncio.gather(*(_entries(services, caller, config) for config in configs))
    return [entry for entries in found for entry in entries]


async def find_entry(services: Services, caller: Caller, name: str) -> Entry:
    """That one, by `provider/model` or by a bare name; also by a name without the date that the provider's own ends in.

    Raises:
        InvalidRequest: several could be meant.
        NotFound: nobody has it, or the caller's token is not for it.
    """
    config, model = await whom(services, caller, wished=None, model=name)
    entries = await _entries(services, caller, config) if may_see(caller, config.provider) else []
    exact = (entry for entry in entries if entry.model.id == model)
    dated = (entry for entry in entries if undated(entry.model.id) == undated(model))
    if found := next(exact, None) or next(dated, None):
        return found
    raise ModelNotFound(
        "There is no such model, or not for you: GET /v1/models lists all that are.", details={"parameter": "model"}
    )


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
