"""Lets a request in, or says why not: a place in every scope that it belongs to, before any key is opened and anybody is asked. Promise 6."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Final

from shared.chat.receipt import NOTHING
from shared.errors import RealMultiLLMError, StorageUnavailable
from shared.gateway.estimate import Need
from shared.gateway.limited import limit_headers, refused, unpriced
from shared.gateway.priced import cost_of
from shared.gateway.target import Target
from shared.identity.caller import Caller
from shared.observability import LimitRefused
from shared.records.ledger import LedgerRow
from shared.records.limits import MICROS_A_DOLLAR, Limits, Scope
from shared.records.token import AccessToken
from shared.services import Services
from shared.storage.admission import Hold, Refused
from shared.storage.held import Told
from shared.storage.policies import find_limits
from shared.storage.quota import Claim

_SLACK: Final = 60.0
"""Seconds after its deadline at which a request counts as dead."""

type Limited = tuple[tuple[Scope, Limits], ...]
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


async def limits_of(services: Services, asked: Asked, targets: Sequence[Target]) -> Limited:
    """The limits over that request, the principal's first; those of every target that may answer it are among them.

    Raises:
        StorageUnavailable: nobody can tell. Nobody is let in then.
    """
    limited: dict[Scope, Limits] = {}
    for target in targets:
        limited |= await find_limits(services.table, asked.owner, asked.token, target.provider.id, target.model)
    first = asked.principal
    return ((first, limited.pop(first, Limits())), *limited.items())


def has_budget(limited: Limited) -> bool:
    """Something must not cost more than that."""
    return any(limits.budget_usd is not None for _, limits in limited)


async def admit(services: Services, asked: Asked, limited: Limited, needs: Needs, *, within: float) -> Admission:
    """A place in each scope, or none in any. `within`: seconds that the request may take.

    Raises:
        BudgetSpent, LimitReached: a limit says no.
        StorageUnavailable: the table does not answer, or too many ask for the same at once.
    """
    micros, listed = await _reserve(services, limited, needs)
    tokens = (
        max(need.likely for _, need in needs)
        if any(limits.tokens_per_minute is not None for _, limits in limited)
        else 0
    )
    ends = int(services.now() + within + _SLACK) + 1
    told: Told | None = tell(asked, needs[0][0], listed=None if listed == micros else listed)
    holds: list[Hold] = []
    try:
        for scope, limits in limited:
            reserved = micros if scope.kind == "token" else listed
            claim = Claim(asked.request_id, asked.owner, ends, tokens, reserved, told)
            holds.append(await services.admissions.take(scope, limits, claim))
            told = None
    except Refused as no:
        await _undo(services, holds)
        services.incidents.note(LimitRefused(no.refusal.policy, no.scope.kind))
        raise refused(no.scope, no.refusal, services.now()) from no
    except StorageUnavailable:
        await _undo(services, holds)
        raise
    left = [(hold.scope, each) for hold in holds for each in hold.left]
    return Admission(tuple(holds), limit_headers(left, services.now()), micros, tokens, listed)


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


async def _reserve(services: Services, limited: Limited, needs: Needs) -> tuple[int, int]:
    """Micro-dollars that the request may cost at most, at the dearest who may answer; 0 where no budget asks.

    The second ones are for the budgets that an admin sets, which a caller's own price makes no larger.
    """
    budgeted = [(scope, limits) for scope, limits in limited if limits.budget_usd is not None]
    if not budgeted or any(limits.budget_usd == 0 for _, limits in budgeted):
        return 0, 0  # a budget of 0 refuses by itself
    most = most_listed = Decimal(0)
    for target, need in needs:
        cost = NOTHING if need.free else await cost_of(target, need.most, services.now())
        for scope, _ in budgeted:
            if (cost.usd if scope.kind == "token" else cost.at_least_listed) is None:
                services.incidents.note(LimitRefused("unpriced", scope.kind))
                raise unpriced(scope, target.model)
        most = max(most, cost.usd or Decimal(0))
        most_listed = max(most_listed, cost.at_least_listed or most)
    return in_micros(most), in_micros(most_listed)


async def _undo(services: Services, holds: list[Hold]) -> None:
    with suppress(StorageUnavailable):  # the sweeper ends what is left
        await services.admissions.undo(holds)


async def _undo_when_admitted(services: Services, admitting: "asyncio.Task[Admission]") -> None:
    with suppress(RealMultiLLMError):  # nothing was taken
        admission = await admitting
        await _undo(services, list(admission.holds))
