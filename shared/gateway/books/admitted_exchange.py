"""A question that is no chat, let in before it is asked and settled before its answer is told."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

from shared.chat.events import Answered, Usage
from shared.chat.receipt import NOTHING, Cost
from shared.dialects.exchanges import Reply
from shared.errors import RealMultiLLMError
from shared.gateway.books.admit import Admission, Asked, admit_or_undo, limits_of
from shared.gateway.books.admitted import seconds_left
from shared.gateway.books.credible import Ceiling
from shared.gateway.books.doubt import warn_of
from shared.gateway.books.estimate import Need
from shared.gateway.books.priced import cost_of
from shared.gateway.books.progress import Progress
from shared.gateway.books.settle import Ended, may_be_billed, outcome_of, settle
from shared.gateway.targets.target import Target
from shared.insight.telemetry import Said
from shared.services import Services

type Carry = Callable[[Progress], Awaitable[tuple[Reply, Answered]]]
"""How the question is asked once it is let in: the answer, and its head."""

_BY_THE_PICTURE: Final = (
    "the provider counts no tokens of this model's pictures, and the price table has no price apiece"
)


@dataclass(frozen=True, slots=True)
class Paid:
    """An answer, its head, and what it cost."""

    reply: Reply
    answered: Answered
    cost: Cost


async def admitted_exchange(
    services: Services,
    asked: Asked,
    target: Target,
    need: Need,
    carry: Carry,
    *,
    tell: Callable[[dict[str, str]], None],
    ends: float | None = None,
) -> Paid:
    """The answer. `tell` and `ends` are as with chats.

    Raises:
        BudgetSpent, LimitReached: a limit says no; nobody was asked.
        StorageUnavailable: nobody can tell whether it may go on.
        RealMultiLLMError: as `carry` does.
    """
    limited = await limits_of(services, asked, (target,))
    admission = await admit_or_undo(services, asked, limited, ((target, need),), within=seconds_left(ends))
    tell(admission.headers)
    progress, bill = Progress(), _Bill(services, asked, admission, target, need, ends=ends)
    try:
        reply, answered = await carry(progress)
    except BaseException as error:
        if isinstance(error, RealMultiLLMError):
            error.headers = {**error.headers, **admission.headers}
        await asyncio.shield(services.surely(bill.broke(error, progress)))
        raise
    return await asyncio.shield(services.surely(bill.paid(reply, answered)))  # also for a caller who leaves now


class _Bill:
    """One question, until it is settled."""

    def __init__(
        self,
        services: Services,
        asked: Asked,
        admission: Admission,
        target: Target,
        need: Need,
        *,
        ends: float | None,
    ) -> None:
        self._services = services
        self._asked = asked
        self._admission = admission
        self._target = target
        self._need = need
        self._ends = ends
        self._began = time.monotonic()

    async def paid(self, reply: Reply, answered: Answered) -> Paid:
        """It was answered."""
        usage = self._believed(reply.usage)
        cost = await self._cost(usage, reply)
        ended = Ended("done", None, usage, cost, self._elapsed(), said=Said(model=reply.model))
        await self._settle(ended, max(1, answered.attempts))
        return Paid(reply, answered, cost)

    async def broke(self, error: BaseException, progress: Progress) -> None:
        """It was not."""
        outcome, code = outcome_of(error)
        guess = self._need.guess if may_be_billed(error, progress, spoken=False) else None
        await self._settle(Ended(outcome, code, guess, None, self._elapsed()), progress.asked)

    def _believed(self, reported: Usage | None) -> Usage:
        """As the answer says; what it does not say, or what cannot be, is guessed, and said to be a guess."""
        if reported is None:
            return self._need.guess
        if not Ceiling(self._need.input, self._need.output, 0).holds(reported):
            warn_of(self._services, reported, self._target)
            return self._need.guess
        return self._need.guess if reported.input is None and reported.cost is None else reported

    async def _cost(self, usage: Usage, reply: Reply) -> Cost:
        if usage.estimated and self._need.free:
            return NOTHING
        cost = await cost_of(self._target, usage, self._services.now(), model=reply.model)
        if cost.usd is None and self._need.free:
            return NOTHING
        return replace(cost, reason=_BY_THE_PICTURE) if reply.usage is None and self._need.painted else cost

    async def _settle(self, ended: Ended, attempts: int) -> None:
        services, target = self._services, self._target
        await settle(services, self._asked, self._admission, target, ended, attempts=attempts, ends=self._ends)

    def _elapsed(self) -> int:
        return round((time.monotonic() - self._began) * 1000)
