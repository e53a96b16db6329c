"""A line of the log for what is refused: the first of its kind, then one in many, which counts those that were not told. A flood fills no log (threat I10)."""

from collections.abc import Callable
from typing import Final

from shared.observability import logger

MESSAGE: Final = "refused"
EVERY: Final = 100
"""Refusals of one kind after which there is a line again."""
QUIET: Final = 60.0
"""Seconds after which the next one has a line in any case."""
_MOST_KEPT: Final = 10_000

type Kind = tuple[str, str, str]
"""The policy, the kind of its scope, and which one of that kind, or which rule."""


class RefusalLog:
    """Of one process."""

    def __init__(self, *, now: Callable[[], float]) -> None:
        self._now = now
        self._untold: dict[Kind, tuple[float, int]] = {}

    def tell(self, policy: str, scope: str, name: str = "", **more: str) -> None:
        """One more by that policy, of that kind of scope, and there of that name. `more` is ids and names of ours; the line has the request's own id too."""
        kind, now = (policy, scope, name), self._now()
        told_at, untold = self._untold.pop(kind, (float("-inf"), 0))
        untold += 1
        if untold < EVERY and now - told_at < QUIET:
            self._keep(kind, told_at, untold)
            return
        self._keep(kind, now, 0)
        logger().info(MESSAGE, extra={"policy": policy, "scope": scope, "refusals": untold, **more})

    def _keep(self, kind: Kind, told_at: float, untold: int) -> None:
        """The newest last; the oldest goes when there are too many."""
        while len(self._untold) >= _MOST_KEPT:
            del self._untold[next(iter(self._untold))]
        self._untold[kind] = told_at, untold
