"""The catalogue door. It answers from the rows and the price table, asks no provider, and opens no key."""

import asyncio
from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Query

from functions.catalog.compare import compare
from functions.catalog.recommend import recommend
from functions.catalog.schemas import (
    CompareBody,
    Comparison,
    ModelList,
    ProviderAnswer,
    ProviderDetail,
    ProviderList,
    ProviderMetadata,
    Recommendation,
    RecommendBody,
)
from shared.gateway.named import get_named_provider
from shared.gateway.permits import may_ask, may_see, permit_provider
from shared.identity.caller import Caller
from shared.providers.catalogue import Model, list_models
from shared.providers.provider import Provider
from shared.providers.rows import PROVIDERS
from shared.services import Services
from shared.storage.configs import list_configs
from shared.web.fastapi import StrictRoute, caller, new_door
from shared.web.models import ModelAnswer

_PAGE = 200
_LARGEST_PAGE = 1000


def create_app(services: Services) -> FastAPI:
    """The door. Nothing is opened before the first request."""
    app = new_door(services, title="Catalogue")
    app.include_router(_providers(services), prefix="/api/providers", tags=["Catalogue"])
    app.include_router(_models(services), prefix="/api/models", tags=["Catalogue"])
    return app


def _providers(services: Services) -> APIRouter:
    """Routes that are no coroutines: the first of them loads the price table, and no other caller waits for that."""
    routes = APIRouter(route_class=StrictRoute)
    ask = Depends(caller(services))

    @routes.get("")
    def all_providers(who: Caller = ask) -> ProviderList:
        """Who can be reached."""
        return ProviderList(providers=[_provider(who, row) for row in _seen(who)])

    @routes.get("/metadata")
    def provider_metadata(who: Caller = ask) -> ProviderMetadata:
        """Who can be reached, by id."""
        return ProviderMetadata(providers={row.id: _provider(who, row) for row in _seen(who)})

    @routes.get("/{provider}")
    def one_provider(provider: str, who: Caller = ask) -> ProviderDetail:
        """One provider, by its id or an alias, with what is known of its models."""
        row = get_named_provider(provider, None)
        permit_provider(who, row)
        details = [ModelAnswer.of(model) for model in _chatting(who, row)]
        return ProviderDetail(**dict(_provider(who, row)), model_details=details)

    return routes


def _models(services: Services) -> APIRouter:
    routes = APIRouter(route_class=StrictRoute)
    ask = Depends(caller(services))

    @routes.get("")
    def all_models(
        provider: Annotated[str | None, Query(max_length=100, description="Of this provider alone.")] = None,
        after: Annotated[str | None, Query(max_length=400, description="`next` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=_LARGEST_PAGE)] = _PAGE,
        who: Caller = ask,
    ) -> ModelList:
        """What the models of all providers can do and cost, page by page."""
        rows = _seen(who) if provider is None else [get_named_provider(provider, None)]
        return _page(who, rows, after or "", limit)

    @routes.post("/compare")
    def compare_models(body: CompareBody, who: Caller = ask) -> Comparison:
        """Models side by side, with what a request of the caller's would cost at each."""
        return compare(who, body, services.now())

    @routes.post("/recommend")
    async def recommend_models(body: RecommendBody, who: Caller = ask) -> Recommendation:
        """Which models of the caller's providers fit a need, the best first, with the reasons."""
        configs = await list_configs(services.table, who.owner)
        return await asyncio.to_thread(recommend, who, configs, body, services.now())

    return routes


def _seen(who: Caller) -> list[Provider]:
    """Those that the caller's token is for."""
    return [row for row in PROVIDERS if may_see(who, row.id)]


def _provider(who: Caller, row: Provider) -> ProviderAnswer:
    return ProviderAnswer.of(row, [model.id for model in _chatting(who, row)])


def _chatting(who: Caller, row: Provider) -> list[Model]:
    """Those of the table that the caller's token is for, without what is known to do something else than chat."""
    return [model for model in list_models(row) if "chat" not in model.facts.lacks and may_ask(who, row, model.id)]


def _page(who: Caller, rows: Iterable[Provider], after: str, limit: int) -> ModelList:
    for row in rows:
        permit_provider(who, row)
    models = {_name(model): model for row in rows for model in list_models(row) if may_ask(who, row, model.id)}
    names = [name for name in sorted(models) if name > after]
    page = [ModelAnswer.of(models[name]) for name in names[:limit]]
    return ModelList(models=page, next=names[limit - 1] if len(names) > limit else None)


def _name(model: Model) -> str:
    return f"{model.provider}/{model.id}"
