"""Which models a key may really use, as the provider lists them, kept for one hour in this process."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

from shared.dialects.listed import ListedModel

KEPT: Final = 3600.0
"""Seconds."""
LONGEST: Final = 5000
"""Models that are kept of a list. The longest known has some hundreds; a server of a caller's own choosing could list millions."""
_MOST: Final = 1000

type Place = tuple[str, str, int]
"""Owner, config and revision: a changed config is asked anew, and nobody sees another's list."""


class ModelLists:
    """A small cache. Failures are not kept."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lists: OrderedDict[Place, tuple[float, tuple[ListedModel, ...]]] = OrderedDict()

    async def get(self, place: Place, ask: Callable[[], Awaitable[list[ListedModel]]]) -> tuple[ListedModel, ...]:
        """The list that was kept, else what `ask` says now."""
        kept = self._lists.get(place)
        if kept is not None and kept[0] > self._now():
            return kept[1]
        models = tuple((await ask())[:LONGEST])
        self._lists[place] = (self._now() + KEPT, models)
        self._lists.move_to_end(place)
        while len(self._lists) > _MOST:
            self._lists.popitem(last=False)
        return models
