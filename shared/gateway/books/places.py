"""Takes a place in each scope over a request, for as many of its targets as can be had there: whom a limit of their own keeps out is passed over."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from shared.errors import RealMultiLLMError, StorageUnavailable
from shared.gateway.books.limited import refused
from shared.gateway.books.scopes import Limited
from shared.gateway.targets.target import Target
from shared.observability import LimitRefused
from shared.records.limits import Limits, Scope
from shared.services import Services
from shared.storage.admission import Hold, Refused, Used
from shared.storage.quota import Claim

_OF_AMOUNTS: Final = ("budget", "tokens")
"""Policies under which one target may fit where another does not."""


type Claims = Callable[[int, int, "Bid | None"], Claim]
"""A request's claim of so many micro-dollars and tokens, told about that bid's target, if any."""


@dataclass(frozen=True, slots=True)
class Bid:
    """What one target asks of every scope over it, and its `place` among the targets.

    `micros`: micro-dollars at most, for an access token's budget; `listed`: for those that an admin sets, which a caller's own price makes no
    smaller. `tokens`: their likely number.
    """

    place: int
    target: Target
    micros: int
    tokens: int
    listed: int

    def reserves(self, scope: Scope) -> int:
        """Micro-dollars in that scope's budget."""
        return self.micros if scope.kind == "token" else self.listed


@dataclass(frozen=True, slots=True)
class Kept:
    """Why a target cannot be asked: what the caller is told if nobody else can, and what is counted."""

    error: RealMultiLLMError
    counted: LimitRefused
    scope: Scope


class NobodyLetIn(Exception):
    """No target can be admitted, or a limit over all of them says no."""

    def __init__(self, kept: Kept) -> None:
        super().__init__(kept.error.message)
        self.kept = kept


class Places:
    """Of one request. All that is taken is in `held`, the principal's first; where it fails half-way, all is given back."""

    def __init__(self, services: Services, limited: Limited, claims: Claims, kept_out: dict[int, Kept]) -> None:
        self._services = services
        self._limited = limited
        self._claims = claims
        self.kept_out = kept_out
        """By place; in the end all that are passed over."""
        self._held: dict[Scope, tuple[Limits, Claim, Hold]] = {}

    @property
    def held(self) -> tuple[Hold, ...]:
        """What was taken."""
        return tuple(hold for _, _, hold in self._held.values())

    async def take(self, bids: Sequence[Bid]) -> Sequence[Bid]:
        """One conditional write for each scope; those of the bids that remain, at least one. What is reserved then is the dearest of theirs.

        Raises:
            NobodyLetIn: nothing stays taken.
            StorageUnavailable: the table does not answer; the same.
        """
        try:
            let_in = await self._let_in(bids)
            await self._lower(let_in)
        except (NobodyLetIn, StorageUnavailable):
            await self.undo()
            raise
        return let_in

    async def undo(self) -> None:
        """Give all back."""
        with suppress(StorageUnavailable):  # the sweeper ends what is left
            await self._services.admissions.undo(self.held)

    async def _let_in(self, bids: Sequence[Bid]) -> Sequence[Bid]:
        while bids and (missing := self._missing(bids)):
            bids = await self._take(*missing, bids)
        if not bids:
            raise NobodyLetIn(self.kept_out[min(self.kept_out)])
        return bids

    def _missing(self, bids: Sequence[Bid]) -> tuple[Scope, Limits] | None:
        over = self._limited.over([bid.place for bid in bids])
        return next(((scope, limits) for scope, limits in over if scope not in self._held), None)

    async def _take(self, scope: Scope, limits: Limits, bids: Sequence[Bid]) -> Sequence[Bid]:
        claim = self._claim(scope, bids)
        try:
            self._held[scope] = limits, claim, await self._services.admissions.take(scope, limits, claim)
        except Refused as no:
            return self._without(bids, no, claim)
        return bids

    def _claim(self, scope: Scope, bids: Sequence[Bid]) -> Claim:
        """The most that any of those asks of the scope; the first is told of in the principal's alone."""
        there = [bid for bid in bids if self._limited.concerns(scope, bid.place)]
        told = None
        if scope == self._limited.common[0][0]:
            told = replace(bids[0], micros=max(bid.micros for bid in there), listed=max(bid.listed for bid in there))
        return self._claims(max(bid.reserves(scope) for bid in there), max(bid.tokens for bid in there), told)

    def _without(self, bids: Sequence[Bid], no: Refused, claim: Claim) -> Sequence[Bid]:
        """Those that the refusal leaves. A scope common to all is not gone around: it has to let the first one in.

        Raises:
            NobodyLetIn: it does not.
        """
        kept = Kept(
            refused(no.scope, no.refusal, self._services.now()),
            LimitRefused(no.refusal.policy, no.scope.kind),
            no.scope,
        )
        over = [bid for bid in bids if self._limited.concerns(no.scope, bid.place) and not _fits(bid, no, claim)]
        if bids[0] in over and no.scope in dict(self._limited.common):
            raise NobodyLetIn(kept)
        self.kept_out |= {bid.place: kept for bid in over}
        return [bid for bid in bids if bid not in over]

    async def _lower(self, bids: Sequence[Bid]) -> None:
        """What was taken for others goes back. That needs no room, so it cannot fail for want of it."""
        needed = dict(self._limited.over([bid.place for bid in bids]))
        for scope, (limits, claim, hold) in list(self._held.items()):
            if scope not in needed:
                await self._services.admissions.settle(hold, Used(requests=0))
                del self._held[scope]
            elif (lower := self._claim(scope, bids)) != claim:
                self._held[scope] = limits, lower, await self._services.admissions.lower(hold, limits, lower)


def _fits(bid: Bid, no: Refused, claim: Claim) -> bool:
    """It asks for less than what was refused, and for no more than there is."""
    if no.refusal.policy not in _OF_AMOUNTS:
        return False
    is_budget = no.refusal.policy == "budget"
    mine, most = (bid.reserves(no.scope), claim.micros) if is_budget else (bid.tokens, claim.tokens)
    return mine < most and mine <= no.refusal.remaining
