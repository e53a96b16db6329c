"""A chat, let in before it begins and settled before its end is told, whichever end it has. Lambda freezes after the last byte, so nothing waits for later.

Traps 22 and 69: who leaves silences the provider, and what was said until then is on the bill.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Final

from shared.chat.events import Annotation, Answered, ChatEvent, Start, Verbatim
from shared.chat.events import Usage as UsageEvent
from shared.chat.receipt import Done
from shared.chat.request import ChatRequest
from shared.egress.exchange import Timeouts
from shared.errors import RealMultiLLMError
from shared.gateway.books.admit import Admission, Asked, admit_or_undo, limits_of
from shared.gateway.books.doubt import warn_of_doubt
from shared.gateway.books.estimate import bounded, ceiling_of, need_of
from shared.gateway.books.meter import Meter
from shared.gateway.books.progress import Progress
from shared.gateway.books.settle import Ended, may_be_billed, outcome_of, settle
from shared.gateway.targets.course import Course
from shared.gateway.targets.plan import with_settings
from shared.gateway.targets.target import Target
from shared.insight.telemetry import Said
from shared.services import Services

type Batches = AsyncGenerator[Sequence[ChatEvent | Done]]
type Carry = Callable[[Course, Progress], Batches]
"""How the chat is carried once it is let in."""

_ABOUT_THE_ANSWER: Final = (Answered, Start, Annotation, UsageEvent, Verbatim)
TOTAL: Final = Timeouts().total


async def admitted(
    services: Services,
    asked: Asked,
    chat: ChatRequest,
    course: Course,
    carry: Carry,
    *,
    tell: Callable[[dict[str, str]], None],
    ends: float | None = None,
) -> Batches:
    """The events of the chat. `tell` hears what is left of the limits, before the first event. `ends`: when the platform ends it, on the loop's clock.

    Raises:
        BudgetSpent, LimitReached: a limit says no; nobody was asked.
        StorageUnavailable: nobody can tell whether it may go on.
        RealMultiLLMError: as `carry` does.
    """
    asked, targets = replace(asked, route=course.route), course.targets
    limited = await limits_of(services, asked, targets)
    targets = tuple(bounded(chat, target) if limited.budgets(place) else target for place, target in enumerate(targets))
    needs = [(target, need_of(chat, target)) for target in targets]
    admission = await admit_or_undo(services, asked, limited, needs, within=seconds_left(ends))
    tell(admission.headers)
    targets = tuple(targets[place] for place in admission.places)
    course = replace(course, targets=targets, passed_over=(*course.passed_over, *admission.passed_over))
    heard = _Heard(services, asked, admission, chat, targets[0], ends=ends)
    try:
        async with aclosing(carry(course, heard.progress)) as batches:
            async for batch in batches:
                await heard.hear(batch)
                yield batch
    except BaseException as error:
        if isinstance(error, RealMultiLLMError):
            error.headers = {**error.headers, **admission.headers}
        await heard.broke(error)
        raise


def seconds_left(ends: float | None) -> float:
    """How long a request may take at most."""
    return TOTAL if ends is None else max(0.0, ends - asyncio.get_running_loop().time())


class _Heard:
    """One chat, as far as it was heard; it is settled once."""

    def __init__(
        self,
        services: Services,
        asked: Asked,
        admission: Admission,
        chat: ChatRequest,
        target: Target,
        *,
        ends: float | None,
    ) -> None:
        self._services = services
        self._asked = asked
        self._admission = admission
        self._chat = chat
        self._target = target
        self._ends = ends
        self._meter = Meter(chat, partial(ceiling_of, chat, target))
        self._began = time.monotonic()
        self._first_token: int | None = None
        self._settled = False
        self.progress = Progress()

    async def hear(self, batch: Sequence[ChatEvent | Done]) -> None:
        """Take note of it; its Done is settled before anybody else hears it."""
        for event in batch:
            if isinstance(event, Done):
                usage, cost = event.usage, event.receipt.cost
                await self._settle(Ended("done", None, usage, cost, self._elapsed(), self._of_stream()))
                continue
            self._meter.hear(event)
            if self._first_token is None and not isinstance(event, _ABOUT_THE_ANSWER):
                self._first_token = self._elapsed()

    async def broke(self, error: BaseException) -> None:
        """It ended otherwise. Whoever leaves after the end has heard all of it."""
        if self._settled:
            return
        outcome, code = outcome_of(error)
        unsaid, usage, cost = self.progress.unsaid, None, None
        for event in unsaid:
            if isinstance(event, Done):
                usage, cost = event.usage, event.receipt.cost
            else:
                self._meter.hear(event)
        spoken = self._first_token is not None or bool(unsaid)
        if usage is None and may_be_billed(error, self.progress, spoken=spoken):
            usage = self._meter.usage()
            warn_of_doubt(self._services, self._meter, self.progress.target or self._target)
        await self._settle(Ended(outcome, code, usage, cost, self._elapsed(), self._of_stream()))

    async def _settle(self, ended: Ended) -> None:
        if self._settled:
            return
        self._settled = True
        target = self.progress.target or self._target
        attempts, ended = self.progress.asked, replace(ended, said=self._said(target))
        work = settle(self._services, self._asked, self._admission, target, ended, attempts=attempts, ends=self._ends)
        await asyncio.shield(self._services.surely(work))  # a caller who leaves does not leave the bill open

    def _said(self, target: Target) -> Said:
        meter, asked = self._meter, with_settings(self._chat, target.config.settings)
        reasons = tuple(reason for _, reason, _ in meter.finishes()) if meter.has_finished else ()
        return Said(meter.model, meter.id, reasons, asked.max_tokens, asked.temperature)

    def _of_stream(self) -> int | None:
        """When its first token was there; a plain answer is there as a whole."""
        return self._first_token if self._asked.streamed else None

    def _elapsed(self) -> int:
        return round((time.monotonic() - self._began) * 1000)
