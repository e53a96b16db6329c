"""Who was asked in one chat, who was passed over, and what the caller is told when nobody answers."""

import time
from dataclasses import dataclass, field

from shared.chat.receipt import Attempt
from shared.errors import (
    CircuitOpen,
    KeyCoolingDown,
    ProviderError,
    ProviderTimeout,
    RealMultiLLMError,
    StreamStalled,
    Throttled,
    UnsupportedParameter,
)
from shared.gateway.asking.retry import LONGEST_WAIT, MOST_ATTEMPTS, attempts_here
from shared.gateway.books.progress import Progress
from shared.gateway.targets.course import Course
from shared.gateway.targets.target import Target

_ASKED_NOBODY = (CircuitOpen, KeyCoolingDown, UnsupportedParameter)


@dataclass(slots=True)
class Trail:
    """Grows with every attempt. `deadline` is on the monotonic clock."""

    course: Course
    deadline: float
    progress: Progress = field(default_factory=Progress)
    failures: list[RealMultiLLMError] = field(default_factory=list)
    _passed: dict[int, list[Attempt]] = field(default_factory=dict)

    @property
    def attempts(self) -> list[Attempt]:
        """Of providers that were asked, as the relay notes them."""
        return self.progress.attempts

    @property
    def left(self) -> float:
        """Seconds."""
        return self.deadline - time.monotonic()

    def most(self, place: int) -> int:
        """How often the target at that place may be asked."""
        return attempts_here(len(self.attempts), len(self.course.targets) - place - 1)

    def whole(self) -> tuple[Attempt, ...]:
        """All, in order."""
        told = [*self.course.passed_over]
        for place in range(len(self.attempts) + 1):
            told += self._passed.get(place, ())
            told += self.attempts[place : place + 1]
        return tuple(told)

    def tried(self) -> tuple[str, ...]:
        """The same, a line each."""
        return tuple(attempt.told() for attempt in self.whole())

    def goes_on(self, target: Target, error: RealMultiLLMError) -> bool:
        """Whether the next target may be asked after this failure, which is noted."""
        if isinstance(error, _ASKED_NOBODY):
            passed = Attempt(target.provider.id, target.model, error.code, 0, asked=False)
            self._passed.setdefault(len(self.attempts), []).append(passed)
        self.failures.append(error)
        silent = isinstance(error, ProviderTimeout | StreamStalled) and self.course.after_timeout
        able = error.another_may_answer or silent or isinstance(error, UnsupportedParameter)
        return able and len(self.attempts) < MOST_ATTEMPTS and self.left > 0

    def told(self) -> RealMultiLLMError:
        """The failure that the caller hears of: the last one of who was asked, else the rest that is over first, else the first refusal."""
        asked = [error for error in self.failures if not isinstance(error, _ASKED_NOBODY)]
        resting = [error for error in self.failures if isinstance(error, ProviderError)]
        error = (asked or sorted(resting, key=lambda rest: rest.retry_after or 0) or self.failures)[-1 if asked else 0]
        self.explain(error)
        if isinstance(error, Throttled) and error.retry_after is None:
            error.retry_after = (
                LONGEST_WAIT  # the provider named no time, or none that makes sense; a caller needs one all the same
            )
        return error

    def explain(self, error: RealMultiLLMError) -> None:
        """The head of its answer says whom we asked, how often, and how each ended."""
        if not isinstance(error, ProviderError) or not self.whole():
            return
        last = (self.attempts or self.whole())[-1]
        error.headers = {
            **error.headers,
            "x-realmultillm-provider": last.provider,
            "x-realmultillm-model": last.model,
            "x-realmultillm-attempts": str(len(self.attempts)),
            "x-realmultillm-tried": ", ".join(self.tried()),
        }
