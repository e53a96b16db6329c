"""The answers that this process is giving, each with a switch by which its owner stops it at once."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any


class Stopped(Exception):
    """The switch was thrown: an answer, not a fault."""


class Switch:
    """Stops one answer. Once thrown it stays so. For the event loop that gives the answer, and no other thread."""

    __slots__ = ("_waiting", "thrown")

    def __init__(self) -> None:
        self.thrown = False
        self._waiting: asyncio.Task[Any] | None = None

    def throw(self) -> None:
        """Stop: a wait that goes on ends now, and there is no next one."""
        if not self.thrown and self._waiting is not None:
            self._waiting.cancel()
        self.thrown = True

    async def unless_thrown[T](self, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What comes of asking. Not asyncio.timeout, whose price is ten times as much, for each piece of an answer.

        Raises:
            Stopped: the switch was thrown before or meanwhile; what was asked is cancelled.
        """
        task = asyncio.current_task()
        if self.thrown or task is None:
            raise Stopped
        before, self._waiting = task.cancelling(), task
        try:
            return await ask()
        except asyncio.CancelledError:
            if self._threw(task, before):
                raise Stopped from None
            raise
        finally:
            self._waiting = None

    def _threw(self, task: asyncio.Task[Any], before: int) -> bool:
        """The cancellation is the switch's alone; where somebody else cancels us too, they are heard."""
        return self.thrown and task.uncancel() <= before


class Running:
    """Switches by owner and request id, so that nobody finds another's (threat I3)."""

    def __init__(self) -> None:
        self._switches: dict[tuple[str, str], Switch] = {}

    @contextmanager
    def giving(self, owner: str, request_id: str) -> Iterator[Switch]:
        """While this answer is being given."""
        switch = self._switches[owner, request_id] = Switch()
        try:
            yield switch
        finally:
            del self._switches[owner, request_id]

    def stop(self, owner: str, request_id: str) -> bool:
        """Whether the answer is being given here; then it stops."""
        switch = self._switches.get((owner, request_id))
        if switch is not None:
            switch.throw()
        return switch is not None
