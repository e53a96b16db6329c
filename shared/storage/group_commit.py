"""Many writers, one fsync: whoever comes while a commit is on its way shares the next one.

Writes are carried out on the event loop's thread, in the page cache (microseconds); only what may wait for the disk or for another process,
COMMIT and a contended BEGIN, happens in a thread of its own. So the two threads meet twice in a batch, not twice in every statement,
where each meeting may cost the interpreter's switch interval of 5 ms.

A write is a SELECT and at most one other statement, and SQLite carries out a statement wholly or not at all: a write that raises leaves
nothing behind, so it needs no savepoint, and its neighbours in the batch do not notice.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from shared.errors import StorageUnavailable

type Write[R] = Callable[[sqlite3.Connection], R]

_AT_A_TIME = 32
"""Writes carried out before other tasks of the loop have their turn: about a millisecond."""


@dataclass(slots=True)
class _Waiting:
    write: Write[Any]
    acknowledged: asyncio.Future[Any]
    result: Any = None
    error: Exception | None = None


class GroupCommit:
    """The one writer of a connection in autocommit mode. Every write is acknowledged after the COMMIT that holds it, or not at all."""

    def __init__(self, connection: sqlite3.Connection, *, patience: float) -> None:
        self._connection = connection
        self._patience = patience
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="table")
        self._waiting: list[_Waiting] = []
        self._busy = False
        self._closed = False
        self._idle: asyncio.Event | None = None

    async def write[R](self, write: Write[R]) -> R:
        """What the write returns, once it is on the disk. Raises what it raises, StorageUnavailable when the disk or its owner does not let us."""
        if self._closed:
            raise StorageUnavailable("the table is closed")
        loop = asyncio.get_running_loop()
        waiting = _Waiting(write, loop.create_future())
        self._waiting.append(waiting)
        if not self._busy:
            self._busy = True
            loop.call_soon(self._begin, loop)
        result: R = await waiting.acknowledged
        return result

    async def close(self) -> None:
        """Returns when all that was asked for is acknowledged and the connection is closed."""
        self._closed = True
        while self._busy:
            self._idle = self._idle or asyncio.Event()
            await self._idle.wait()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown(wait=False)

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        batch, self._waiting = self._waiting, []
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                self._end(loop, batch, error)
                return
            self._thread.submit(self._begin_patiently, loop, batch)
        except sqlite3.Error as error:
            self._end(loop, batch, error)
        else:
            self._carry_out(loop, batch, 0)

    def _begin_patiently(self, loop: asyncio.AbstractEventLoop, batch: list[_Waiting]) -> None:
        """In the thread: another process writes, wait for it."""
        try:
            self._connection.execute(f"PRAGMA busy_timeout = {int(self._patience * 1000)}")
            try:
                self._connection.execute("BEGIN IMMEDIATE")
            finally:
                self._connection.execute("PRAGMA busy_timeout = 0")
        except sqlite3.Error as error:
            self._call(loop, self._end, loop, batch, error)
        else:
            self._call(loop, self._carry_out, loop, batch, 0)

    def _carry_out(self, loop: asyncio.AbstractEventLoop, batch: list[_Waiting], start: int) -> None:
        """A slice of the batch, inside the transaction; then the next slice, or the commit."""
        try:
            for waiting in batch[start : start + _AT_A_TIME]:
                self._try(waiting)
        except sqlite3.Error as error:
            self._roll_back()
            self._end(loop, batch, error)
            return
        if start + _AT_A_TIME < len(batch):
            loop.call_soon(self._carry_out, loop, batch, start + _AT_A_TIME)
        else:
            self._thread.submit(self._commit, loop, batch)

    def _try(self, waiting: _Waiting) -> None:
        if waiting.acknowledged.cancelled():
            return
        try:
            waiting.result = waiting.write(self._connection)
        except sqlite3.Error:
            raise
        except Exception as error:  # noqa: BLE001 - not swallowed: carried to the caller whose write it was
            waiting.error = error

    def _commit(self, loop: asyncio.AbstractEventLoop, batch: list[_Waiting]) -> None:
        """In the thread: the fsync."""
        failure: sqlite3.Error | None = None
        try:
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            failure = error
        self._call(loop, self._end, loop, batch, failure)

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _call(self, loop: asyncio.AbstractEventLoop, function: Callable[..., None], *arguments: Any) -> None:
        """From the thread back to the loop. A loop that is closed has nobody left to tell."""
        try:
            loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:
            self._roll_back()
            self._busy = False

    def _end(self, loop: asyncio.AbstractEventLoop, batch: list[_Waiting], failure: sqlite3.Error | None) -> None:
        for waiting in batch:
            _acknowledge(waiting, failure)
        if self._waiting:
            loop.call_soon(self._begin, loop)
            return
        self._busy = False
        if self._idle is not None:
            self._idle.set()


def unavailable(error: Exception) -> StorageUnavailable:
    """What a caller is told when SQLite fails: disk full, locked, damaged, closed. The reason is the cause."""
    refusal = StorageUnavailable("the table does not answer: try again", retry_after=1)
    refusal.__cause__ = error
    return refusal


def _acknowledge(waiting: _Waiting, failure: sqlite3.Error | None) -> None:
    if waiting.acknowledged.done():
        return
    if failure is not None:
        waiting.acknowledged.set_exception(unavailable(failure))
    elif waiting.error is not None:
        waiting.acknowledged.set_exception(waiting.error)
    else:
        waiting.acknowledged.set_result(waiting.result)
