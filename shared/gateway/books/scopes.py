"""The limits over a request: those of who asks and of the whole installation, which it cannot go around, and those of each target, which another may not have."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from shared.gateway.targets.target import Target
from shared.providers.provider import known_as
from shared.records.limits import Limits, Scope
from shared.records.token import AccessToken
from shared.services import Services
from shared.storage.policies import find_limits

_OF_A_TARGET: Final = ("provider", "model")
"""Kinds of scopes; a shared key's is its provider's."""

type Scopes = tuple[tuple[Scope, Limits], ...]


@dataclass(frozen=True, slots=True)
class Limited:
    """`common` holds whoever answers, the principal's first; `own` has for each target, in their order, what holds there alone."""

    common: Scopes
    own: tuple[Scopes, ...]

    def over(self, places: Sequence[int]) -> Iterator[tuple[Scope, Limits]]:
        """All that the targets at those places have to keep within, each once."""
        yield from self.common
        yield from dict(pair for place in places for pair in self.own[place]).items()

    def concerns(self, scope: Scope, place: int) -> bool:
        """The target at that place has to keep within that scope."""
        return scope.kind not in _OF_A_TARGET or any(own == scope for own, _ in self.own[place])

    def budgets(self, place: int) -> Scopes:
        """Those over the target at that place that have a budget."""
        over = self.over((place,))
        return tuple((scope, limits) for scope, limits in over if limits.budget_usd is not None)

    def counts_tokens(self, place: int) -> bool:
        """One of them limits tokens a minute."""
        return any(limits.tokens_per_minute is not None for _, limits in self.over((place,)))


async def scopes_over(
    services: Services, owner: str, token: AccessToken | None, principal: Scope, targets: Sequence[Target]
) -> Limited:
    """They, of who calls with that token, or without one.

    Raises:
        StorageUnavailable: nobody can tell. Nobody is let in then.
    """
    common: dict[Scope, Limits] = {principal: Limits()}
    own: list[Scopes] = []
    for target in targets:
        found = await find_limits(services.table, owner, token, target.provider.id, *known_as(target.model))
        common |= {scope: limits for scope, limits in found if scope.kind not in _OF_A_TARGET}
        own.append(tuple((scope, limits) for scope, limits in found if scope.kind in _OF_A_TARGET))
    return Limited(tuple(common.items()), tuple(own))
