"""What an access token may reach of its owner's configs.

A token that is narrowed to some providers or models sees those alone and changes nothing: else whoever stole it could point a config at a place of
their own (threats A3 and I4).
"""

from shared.errors import BudgetSpent, Forbidden
from shared.identity.caller import Caller
from shared.providers.provider import Provider


def may_see(who: Caller, provider: str) -> bool:
    """The provider (its id) is one that the caller's token is for."""
    return who.token is None or who.token.providers is None or provider in who.token.providers


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
        Forbidden: the token is narrowed.
    """
    if who.token is not None and (who.token.providers is not None or who.token.models is not None):
        raise Forbidden("This access token is for some providers or models alone, so it changes no configs. Sign in.")


def permit_route(who: Caller, name: str) -> None:
    """Let through whom the named route is for; its targets are checked each by itself.

    Raises:
        Forbidden: the token is for others.
    """
    if who.token is not None and who.token.routes is not None and name not in who.token.routes:
        raise Forbidden("This access token is not for that route.", details={"parameter": "model"})


def permit_chat(who: Caller, provider: Provider, model: str) -> None:
    """Let through whom provider and model are for. A token names models as callers write them, with the provider before them or not.

    Raises:
        Forbidden: the token is for others.
        BudgetSpent: it may spend nothing at all. A budget of 0 is a budget (trap 68).
    """
    permit_provider(who, provider)
    if who.token is not None and who.token.budget_usd == 0:
        nothing = {"limit": "0", "remaining": "0", "resetTime": None}
        raise BudgetSpent("This access token has a budget of 0 USD, so it may spend nothing.", details=nothing)
    if not may_ask(who, provider, model):
        raise Forbidden("This access token is not for that model.", details={"parameter": "model"})


def may_ask(who: Caller, provider: Provider, model: str) -> bool:
    """The model is one that the caller's token is for."""
    if who.token is None or who.token.models is None:
        return True
    return bool({model, f"{provider.id}/{model}"} & set(who.token.models))
