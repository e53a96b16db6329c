"""What this process knows for a few seconds, so that a credential is not looked up on each request."""

from collections.abc import Callable

LONGEST_KEPT = 5.0
"""Seconds. Threat I9: a revocation is effective everywhere within five."""

MOST_KEPT = 10_000


class Remembered[Name, Value]:
    """Values for at most five seconds, the oldest dropped first when there are too many."""

    def __init__(self, now: Callable[[], float], *, most: int = MOST_KEPT) -> None:
        self._now = now
        self._most = most
        self._kept: dict[Name, tuple[float, Value]] = {}
        self._lately: list[tuple[float, Callable[[Value], bool]]] = []

    def find(self, name: Name) -> Value | None:
        """The value, if it is young enough. One that seems to be of the future is not: the clock was set back."""
        at, value = self._kept.get(name, (None, None))
        if at is None or value is None:
            return None
        if 0 <= self._now() - at < LONGEST_KEPT:
            return value
        self.forget(name)
        return None

    def keep(self, name: Name, value: Value, *, since: float) -> None:
        """Remember it; `since` is when the look-up began, so that its own time counts."""
        if any(since <= at and is_meant(value) for at, is_meant in self._lately):
            return  # it was looked up before all of those were forgotten
        self._kept.pop(name, None)
        while len(self._kept) >= self._most:
            del self._kept[next(iter(self._kept))]
        self._kept[name] = (since, value)

    def forget(self, name: Name) -> None:
        """Drop it: something has changed."""
        self._kept.pop(name, None)

    def forget_all(self, is_meant: Callable[[Value], bool]) -> None:
        """Drop all of those, and what is being looked up of them at this moment."""
        now = self._now()
        for name in [name for name, (_, value) in self._kept.items() if is_meant(value)]:
            del self._kept[name]
        still = [(at, each) for at, each in self._lately if 0 <= now - at < LONGEST_KEPT]
        self._lately = [*still, (now, is_meant)]
