"""Lets a request in, or says why not: a place in every scope that it belongs to, before any key is opened and anybody is asked. Promise 6."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Final

from shared.chat.receipt import NOTHING, Attempt, Cost
from shared.errors import RealMultiLLMError
from shared.gateway.books.estimate import Need
from shared.gateway.books.limited import limit_headers, unpriced
from shared.gateway.books.places import Bid, Kept, NobodyLetIn, Places
from shared.gateway.books.priced import cost_of
from shared.gateway.books.scopes import Limited, Scopes, scopes_over
from shared.gateway.targets.target import Target
from shared.identity.caller import Caller
from shared.observability import LimitRefused
from shared.records.ledger import LedgerRow
from shared.records.limits import MICROS_A_DOLLAR, Limits, Scope
from shared.records.token import AccessToken
from shared.services import Services
from shared.storage.admission import Hold, budget_left
from shared.storage.held import Told
from shared.storage.quota import Claim

_SLACK: Final = 60.0
"""Seconds after its deadline at which a request counts as dead."""

type Needs = Sequence[tuple[Target, Need]]
"""Who may answer, in the order in which they are asked, and what that would take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asked, in which API: what the ledger says of a request beside its end. `started_at` in epoch seconds."""

    request_id: str
    owner: str
    token: AccessToken | None
    api: str
    streamed: bool
    started_at: float
    route: str | None = None

    @classmethod
    def now(cls, services: Services, caller: Caller, request_id: str, api: str, *, streamed: bool) -> "Asked":
        """A request that comes in at this moment."""
        return cls(
            request_id=request_id,
            owner=caller.owner,
            token=caller.token,
            api=api,
            streamed=streamed,
            started_at=services.now(),
        )

    @property
    def principal(self) -> Scope:
        """Whose every request is held, limited or not, so that none is lost."""
        return Scope("token", self.token.id) if self.token else Scope("user", self.owner)


@dataclass(frozen=True, slots=True)
class Admission:
    """What was taken, the principal's first; and what is left, for the head of the answer.

    `micros` were reserved in an access token's budget, `listed` in those that an admin sets.
    """

    holds: tuple[Hold, ...]
    headers: dict[str, str]
    micros: int
    tokens: int
    listed: int = 0
    places: tuple[int, ...] = (0,)
    """Of the targets that were let in, in their order."""
    passed_over: tuple[Attempt, ...] = ()
    """The others, and why."""


async def limits_of(services: Services, asked: Asked, targets: Sequence[Target]) -> Limited:
    """The limits over that request, the principal's first; each target's own beside them.

    Raises:
        StorageUnavailable: nobody can tell. Nobody is let in then.
    """
    return await scopes_over(services, asked.owner, asked.token, asked.principal, targets)


async def admit(services: Services, asked: Asked, limited: Limited, needs: Needs, *, within: float) -> Admission:
    """A place in each scope of those targets that their own limits let in, or none in any. `within`: seconds that the request may take.

    Raises:
        BudgetSpent, LimitReached: a limit says no to whoever answers, or to every one of them: the first one's.
        StorageUnavailable: the table does not answer, or too many ask for the same at once.
    """
    bids, kept_out = await _bids(services, limited, needs)
    ends = int(services.now() + within + _SLACK) + 1

    def claim(micros: int, tokens: int, bid: Bid | None) -> Claim:
        told = None if bid is None else tell(asked, bid.target, listed=None if bid.listed == bid.micros else bid.listed)
        return Claim(asked.request_id, asked.owner, ends, tokens, micros, told)

    places = Places(services, limited, claim, kept_out)
    try:
        let_in = await places.take(bids)
    except NobodyLetIn as no:
        services.incidents.note(no.kept.counted)
        _log(services, no.kept, needs[0][0])
        raise no.kept.error from no
    services.foresee_settlement()
    left = [(hold.scope, each) for hold in places.held for each in hold.left]
    return Admission(
        places.held,
        limit_headers(left, services.now()),
        max(bid.micros for bid in let_in),
        max(bid.tokens for bid in let_in),
        max(bid.listed for bid in let_in),
        tuple(bid.place for bid in let_in),
        _passed_over(needs, places.kept_out),
    )


async def admit_or_undo(
    services: Services, asked: Asked, limited: Limited, needs: Needs, *, within: float
) -> Admission:
    """The same, for a caller who may leave meanwhile: then nothing stays taken."""
    admitting = services.surely(admit(services, asked, limited, needs, within=within))
    try:
        return await asyncio.shield(admitting)
    except asyncio.CancelledError:
        services.surely(_undo_when_admitted(services, admitting))
        raise


def in_micros(usd: Decimal) -> int:
    """Whole micro-dollars, rounded up: budgets are never charged too little."""
    return int((usd * MICROS_A_DOLLAR).to_integral_value(ROUND_CEILING))


def tell(asked: Asked, target: Target, *, listed: int | None = None) -> Told:
    """What the sweeper needs for the row of a request whose carrier died. `listed`: reserved in budgets that an admin sets, where that is another amount."""
    return Told(
        int(asked.started_at * 1000),
        asked.token.id if asked.token else None,
        asked.api,
        asked.route,
        target.provider.id,
        target.model,
        target.payer,
        asked.streamed,
        listed,
    )


def aborted(owner: str, request_id: str, told: Told, micros: int) -> LedgerRow:
    """The row of a request whose carrier died: charged as it was reserved."""
    return LedgerRow(
        request_id=request_id,
        owner=owner,
        token_id=told.token_id,
        started_at=told.started_at / 1000,
        outcome="aborted",
        error="aborted",
        api=told.api,
        route=told.route,
        provider=told.provider,
        model=told.model,
        key=told.key,
        streamed=told.streamed,
        cost_reason="whoever carried the request died before its end",
        charged_micros=micros,
        listed_micros=told.listed,
    )


async def _bids(services: Services, limited: Limited, needs: Needs) -> tuple[list[Bid], dict[int, Kept]]:
    """What each target may cost and take at most; apart, by their places, those whose price a budget has to know and nobody does."""
    bids: list[Bid] = []
    kept_out: dict[int, Kept] = {}
    for place, (target, need) in enumerate(needs):
        budgets = limited.budgets(place)
        cost = await _cost(services, target, need) if _reserves(budgets) else NOTHING
        blind = next((pair for pair in budgets if _counted(cost, pair[0]) is None), None)
        if blind is not None:
            kept_out[place] = await _unpriced(services, *blind, target.model)
            continue
        micros, listed = (in_micros(usd or Decimal(0)) for usd in (cost.usd, cost.at_least_listed))
        bids.append(Bid(place, target, micros, need.likely if limited.counts_tokens(place) else 0, listed))
    return bids, kept_out


async def _cost(services: Services, target: Target, need: Need) -> Cost:
    """What it costs at most."""
    return NOTHING if need.free else await cost_of(target, need.most, services.now())


def _counted(cost: Cost, scope: Scope) -> Decimal | None:
    """By whose price that scope's budget goes: a caller's own price makes no budget of an admin's larger."""
    return cost.usd if scope.kind == "token" else cost.at_least_listed


def _log(services: Services, kept: Kept, first: Target) -> None:
    scope, about = kept.scope, {"provider": first.provider.id, "model": first.model}
    services.refusals.tell(kept.counted.policy, scope.kind, scope.id, scope_id=scope.id, **about)


async def _unpriced(services: Services, scope: Scope, limits: Limits, model: str) -> Kept:
    now = services.now()
    left = await budget_left(services.table, scope, limits, now=now)
    return Kept(unpriced(scope, left, model, now), LimitRefused("unpriced", scope.kind), scope)


def _reserves(budgets: Scopes) -> bool:
    """A budget of 0 refuses by itself, whatever something costs."""
    return bool(budgets) and all(limits.budget_usd != 0 for _, limits in budgets)


def _passed_over(needs: Needs, kept_out: dict[int, Kept]) -> tuple[Attempt, ...]:
    told = [(needs[place][0], kept_out[place].error) for place in sorted(kept_out)]
    return tuple(Attempt(target.provider.id, target.model, error.code, 0, asked=False) for target, error in told)


async def _undo_when_admitted(services: Services, admitting: "asyncio.Task[Admission]") -> None:
    with suppress(RealMultiLLMError):  # nothing was taken, or the sweeper ends what is left
        admission = await admitting
        await services.admissions.undo(admission.holds)
