"""The answers that this process is giving, each with a switch by which its owner stops it at once."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Switch:
    """Stops one answer. Once thrown it stays so. For the event loop that gives the answer, and no other thread."""

    __slots__ = ("_waiting", "thrown")

    def __init__(self) -> None:
        self.thrown = False
        self._waiting: asyncio.Timeout | None = None

    def throw(self) -> None:
        """Stop: a wait that goes on ends now, and there is no next one."""
        self.thrown = True
        if self._waiting is not None:
            self._waiting.reschedule(0)

    @contextmanager
    def ends(self, waiting: asyncio.Timeout) -> Iterator[None]:
        """For as long as this lasts, the switch ends that wait. A switch thrown before ends it at its first await."""
        self._waiting = waiting
        if self.thrown:
            waiting.reschedule(0)
        try:
            yield
        finally:
            self._waiting = None


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
