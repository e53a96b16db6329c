"""What the answer of a target cost: by the provider's own name of the model, else by the name that was asked for."""

import asyncio
from dataclasses import asdict, replace
from fnmatch import fnmatchcase

from shared.chat.events import Usage
from shared.chat.receipt import OWN_PRICE, Cost
from shared.gateway.books.meter import Meter
from shared.gateway.targets.target import Target
from shared.providers import prices
from shared.providers.prices import CustomPrice
from shared.records.config import ProviderConfig


async def priced(meter: Meter, target: Target, at: float) -> Cost:
    """The cost of what the meter heard of this target, at the time `at` (epoch seconds)."""
    tier, fees = meter.service_tier, meter.fees
    return await cost_of(target, meter.usage(), at, model=meter.model, service_tier=tier, fees=fees)


async def cost_of(
    target: Target,
    usage: Usage,
    at: float,
    *,
    model: str | None = None,
    service_tier: str | None = None,
    fees: bool = False,
) -> Cost:
    """What that usage costs at the target, at the time `at` (epoch seconds). `model` is the provider's own name of what answered."""
    if not prices.loaded():
        await asyncio.to_thread(prices.load)

    def by(name: str, own: CustomPrice | None) -> Cost:
        return prices.price(target.provider, name, usage, at, custom=own, service_tier=service_tier, fees=fees)

    def best(*, owns: bool) -> Cost:
        cost = by(model or target.model, own_price(target, model or target.model) if owns else None)
        if cost.usd is not None or model in {None, target.model}:
            return cost
        return by(target.model, own_price(target, target.model) if owns else None)

    cost = best(owns=True)
    if cost.source == OWN_PRICE and target.payer == "own":
        return replace(cost, listed=best(owns=False))
    return cost


def own_price(target: Target, model: str) -> CustomPrice | None:
    """Of that model by its provider's name, else by the name that was asked for."""
    return find_custom_price(target.config, model) or find_custom_price(target.config, target.model)


def find_custom_price(config: ProviderConfig, model: str) -> CustomPrice | None:
    """The owner's own price of that model: by its name, else by the longest pattern (`gpt-4o*`, `*`) that fits it."""
    if not config.prices:
        return None
    fitting = [name for name in config.prices if name == model or ("*" in name and fnmatchcase(model, name))]
    if not fitting:
        return None
    own = config.prices[max(fitting, key=lambda name: (name == model, len(name), name))]
    return CustomPrice(**asdict(own))
