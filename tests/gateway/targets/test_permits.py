"""What an access token may reach."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from shared.errors import Forbidden
from shared.gateway.targets.permits import _RESTRICTIONS, permit_all, permit_chat, permit_prices, permit_route
from shared.identity.caller import Caller
from shared.providers.find import get_provider
from shared.records.token import AccessToken

TOKEN = AccessToken(id="t", owner="o", name="ci", digest=b"", created_at=0, updated_at=0)


def called_with(token: AccessToken | None) -> Caller:
    return Caller("o", None, "user", token_id=token.id if token else None, token=token)


def test_an_access_token_is_held_to_its_providers_and_models() -> None:
    """An empty list allows nothing, none at all allows everything."""
    provider = get_provider("openai")
    permit_chat(called_with(None), provider, "gpt-5")
    permit_chat(called_with(TOKEN), provider, "gpt-5")
    permit_chat(called_with(replace(TOKEN, providers=("openai",), models=("openai/gpt-5",))), provider, "gpt-5")
    for token in (
        replace(TOKEN, providers=("grok",)),
        replace(TOKEN, providers=()),
        replace(TOKEN, models=("gpt-4",)),
        replace(TOKEN, models=()),
    ):
        with pytest.raises(Forbidden):
            permit_chat(called_with(token), provider, "gpt-5")


def test_a_token_may_name_a_route_in_place_of_its_models() -> None:
    """Threat I4: its providers hold all the same."""
    provider = get_provider("openai")
    named = replace(TOKEN, models=("my-route",))
    permit_chat(called_with(named), provider, "gpt-5", route="my-route")
    for token, route in ((named, None), (named, "other"), (replace(named, providers=("grok",)), "my-route")):
        with pytest.raises(Forbidden):
            permit_chat(called_with(token), provider, "gpt-5", route=route)


def test_a_token_that_lists_routes_is_for_those_alone_and_for_their_targets() -> None:
    """Threat I4: beside its models, and within its providers."""
    provider = get_provider("openai")
    token = replace(TOKEN, models=("gpt-4",), routes=("smart",))
    permit_route(called_with(token), "smart")
    permit_route(called_with(TOKEN), "any")
    permit_chat(called_with(token), provider, "gpt-5", route="smart")

    with pytest.raises(Forbidden):
        permit_route(called_with(token), "other")
    with pytest.raises(Forbidden):
        permit_chat(called_with(token), provider, "gpt-5")
    with pytest.raises(Forbidden):
        permit_chat(called_with(token), provider, "smart")
    with pytest.raises(Forbidden):
        permit_all(called_with(replace(TOKEN, routes=("smart",))))


@pytest.mark.parametrize(
    ("restriction", "named"),
    [
        ({"providers": ()}, "providers"),
        ({"models": ("gpt-5",)}, "models"),
        ({"routes": ("smart",)}, "routes"),
        ({"origins": ("203.0.113.0/24",)}, "origins"),
        ({"requests_per_minute": 5}, "requestsPerMinute"),
        ({"tokens_per_minute": 5}, "tokensPerMinute"),
        ({"max_concurrent": 1}, "maxConcurrent"),
        ({"budget_usd": Decimal(0), "budget_period": "total"}, "budgetUsd"),
        ({"expires_at": 2}, "expiresAt"),
    ],
)
def test_a_token_with_whatever_restriction_changes_nothing(restriction: dict[str, Any], named: str) -> None:
    """Threats I4 and I9: a token only narrows. The refusal says what it is for, and what to do."""
    permit_all(called_with(None))
    permit_all(called_with(TOKEN))
    with pytest.raises(Forbidden) as caught:
        permit_all(called_with(replace(TOKEN, **restriction)))

    assert f"({named})" in caught.value.message
    assert "Sign in" in caught.value.message


def test_prices_are_said_by_who_is_signed_in_and_by_no_token() -> None:
    """Threat I9: budgets are charged by them."""
    permit_prices(called_with(None))
    with pytest.raises(Forbidden) as caught:
        permit_prices(called_with(TOKEN))

    assert caught.value.details == {"parameter": "prices"}


def test_every_field_of_a_token_that_is_no_name_of_it_restricts_it() -> None:
    """Threat I4: a restriction to come is not forgotten here."""
    free = {"id", "owner", "name", "digest", "created_at", "updated_at", "budget_period"}

    assert {*_RESTRICTIONS, *free} == set(AccessToken.__dataclass_fields__)


def test_a_token_of_before_that_names_a_provider_by_an_alias_is_for_that_provider() -> None:
    """What is kept today are ids; `claude` used to be kept as it was written."""
    provider = get_provider("anthropic")
    for token in (replace(TOKEN, providers=("claude",)), replace(TOKEN, models=("claude/opus",))):
        permit_chat(called_with(token), provider, "opus")
        with pytest.raises(Forbidden):
            permit_chat(called_with(token), get_provider("openai"), "opus")


def test_a_name_of_a_model_with_its_vendor_is_not_taken_for_another_providers() -> None:
    """OpenRouter's `google/gemini` is its own name of it."""
    token = replace(TOKEN, models=("google/gemini",))
    permit_chat(called_with(token), get_provider("openrouter"), "google/gemini")
    permit_chat(called_with(token), get_provider("google"), "gemini")
    with pytest.raises(Forbidden):
        permit_chat(called_with(token), get_provider("openrouter"), "gemini")
