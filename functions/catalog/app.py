"""The catalogue door. It answers from the rows and the price table, asks no provider, and opens no key."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
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
from functions.catalog.view import View
from shared.gateway.targets.keyring import all_usable
from shared.gateway.targets.named import get_named_provider
from shared.identity.caller import Caller
from shared.providers.catalogue import Model, list_models
from shared.providers.provider import Provider
from shared.providers.rows import PROVIDERS
from shared.services import Services
from shared.storage.policies import find_policies
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
    ask = Depends(_viewer(services))

    @routes.get("")
    def all_providers(view: View = ask) -> ProviderList:
        """Who can be reached."""
        return ProviderList(providers=[_provider(view, row) for row in _seen(view)])

    @routes.get("/metadata")
    def provider_metadata(view: View = ask) -> ProviderMetadata:
        """Who can be reached, by id."""
        return ProviderMetadata(providers={row.id: _provider(view, row) for row in _seen(view)})

    @routes.get("/{provider}")
    def one_provider(provider: str, view: View = ask) -> ProviderDetail:
        """One provider, by its id or an alias, with what is known of its models."""
        row = get_named_provider(provider, None)
        view.check(row)
        details = [ModelAnswer.of(model) for model in _chatting(view, row)]
        return ProviderDetail(**dict(_provider(view, row)), model_details=details)

    return routes


def _models(services: Services) -> APIRouter:
    routes = APIRouter(route_class=StrictRoute)
    ask = Depends(_viewer(services))

    @routes.get("")
    def all_models(
        provider: Annotated[str | None, Query(max_length=100, description="Of this provider alone.")] = None,
        after: Annotated[str | None, Query(max_length=400, description="`next` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=_LARGEST_PAGE)] = _PAGE,
        view: View = ask,
    ) -> ModelList:
        """What the models of all providers can do and cost, page by page."""
        rows = _seen(view) if provider is None else [get_named_provider(provider, None)]
        return _page(view, rows, after or "", limit)

    @routes.post("/compare")
    def compare_models(body: CompareBody, view: View = ask) -> Comparison:
        """Models side by side, with what a request of the caller's would cost at each."""
        return compare(view, body, services.now())

    @routes.post("/recommend")
    async def recommend_models(body: RecommendBody, view: View = ask) -> Recommendation:
        """Which models of the caller's providers fit a need, the best first, with the reasons."""
        configs = await all_usable(services, view.who)
        return await asyncio.to_thread(recommend, view, configs, body, services.now())

    return routes


def _viewer(services: Services) -> Callable[..., Awaitable[View]]:
    known = Depends(caller(services))

    async def look(who: Caller = known) -> View:
        return View(who, await find_policies(services.table))

    return look


def _seen(view: View) -> list[Provider]:
    return [row for row in PROVIDERS if view.has(row)]


def _provider(view: View, row: Provider) -> ProviderAnswer:
    return ProviderAnswer.of(row, [model.id for model in _chatting(view, row)])


def _chatting(view: View, row: Provider) -> list[Model]:
    """Those of the table in view, without what is known to do something else than chat."""
    return [model for model in list_models(row) if "chat" not in model.facts.lacks and view.has_model(row, model.id)]


def _page(view: View, rows: Iterable[Provider], after: str, limit: int) -> ModelList:
    for row in rows:
        view.check(row)
    models = {_name(model): model for row in rows for model in list_models(row) if view.has_model(row, model.id)}
    names = [name for name in sorted(models) if name > after]
    page = [ModelAnswer.of(models[name]) for name in names[:limit]]
    return ModelList(models=page, next=names[limit - 1] if len(names) > limit else None)


def _name(model: Model) -> str:
    return f"{model.provider}/{model.id}"
