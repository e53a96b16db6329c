"""Named routes: targets that their owner put together under a name, which every API then takes for a model's."""

from fastapi import APIRouter, Depends, Response, status

from functions.configs.schemas import RouteAnswer, RouteBody, RoutesAnswer
from shared.errors import Conflict, InvalidRequest, NotFound
from shared.gateway.targets.permits import may_use_route, permit_all
from shared.identity.caller import Caller
from shared.providers.find import find_provider
from shared.records.route import Route, RouteTarget, is_route_name
from shared.services import Services
from shared.storage.routes import MOST_ROUTES, delete_route, find_route, list_routes, save_route
from shared.web.fastapi import StrictRoute, caller


def named_routes(services: Services) -> APIRouter:
    """They."""
    routes = APIRouter(route_class=StrictRoute)
    ask = Depends(caller(services))

    @routes.get("")
    async def all_routes(who: Caller = ask) -> RoutesAnswer:
        """All named routes of the caller."""
        kept = await list_routes(services.table, who.owner)
        return RoutesAnswer(routes=[RouteAnswer.of(route) for route in kept if may_use_route(who, route)])

    @routes.get("/{name}")
    async def one_route(name: str, who: Caller = ask) -> RouteAnswer:
        """The route of that name."""
        return RouteAnswer.of(await _get_route(services, who, name))

    @routes.put("/{name}")
    async def save_named_route(name: str, body: RouteBody, who: Caller = ask) -> RouteAnswer:
        """Keep a route under that name, in place of what had it. From then on the name is taken for a model's in every API."""
        permit_all(who)
        _check_name(name)
        before = await find_route(services.table, who.owner, name, consistent=True)
        if before is None and len(await list_routes(services.table, who.owner)) >= MOST_ROUTES:
            raise Conflict(f"There are {MOST_ROUTES} routes already. Delete one first.")
        now = int(services.now())
        route = Route(
            owner=who.owner,
            name=name,
            strategy=body.strategy,
            targets=_targets(body),
            created_at=before.created_at if before else now,
            updated_at=now,
            after_timeout=body.after_timeout,
        )
        await save_route(services.table, route)
        return RouteAnswer.of(route)

    @routes.delete("/{name}", status_code=status.HTTP_204_NO_CONTENT)
    async def forget_route(name: str, who: Caller = ask) -> Response:
        """Forget the route."""
        permit_all(who)
        if not is_route_name(name) or not await delete_route(services.table, who.owner, name):
            raise _absent()
        return Response(status_code=status.HTTP_204_NO_CONTENT)

    return routes


async def _get_route(services: Services, who: Caller, name: str) -> Route:
    """What a narrowed token cannot use looks to it as if it were not there."""
    route = await find_route(services.table, who.owner, name, consistent=True) if is_route_name(name) else None
    if route is None or not may_use_route(who, route):
        raise _absent()
    return route


def _absent() -> NotFound:
    return NotFound(
        "There is no such route: PUT /api/routes/{name} makes one, GET /api/routes lists them.",
        details={"parameter": "name"},
    )


def _check_name(name: str) -> None:
    if not is_route_name(name):
        raise InvalidRequest(
            "A route's name has 1 to 64 letters, digits, `.`, `_` or `-`, no slash, and a letter or digit at both ends.",
            parameter="name",
        )
    if find_provider(name) is not None:
        raise InvalidRequest("That is the name of a provider; give the route another one.", parameter="name")


def _targets(body: RouteBody) -> tuple[RouteTarget, ...]:
    found = dict[tuple[str, str], RouteTarget]()
    for place, target in enumerate(body.targets):
        provider = find_provider(target.provider)
        if provider is None:
            raise InvalidRequest(
                "There is no such provider. GET /api/providers lists them.", parameter=f"targets[{place}].provider"
            )
        if (provider.id, target.model) in found:
            raise InvalidRequest("That target is in the list already.", parameter=f"targets[{place}]")
        found[provider.id, target.model] = RouteTarget(provider.id, target.model, target.weight)
    return tuple(found.values())
