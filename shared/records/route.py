"""A named route: targets that an owner put together under a name, which is then used as a model's name."""

import re
from dataclasses import dataclass
from typing import Final, Literal

Strategy = Literal["fallback", "weighted", "cheapest", "fastest"]
"""Whom to ask first: as listed; drawn by weight; by the price table; by what was measured. The others follow in that order."""

NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?", re.ASCII)
"""No slash, so that no route looks like `provider/model`."""


@dataclass(frozen=True, slots=True)
class RouteTarget:
    """A provider (its id) and its own name of a model. `weight` counts in weighted routes alone."""

    provider: str
    model: str
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Route:
    """One owner's route. Times are epoch seconds."""

    owner: str
    name: str
    strategy: Strategy
    targets: tuple[RouteTarget, ...]
    created_at: int
    updated_at: int
    after_timeout: bool = False
    """Ask the next one also where this one fell silent: the owner knows that both may be paid for."""


def is_route_name(text: str) -> bool:
    """A route may have this name."""
    return NAME.fullmatch(text) is not None
