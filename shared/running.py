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
    """Switches by owner and request id, so that nobody finds another's (threat I3), each with the access token that asked."""

    def __init__(self) -> None:
        self._switches: dict[tuple[str, str], tuple[Switch, str | None]] = {}

    @contextmanager
    def giving(self, owner: str, request_id: str, *, token_id: str | None = None) -> Iterator[Switch]:
        """While this answer is being given; `token_id` is None where its owner asked themselves."""
        switch = Switch()
        self._switches[owner, request_id] = switch, token_id
        try:
            yield switch
        finally:
            del self._switches[owner, request_id]

    def stop(self, owner: str, request_id: str, *, by: str | None = None) -> bool:
        """Whether the answer is being given here, and is for `by` to stop: the owner (None) stops any, an access token its own. Then it stops."""
        switch, token_id = self._switches.get((owner, request_id), (None, None))
        if switch is None or by not in {None, token_id}:
            return False
        switch.throw()
        return True
