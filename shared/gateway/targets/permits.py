"""What an access token may reach of its owner's configs.

A token that is narrowed to some providers or models sees those alone. One that is restricted in whatever way changes nothing: else whoever stole it
could point a config at a place of their own, or lift what it is held to (threats A3, I4 and I9). Prices, by which budgets are charged, no token changes.
"""

from typing import Final

from shared.errors import Forbidden
from shared.identity.caller import Caller
from shared.providers.find import find_provider, get_provider
from shared.providers.provider import Provider
from shared.records.route import Route

_RESTRICTIONS: Final = {
    "providers": "providers",
    "models": "models",
    "routes": "routes",
    "origins": "origins",
    "requests_per_minute": "requestsPerMinute",
    "tokens_per_minute": "tokensPerMinute",
    "max_concurrent": "maxConcurrent",
    "budget_usd": "budgetUsd",
    "expires_at": "expiresAt",
}
"""Fields of a token that restrict it, as callers know them."""


def may_see(who: Caller, provider: str) -> bool:
    """The provider (its id) is one that the caller's token is for."""
    if who.token is None or who.token.providers is None:
        return True
    return provider in who.token.providers or any(_is_named(name, provider) for name in who.token.providers)


def permit_provider(who: Caller, provider: Provider) -> None:
    """Let through whom the provider is for.

    Raises:
        Forbidden: the token is for others.
    """
    if not may_see(who, provider.id):
        raise Forbidden(f"This access token is not for {provider.name}.", details={"parameter": "provider"})


def permit_all(who: Caller) -> None:
    """Let through whoever may do all that the owner may.

    Raises:
        Forbidden: the token has some restriction; the message names those that it has.
    """
    found = [shown for name, shown in _RESTRICTIONS.items() if who.token and getattr(who.token, name) is not None]
    if found:
        raise Forbidden(
            f"This access token is restricted ({', '.join(found)}), so it changes no configs and no routes. "
            "Sign in, or use an access token without restrictions."
        )


def permit_prices(who: Caller) -> None:
    """Let through whoever may say what models cost: somebody signed in, for budgets are charged by it (threat I9).

    Raises:
        Forbidden: it is an access token, whatever it may otherwise.
    """
    if who.token is not None:
        raise Forbidden(
            "An access token changes no `prices`, for budgets are charged by them. Sign in, or leave them out.",
            details={"parameter": "prices"},
        )


def permit_route(who: Caller, name: str) -> None:
    """Let through whom the named route is for; its targets are checked each by itself.

    Raises:
        Forbidden: the token is for others.
    """
    if not _is_for_route(who, name):
        raise Forbidden("This access token is not for that route.", details={"parameter": "model"})


def permit_chat(who: Caller, provider: Provider, model: str, *, route: str | None = None) -> None:
    """Let through whom provider and model are for. A token names models as callers write them, with the provider before them or not, or by a `route`.

    Raises:
        Forbidden: the token is for others.
    """
    permit_provider(who, provider)
    if not may_ask(who, provider, model, route=route):
        raise Forbidden("This access token is not for that model.", details={"parameter": "model"})


def may_ask(who: Caller, provider: Provider, model: str, *, route: str | None = None) -> bool:
    """The model is one that the caller's token is for, by its own name or as a part of that route."""
    if who.token is None or who.token.models is None:
        return True
    by_route = route is not None and route in (who.token.routes or ())
    as_written = bool({model, f"{provider.id}/{model}", route} & set(who.token.models))
    return by_route or as_written or any(_is_model_of(name, provider.id, model) for name in who.token.models)


def _is_named(name: str, provider: str) -> bool:
    """The name, as a token may have it from before aliases were resolved, means the provider of that id."""
    found = find_provider(name)
    return found is not None and found.id == provider


def _is_model_of(name: str, provider: str, model: str) -> bool:
    prefix, _, rest = name.partition("/")
    return rest == model and _is_named(prefix, provider)


def may_use_route(who: Caller, route: Route) -> bool:
    """The route is for the caller, and at least one of its targets."""
    return _is_for_route(who, route.name) and any(
        may_see(who, named.provider) and may_ask(who, get_provider(named.provider), named.model, route=route.name)
        for named in route.targets
        if find_provider(named.provider) is not None
    )


def _is_for_route(who: Caller, name: str) -> bool:
    return who.token is None or who.token.routes is None or name in who.token.routes
