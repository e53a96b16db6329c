"""Connections that wait for their next request, so that it costs no handshake."""

import asyncio
from typing import Final

from shared.egress.connection import Connection

IDLE_SECONDS: Final = 30.0
MOST_IDLE_AT_ORIGIN: Final = 20
MOST_IDLE: Final = 200


class Pool:
    """Idle connections by origin, the last one used first. Each leaves by itself when its time is over or its provider hangs up."""

    def __init__(self, idle_seconds: float = IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._resting: dict[str, dict[Connection, asyncio.TimerHandle]] = {}
        self._count = 0

    def find(self, origin: str) -> Connection | None:
        """A connection that can carry a request, now the caller's."""
        loop = asyncio.get_running_loop()
        while resting := self._resting.get(origin):
            connection = next(reversed(resting))
            self.forget(origin, connection)
            if connection.loop is loop and connection.usable:
                return connection
            connection.abort()
        return None

    def put(self, origin: str, connection: Connection, seconds: float | None) -> None:
        """Keep a connection for the next request to its origin, `seconds` at most if its provider said so; close it when there are enough."""
        resting = self._resting.get(origin, {})
        keep = self._idle_seconds if seconds is None else min(seconds, self._idle_seconds)
        if self._count >= MOST_IDLE or len(resting) >= MOST_IDLE_AT_ORIGIN or keep <= 0:
            connection.abort()
            return
        connection.rest()
        self._resting.setdefault(origin, resting)[connection] = connection.loop.call_later(keep, connection.abort)
        self._count += 1

    def forget(self, origin: str, connection: Connection) -> None:
        """It is in use, or gone."""
        resting = self._resting.get(origin, {})
        timer = resting.pop(connection, None)
        if timer is None:
            return
        timer.cancel()
        self._count -= 1
        if not resting:
            del self._resting[origin]
