"""The models of one provider, as it lists them for the caller's own key. It stands in this door because the key has to be opened for it."""

import asyncio
from collections.abc import Callable

from fastapi import APIRouter, Depends

from functions.key_test.schemas import ProviderModels
from shared.dialects.listed import ListedModel
from shared.gateway.targets.keyring import find_usable
from shared.gateway.targets.named import get_named_provider
from shared.gateway.targets.offers import offers
from shared.gateway.targets.permits import may_ask, permit_provider
from shared.identity.caller import Caller
from shared.providers.catalogue import describe_listed, list_models
from shared.providers.provider import Provider
from shared.services import Services
from shared.storage.policies import find_policies
from shared.web.fastapi import StrictRoute, caller
from shared.web.models import ModelAnswer


def routes(services: Services) -> APIRouter:
    """`GET /api/models/{provider}`."""
    router = APIRouter(route_class=StrictRoute, prefix="/api/models", tags=["Catalogue"])
    ask = Depends(caller(services))

    @router.get("/{provider}")
    async def provider_models(provider: str, who: Caller = ask) -> ProviderModels:
        """The models of one provider: those that it lists for the caller's key, else those of the price table."""
        row = get_named_provider(provider, None)
        permit_provider(who, row)
        listed, reason = await offers(services, await find_usable(services, who, row))
        allows = (await find_policies(services.table)).of(row.id).allows
        models = await asyncio.to_thread(_known, row, listed, lambda name: may_ask(who, row, name) and allows(name))
        return ProviderModels(
            provider=row.id, source="catalogue" if listed is None else "provider", reason=reason, models=models
        )

    return router


def _known(
    row: Provider, listed: tuple[ListedModel, ...] | None, is_for_them: Callable[[str], bool]
) -> list[ModelAnswer]:
    if listed is None:
        return [ModelAnswer.of(model) for model in list_models(row) if is_for_them(model.id)]
    once = {model.id: model for model in reversed(listed) if is_for_them(model.id)}
    return [ModelAnswer.of(describe_listed(row, once[name]), available=True) for name in sorted(once)]
