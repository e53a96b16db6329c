"""Whom to ask, and whom next: a wish's model, the targets of a route, and the fallbacks that the caller names."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from shared.chat.receipt import Attempt
from shared.dialects.caller import Named, Wish
from shared.errors import CallerError, InvalidRequest, NotFound, RealMultiLLMError
from shared.gateway.targets.destination import destination
from shared.gateway.targets.keyring import all_usable, permit_policy
from shared.gateway.targets.permits import permit_chat, permit_route
from shared.gateway.targets.plan import usable
from shared.gateway.targets.strategies import Candidate, in_order
from shared.gateway.targets.target import Target
from shared.gateway.targets.whom import whom
from shared.identity.caller import Caller
from shared.providers.dialects import load_dialect
from shared.providers.find import find_provider, get_provider
from shared.providers.provider import Provider
from shared.records.config import ProviderConfig
from shared.records.route import Route, RouteTarget, is_route_name
from shared.services import Services
from shared.storage.routes import find_route

MOST_FALLBACKS: Final = 8
"""Of one request."""
LONGEST_NAME: Final = 256


@dataclass(frozen=True, slots=True)
class Course:
    """The targets of one chat, in the order in which they are asked; at least one."""

    targets: tuple[Target, ...]
    route: str | None = None
    """The named route that led there."""
    after_timeout: bool = False
    """The next one is asked also where one fell silent, which may have been billed: the owner wants it so."""
    passed_over: tuple[Attempt, ...] = ()
    """Targets of the route that this caller cannot ask, and why."""


async def plan(
    services: Services, caller: Caller, *, wished: str | None, model: str, speaking: str | None = None
) -> Target:
    """The one target that answers this caller, who is `speaking` that dialect.

    Raises:
        InvalidRequest: nobody can tell which provider or model is meant.
        NotFound: no such provider, or no key for it is stored.
        Forbidden: the access token is for others.
    """
    config, named = await whom(services, caller, wished=wished, model=model)
    provider = get_provider(config.provider)
    chosen = named or config.settings.default_model or provider.default_model
    if not chosen:
        raise InvalidRequest(f"`model` is needed: {provider.name} has no default", parameter="model")
    permit_chat(caller, provider, chosen)
    await permit_policy(services, provider, chosen)
    return _target(services, provider, config, chosen, speaking)


async def chart(services: Services, caller: Caller, wish: Wish, *, speaking: str | None = None) -> Course:
    """The whole course of a wish.

    Raises:
        InvalidRequest, NotFound, Forbidden: as `plan`; of a fallback it names the place in the list.
    """
    course = await _course(services, caller, Named(wish.chat.model, wish.provider), speaking)
    if not wish.fallback:
        return course
    later = [each async for each in _fallbacks(services, caller, wish.fallback, speaking)]
    targets = {(target.provider.id, target.model): target for each in (course, *later)[::-1] for target in each.targets}
    order = dict.fromkeys((target.provider.id, target.model) for each in (course, *later) for target in each.targets)
    return Course(
        tuple(targets[name] for name in order),
        course.route,
        course.after_timeout,
        tuple(passed for each in (course, *later) for passed in each.passed_over),
    )


def read_fallbacks(header: str) -> tuple[Named, ...]:
    """The names in `x-realmultillm-fallback`, separated by commas.

    Raises:
        InvalidRequest: it names none, too many, or one that is too long.
    """
    names = [name.strip() for name in header.split(",")]
    if not all(0 < len(name) <= LONGEST_NAME for name in names) or len(names) > MOST_FALLBACKS:
        raise InvalidRequest(
            f"`{FALLBACK}` names at most {MOST_FALLBACKS} models, separated by commas, for example anthropic/claude-haiku-4-5",
            parameter=FALLBACK,
        )
    return tuple(Named(name) for name in names)


FALLBACK: Final = "x-realmultillm-fallback"


async def _fallbacks(
    services: Services, caller: Caller, named: Sequence[Named], speaking: str | None
) -> AsyncIterator[Course]:
    for place, each in enumerate(named):
        try:
            yield await _course(services, caller, each, speaking)
        except CallerError as error:
            _name(error, f"fallback[{place}]")
            raise


def _name(error: CallerError, parameter: str) -> None:
    """Where in the request the wrong name stands."""
    error.details["parameter"] = parameter
    if isinstance(error, InvalidRequest):
        error.parameter = parameter


async def _course(services: Services, caller: Caller, named: Named, speaking: str | None) -> Course:
    """A route's name means the route, also where a provider has a model of that name: its owner has said so."""
    if named.provider is None and is_route_name(named.model):
        route = await find_route(services.table, caller.owner, named.model)
        if route is not None:
            permit_route(caller, route.name)
            return await _along(services, caller, route, speaking)
    return Course((await plan(services, caller, wished=named.provider, model=named.model, speaking=speaking),))


async def _along(services: Services, caller: Caller, route: Route, speaking: str | None) -> Course:
    configs = {config.provider: config for config in await all_usable(services, caller)}
    found: list[Candidate] = []
    passed: list[tuple[RouteTarget, RealMultiLLMError]] = []
    for named in route.targets:
        try:
            config = configs.get(named.provider)
            found.append((named, await _on_route(services, caller, route, named, config, speaking=speaking)))
        except RealMultiLLMError as error:
            passed.append((named, error))
    if not found:
        raise passed[0][1]
    return Course(
        await in_order(services, route.strategy, found, owner=caller.owner),
        route.name,
        route.after_timeout,
        tuple(Attempt(named.provider, named.model, error.code, 0, asked=False) for named, error in passed),
    )


async def _on_route(
    services: Services,
    caller: Caller,
    route: Route,
    named: RouteTarget,
    config: ProviderConfig | None,
    *,
    speaking: str | None,
) -> Target:
    provider = find_provider(named.provider)
    if provider is None:
        raise NotFound("A target of this route names a provider that is no more. PUT /api/routes/{name} mends it.")
    permit_chat(caller, provider, named.model, route=route.name)
    await permit_policy(services, provider, named.model)
    return _target(services, provider, usable(config, provider, by_model=True), named.model, speaking)


def _target(services: Services, provider: Provider, config: ProviderConfig, model: str, speaking: str | None) -> Target:
    base = destination(provider, config.base_url, services.settings)
    return Target(provider, config, model, load_dialect(provider.dialect_for(model, speaking)), base)
