"""What an answer cost: under which name, and at whose price."""

from decimal import Decimal
from typing import Any

import pytest

from shared.chat.events import Annotation, Start, Usage
from shared.chat.request import ChatRequest
from shared.egress.urls import parse_base_url
from shared.gateway.books.meter import Meter
from shared.gateway.books.priced import find_custom_price, priced
from shared.gateway.targets.target import Target
from shared.providers.dialects import load_dialect
from shared.providers.find import get_provider
from shared.records.config import OwnPrice, ProviderConfig

NOW = 1_795_000_000.0


def target(model: str, **prices: OwnPrice) -> Target:
    row = get_provider("openai")
    config = ProviderConfig("alice", "c", "openai", 0, 0, prices=prices)
    return Target(row, config, model, load_dialect(row.dialect), parse_base_url("https://a.example/v1"))


def heard(*events: Any) -> Meter:
    meter = Meter(ChatRequest("m", ()))
    for event in events:
        meter.hear(event)
    return meter


def own(dollars: int) -> OwnPrice:
    return OwnPrice(Decimal(dollars), Decimal(dollars))


async def test_the_providers_own_name_of_the_model_is_priced() -> None:
    cost = await priced(heard(Start(model="gpt-4o-2024-05-13"), Usage(1_000_000, 0)), target("gpt-4o"), NOW)

    assert cost.usd == Decimal(5)


async def test_a_name_that_nobody_prices_falls_back_on_the_one_that_was_asked_for() -> None:
    cost = await priced(heard(Start(model="deployment-7"), Usage(1_000_000, 0)), target("gpt-4o"), NOW)

    assert cost.usd == Decimal("2.5")


async def test_what_is_paid_by_use_has_no_cost() -> None:
    """Trap 67."""
    meter = heard(Annotation("web_search_call", {}), Usage(1_000_000, 0))

    cost = await priced(meter, target("gpt-4o"), NOW)

    assert (cost.usd, bool(cost.reason)) == (None, True)


async def test_the_owners_own_price_holds_for_either_name() -> None:
    by_answer = await priced(
        heard(Start(model="gpt-4o-x"), Usage(1_000_000, 0)), target("a", **{"gpt-4o*": own(3)}), NOW
    )
    by_wish = await priced(heard(Start(model="gpt-4o-x"), Usage(1_000_000, 0)), target("a", a=own(4)), NOW)

    assert (by_answer.usd, by_answer.source) == (Decimal(3), "custom")
    assert (by_wish.usd, by_wish.source) == (Decimal(4), "custom")


@pytest.mark.parametrize(
    ("model", "dollars"), [("gpt-4o", 1), ("gpt-4o-mini", 2), ("gpt-4", 3), ("o3", 4), ("gpt-4?", 3), ("[x]", 4)]
)
def test_the_most_exact_name_holds(model: str, dollars: int) -> None:
    config = target("m", **{"gpt-4o": own(1), "gpt-4o*": own(2), "gpt-*": own(3), "*": own(4)}).config

    found = find_custom_price(config, model)

    assert found is not None
    assert found.input == dollars


def test_without_a_price_of_their_own_there_is_none() -> None:
    assert find_custom_price(target("m").config, "m") is None
    assert find_custom_price(target("m", **{"gpt-*": own(1)}).config, "o3") is None
