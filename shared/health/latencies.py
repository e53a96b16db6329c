"""How long models take until their first word, as this process measured lately; else as their owner's counters of the day tell. Nothing is written anywhere."""

import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final

from shared.errors import StorageUnavailable

NEWEST: Final = 0.3
"""How much the newest measure weighs in the moving average."""
FORGOTTEN: Final = 300.0
"""Seconds after which a measure says nothing more."""
FAILED: Final = 30_000.0
"""Milliseconds for which a failure counts: whoever fails is not the fastest."""
_MOST: Final = 4096
"""Pairs of place and model; owners too."""

type Means = Mapping[tuple[str, str], float]
"""Milliseconds by provider and model."""


class Latencies:
    """A moving average for each place and model."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[tuple[str, str], tuple[float, float]] = {}
        self._counted: dict[str, tuple[float, Means]] = {}

    def note(self, place: str, model: str, milliseconds: float) -> None:
        """One more measure."""
        before = self.find(place, model)
        if len(self._known) >= _MOST and (place, model) not in self._known:
            self._known.pop(next(iter(self._known)))
        average = milliseconds if before is None else before + NEWEST * (milliseconds - before)
        self._known[place, model] = (average, self._clock())

    def note_failure(self, place: str, model: str) -> None:
        """It did not answer."""
        self.note(place, model, FAILED)

    def find(self, place: str, model: str) -> float | None:
        """Milliseconds; None where nothing was measured lately."""
        average, at = self._known.get((place, model), (0.0, float("-inf")))
        return average if self._clock() - at < FORGOTTEN else None

    async def counted(self, owner: str, read: Callable[[], Awaitable[Means]]) -> Means:
        """What the owner's counters tell, read at most once in five minutes. A table that does not answer tells nothing, and is asked again."""
        at, means = self._counted.get(owner, (float("-inf"), {}))
        if self._clock() - at < FORGOTTEN:
            return means
        with suppress(StorageUnavailable):
            means = await read()
            self._counted.pop(owner, None)
            while len(self._counted) >= _MOST:
                del self._counted[next(iter(self._counted))]
            self._counted[owner] = self._clock(), means
            return means
        return {}
