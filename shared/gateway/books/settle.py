"""The end of a request, whichever it is: its row in the ledger first, then what it had taken is given back. Each happens exactly once.

What cannot be written in time becomes a signed line (`shared.gateway.books.unsettled`) that the sweeper carries out within a minute of the table's return.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Final

from shared.chat.events import Usage
from shared.chat.receipt import Cost
from shared.errors import DeadlineReached, ProviderTimeout, RealMultiLLMError, StorageUnavailable
from shared.gateway.books.admit import Admission, Asked, in_micros
from shared.gateway.books.priced import cost_of
from shared.gateway.books.progress import Progress
from shared.gateway.books.unsettled import leave_unsettled
from shared.gateway.targets.target import Target
from shared.insight.telemetry import NOTHING_SAID, Said
from shared.insight.tell import tell_request
from shared.providers.provider import known_as
from shared.records.ledger import LedgerRow, Outcome
from shared.records.limits import Scope
from shared.services import Services
from shared.storage.admission import Used
from shared.storage.ledger import add_row
from shared.storage.policies import SHARED_KEY
from shared.storage.usage import add_usage

PATIENCE: Final = 5.0
"""Seconds for which an end is tried to be written, where the platform leaves them."""
_BEFORE_THE_END: Final = 2.0
"""Seconds before the platform's end at which trying stops."""
_WAIT: Final = 0.25
_NAMED: Final[dict[str, Outcome]] = {"cancelled": "cancelled", DeadlineReached.code: "deadline"}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a request ended. `usage` None: nothing was used. `cost` None: to be guessed from the usage. Durations in milliseconds."""

    outcome: Outcome
    error: str | None
    usage: Usage | None
    cost: Cost | None
    duration_ms: int
    first_token_ms: int | None = None
    said: Said = NOTHING_SAID


def outcome_of(error: BaseException) -> tuple[Outcome, str | None]:
    """What the ledger calls an ending that is not a good one, and the code of its error."""
    match error:
        case asyncio.CancelledError() | GeneratorExit():
            return "disconnected", None
        case RealMultiLLMError():
            return _NAMED.get(error.code, "error"), error.code
        case _:
            return "error", RealMultiLLMError.code


def may_be_billed(error: BaseException, progress: Progress, *, spoken: bool) -> bool:
    """The provider may charge for it: it spoke, or had the request when we stopped waiting. A plain refusal costs nothing (trap 69)."""
    if progress.target is None:
        return False
    return spoken or isinstance(error, ProviderTimeout) or outcome_of(error)[0] != "error"


async def settle(
    services: Services,
    asked: Asked,
    admission: Admission,
    target: Target,
    ended: Ended,
    *,
    attempts: int,
    ends: float | None,
) -> None:
    """Write the row, give back what was taken. `target` was asked last, `attempts` times; `ends` is on the loop's clock.

    Raises nothing of the table's: what cannot be written is left to the sweeper, and in the log.
    """
    micros, listed = await _charged(services, admission, target, ended)
    row = _row(asked, target, ended, attempts=attempts, micros=micros)
    if listed != micros:
        row = replace(row, listed_micros=listed)
    used = Used(micros=micros, tokens=_tokens(ended.usage))
    patience = PATIENCE if ends is None else ends - asyncio.get_running_loop().time() - _BEFORE_THE_END
    if not await conclude(services, row, admission, used, patience=patience, said=ended.said):
        await leave_unsettled(services, row, admission, used)


async def conclude(
    services: Services,
    row: LedgerRow,
    admission: Admission,
    used: Used,
    *,
    patience: float,
    said: Said = NOTHING_SAID,
) -> bool:
    """The row, which is told once, then the count of usage and the holds side by side; False when the table does not take them for so many seconds."""
    until = time.monotonic() + patience
    try:
        if await _persistently(lambda: add_row(services.table, row), until):
            tell_request(row, said, cloudwatch=services.tells_cloudwatch)
            await asyncio.gather(
                _persistently(lambda: add_usage(services.table, row), until),
                services.spending.note(row.owner, row.cost_usd),
                _give_back(services, row, admission, used, until),
            )
        else:
            await _give_back(services, row, admission, used, until)
    except StorageUnavailable:
        return False
    return True


async def _give_back(services: Services, row: LedgerRow, admission: Admission, used: Used, until: float) -> None:
    await asyncio.gather(
        *(
            _persistently(partial(services.admissions.settle, hold, used_in(hold.scope, row, used)), until)
            for hold in admission.holds
        )
    )


def used_in(scope: Scope, row: LedgerRow, used: Used) -> Used:
    """What that scope is charged: as the row says, but nothing where another provider or model was to answer than the one that did."""
    theirs = {
        "provider": (row.provider, f"{SHARED_KEY}{row.provider}"),
        "model": tuple(f"{row.provider}/{name}" for name in known_as(row.model)),
    }.get(scope.kind, (scope.id,))
    return replace(used, micros=row.charged_to(scope.kind)) if scope.id in theirs else Used(requests=0)


async def _persistently[T](write: Callable[[], Awaitable[T]], until: float) -> T:
    while True:
        try:
            return await write()
        except StorageUnavailable:
            if time.monotonic() + _WAIT >= until:
                raise
            await asyncio.sleep(_WAIT)


async def _charged(services: Services, admission: Admission, target: Target, ended: Ended) -> tuple[int, int]:
    """The cost; where nobody can tell, the price of what we think was used, else what was reserved. The second is what an admin's budgets are charged."""
    if ended.usage is None:
        return 0, 0
    cost = ended.cost
    if cost is None or cost.usd is None:
        if not admission.micros and not admission.listed:
            return 0, 0
        cost = await cost_of(target, replace(ended.usage, estimated=False), services.now())
    micros = admission.micros if cost.usd is None else in_micros(cost.usd)
    listed = cost.at_least_listed
    return micros, max(micros, admission.listed if listed is None else in_micros(listed))


def _tokens(usage: Usage | None) -> int:
    return max(0, (usage.input or 0) + (usage.output or 0)) if usage else 0


def _row(asked: Asked, target: Target, ended: Ended, *, attempts: int, micros: int) -> LedgerRow:
    usage, cost = ended.usage, ended.cost
    row = LedgerRow(
        request_id=asked.request_id,
        owner=asked.owner,
        token_id=asked.token.id if asked.token else None,
        started_at=asked.started_at,
        outcome=ended.outcome,
        error=ended.error,
        api=asked.api,
        route=asked.route,
        provider=target.provider.id,
        model=target.model,
        key=target.payer,
        streamed=asked.streamed,
        attempts=attempts,
        duration_ms=ended.duration_ms,
        first_token_ms=ended.first_token_ms,
        charged_micros=micros,
    )
    if usage is None:
        return replace(row, cost_usd=Decimal(0), cost_source="unused")
    return replace(
        row,
        input_tokens=usage.input,
        output_tokens=usage.output,
        cached_tokens=usage.cached,
        cache_write_tokens=usage.cache_write,
        reasoning_tokens=usage.reasoning,
        estimated=usage.estimated,
        cost_usd=cost.usd if cost else None,
        cost_source=cost.source if cost else None,
        cost_reason=cost.reason if cost else "it did not end well, so what it used is a guess",
    )
