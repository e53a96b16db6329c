"""Whom of a route's targets to ask first."""

import asyncio
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from shared.chat.events import Usage
from shared.gateway.books.priced import own_price
from shared.gateway.targets.target import Target
from shared.providers import prices
from shared.records.route import RouteTarget, Strategy
from shared.services import Services
from shared.storage.usage import first_tokens_of

_TYPICAL: Final = Usage(input=3000, output=1000)
"""What prices are compared by: three tokens read for one that is said."""

type Candidate = tuple[RouteTarget, Target]


async def in_order(
    services: Services, strategy: Strategy, candidates: Sequence[Candidate], *, owner: str
) -> tuple[Target, ...]:
    """All of them, the first to ask first. What is equal stays as it was listed. `owner`: who asks."""
    targets = tuple(target for _, target in candidates)
    if len(targets) == 1:
        return targets
    match strategy:
        case "weighted":
            return drawn(candidates)
        case "cheapest":
            if not prices.loaded():
                await asyncio.to_thread(prices.load)
            return cheapest(targets, services.now())
        case "fastest":
            return await _fastest(services, targets, owner)
        case _:
            return targets


def drawn(candidates: Sequence[Candidate], *, dice: Callable[[], float] = random.random) -> tuple[Target, ...]:
    """Drawn by weight, one after another: https://doi.org/10.1016/j.ipl.2005.11.003 (Efraimidis and Spirakis)."""
    lots = [(dice() ** (1 / named.weight), target) for named, target in candidates]
    return tuple(target for _, target in sorted(lots, key=lambda lot: lot[0], reverse=True))


def cheapest(targets: Sequence[Target], now: float) -> tuple[Target, ...]:
    """By the config's own price, else by the price table; those of which neither knows a price last."""
    return tuple(sorted(targets, key=lambda target: _price(target, now)))


def fastest(targets: Sequence[Target], find: Callable[[Target], float | None]) -> tuple[Target, ...]:
    """By the time until the first word. Of whom nothing is known is asked first, for nobody knows otherwise."""
    return tuple(sorted(targets, key=lambda target: find(target) or 0.0))


async def _fastest(services: Services, targets: Sequence[Target], owner: str) -> tuple[Target, ...]:
    """By what this process measured lately, failures and plain answers among it; where it knows nothing, by what the owner's counters of today tell, for one read in five minutes."""
    latencies, counted = services.latencies, dict[tuple[str, str], float]()

    def find(target: Target) -> float | None:
        measured = latencies.find(target.place.name, target.model)
        return counted.get((target.provider.id, target.model)) if measured is None else measured

    if any(find(target) is None for target in targets):
        today = datetime.fromtimestamp(services.now(), UTC).date()
        counted.update(await latencies.counted(owner, lambda: first_tokens_of(services.table, owner, today)))
    return fastest(targets, find)


def _price(target: Target, now: float) -> tuple[bool, Decimal]:
    own = own_price(target, target.model)
    usd = prices.price(target.provider, target.model, _TYPICAL, now, custom=own).usd
    return usd is None, usd or Decimal(0)
