"""One chat from wish to receipt, told in order: ask, relay, meter, and the next target while nothing was said. The doors only read the wish and speak the events."""

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial

from shared.chat.events import Answered, ChatEvent, ToolCallStart
from shared.chat.receipt import Done, Receipt
from shared.chat.request import ChatRequest
from shared.egress.exchange import Timeouts
from shared.errors import RealMultiLLMError
from shared.gateway.asking.aftermath import note_answer, note_failure
from shared.gateway.asking.ask import Question, ask
from shared.gateway.asking.inline import inline_media
from shared.gateway.asking.one_call import first_calls, must_hold_back
from shared.gateway.asking.open_key import open_key
from shared.gateway.asking.prepare import is_kin, prepare
from shared.gateway.asking.relay import relay
from shared.gateway.books.doubt import warn_of_doubt
from shared.gateway.books.estimate import ceiling_of, longest_answer
from shared.gateway.books.meter import Meter
from shared.gateway.books.priced import priced
from shared.gateway.books.progress import Progress
from shared.gateway.deadline import before, until
from shared.gateway.guard.moderate import moderated
from shared.gateway.targets.course import Course
from shared.gateway.targets.plan import with_settings
from shared.gateway.targets.target import Target
from shared.gateway.targets.trail import Trail
from shared.gateway.targets.watch import Watch
from shared.records.ids import mint_ulid
from shared.services import Services

TIMEOUTS = Timeouts()


def converse(
    services: Services,
    request: ChatRequest,
    course: Course,
    *,
    ends: float | None = None,
    progress: Progress | None = None,
) -> AsyncGenerator[Sequence[ChatEvent | Done]]:
    """The events of the answer, as many at a time as came at once, and at the very end one Done.

    `ends`: when the platform ends the request. `progress` is told whom we ask, for whoever settles what did not end well.

    Where an admin says so, what is asked and answered is moderated.

    Raises:
        RealMultiLLMError: on every ending that is not Done.
    """
    progress = progress or Progress()
    return moderated(services, request, _converse(services, request, course, ends, progress), progress)


async def _converse(
    services: Services, request: ChatRequest, course: Course, ends: float | None, progress: Progress
) -> AsyncGenerator[Sequence[ChatEvent | Done]]:
    trail = Trail(course, time.monotonic() + TIMEOUTS.total, progress)
    for place, target in enumerate(course.targets):
        turn, spoken = Turn(services, request, target, trail, trail.most(place), ends), False
        try:
            async with aclosing(turn.events()) as batches:
                async for batch in batches:
                    spoken = True
                    yield batch
        except RealMultiLLMError as error:
            await note_failure(services, target, error)
            if spoken:
                trail.explain(error)
                raise
            if not trail.goes_on(target, error):
                break
        else:
            await note_answer(services, target)
            yield [await turn.done()]
            return
    raise trail.told()


@dataclass(slots=True)
class Turn:
    """One target's turn in a chat: at `most` so many attempts, the first that speaks is the answer."""

    services: Services
    asked: ChatRequest
    """As the caller wrote it: every target gets its own words of it."""
    target: Target
    trail: Trail
    most: int
    ends: float | None = None
    dropped: tuple[str, ...] = ()
    meter: Meter = field(init=False)

    def __post_init__(self) -> None:
        self.meter = Meter(self.asked)

    async def events(self) -> AsyncGenerator[Sequence[ChatEvent]]:
        """The answer. Raises RealMultiLLMError; before the first batch nothing was said."""
        async with await self._watch() as watch, aclosing(self._answer(watch)) as batches:
            async for batch in batches:
                await watch.spoken()
                for event in batch:
                    self._hear(event)
                yield batch

    async def _watch(self) -> Watch:
        return await Watch.begin(self.services, self.target, alone=len(self.trail.course.targets) == 1)

    async def done(self) -> Done:
        """How it ended, and what it cost."""
        target, model = self.target, self.meter.model or self.target.model
        warn_of_doubt(self.services, self.meter, target)
        cost = await priced(self.meter, target, self.services.now())
        tried, key = self.trail.whole(), target.config.fingerprint or ""
        receipt = Receipt(target.payer, key, target.provider.id, model, tried, cost, self.dropped)
        return Done(self.meter.finishes(), self.meter.usage(), receipt)

    async def _answer(self, watch: Watch) -> AsyncGenerator[Sequence[ChatEvent]]:
        services, target, trail = self.services, self.target, self.trail
        request = with_settings(replace(self.asked, model=target.model), target.config.settings)
        async with before(self.ends):
            key = await open_key(services, target)
            request = await inline_media(request, target, services.client)
        prepared = prepare(request, target)
        self.meter, self.dropped = Meter(request, partial(ceiling_of, request, target)), prepared.dropped
        most = longest_answer(request, target)
        question = Question(prepared.outbound, request.stream, is_kin(request, target), most)
        held_back = must_hold_back(request, target.dialect)
        patience = replace(TIMEOUTS, total=trail.left)

        def ask_once() -> AsyncGenerator[Sequence[ChatEvent]]:
            trail.progress.begin(target)
            asked = ask(question, target, key=key, client=services.client, timeouts=patience)
            return asked if self.ends is None else until(asked, self.ends)

        attempts, deadline = trail.attempts, trail.deadline
        answer = relay(ask_once, target, attempts=attempts, deadline=deadline, most=self.most, listener=watch)
        async with aclosing(answer) as batches:
            async for batch in batches:
                yield first_calls(batch) if held_back else batch  # the rest of the calls is nobody's

    def _hear(self, event: ChatEvent) -> None:
        self.meter.hear(event)
        if isinstance(event, ToolCallStart) and not event.id:
            event.id = f"call_{mint_ulid(self.services.now())}"
        elif isinstance(event, Answered):
            event.attempts, event.dropped = len(self.trail.attempts) + 1, self.dropped
            event.provider, event.model = self.target.provider.id, self.target.model
            event.kin, event.signer = is_kin(self.asked, self.target), self.target.maker
            event.tried = self.trail.tried()
