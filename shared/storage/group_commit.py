"""Many writers, one fsync: whoever comes while a commit is on its way shares the next one.

Writes are carried out on the event loop's thread, in the page cache (microseconds); only what may wait for the disk or for another process,
COMMIT and a contended BEGIN, happens in a thread of its own. So the two threads meet twice in a batch, not twice in every statement,
where each meeting may cost the interpreter's switch interval of 5 ms.

A write that raises does so before its one statement (a sweep may follow it), and SQLite carries out a statement wholly or not at all: it
leaves nothing behind, so it needs no savepoint, and its neighbours in the batch do not notice. What SQLite itself refuses ends the batch:
all of it is rolled back, and all are told.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from shared.errors import StorageUnavailable
from shared.storage.table import ConditionFailed

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
    """The one writer of a connection in autocommit mode. Every write is acknowledged after the COMMIT that holds it, or not at all.

    It serves one event loop at a time, and the next one once that is closed.
    """

    def __init__(self, connection: sqlite3.Connection, *, patience: float) -> None:
        self._connection = connection
        self._patience = patience
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="table")
        self._committed_changes = connection.total_changes
        self._waiting: list[_Waiting] = []
        self._apart: list[_Waiting] = []
        self._busy = False
        self._closed = False
        self._idle: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def write[R](self, write: Write[R]) -> R:
        """What the write returns, once it is on the disk. Raises what it raises, StorageUnavailable when the disk or its owner does not let us."""
        return await self._queued(self._waiting, write)

    async def apart[R](self, work: Write[R]) -> R:
        """What the work returns, which has the connection for itself, in the thread and in no transaction: writes wait until it is done.

        Raises StorageUnavailable for whatever SQLite says.
        """
        return await self._queued(self._apart, work)

    async def _queued[R](self, queue: list[_Waiting], work: Write[R]) -> R:
        if self._closed:
            raise StorageUnavailable("the table is closed")
        loop = self._join()
        acknowledged = loop.create_future()
        queue.append(_Waiting(work, acknowledged))
        if not self._busy:
            self._busy = True
            loop.call_soon(self._begin, loop)
        try:
            result: R = await acknowledged
        finally:
            del acknowledged  # else this frame and the error that it raises hold each other
        return result

    async def close(self) -> None:
        """Returns when all that was asked for is acknowledged and the connection is closed."""
        self._closed = True
        loop = self._join()
        while self._busy:
            self._idle = self._idle or asyncio.Event()
            await self._idle.wait()
        await loop.run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown(wait=False)

    def _join(self) -> asyncio.AbstractEventLoop:
        """The running loop, which is the one served from now on. What an earlier loop left undone when it was closed is rolled back."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop and self._busy:
            if self._loop is not None and not self._loop.is_closed():
                raise RuntimeError("the table serves another event loop: make one table for each")
            self._thread.submit(self._roll_back).result()
            self._waiting.clear()
            self._apart.clear()
            self._busy = False
        self._loop = loop
        return loop

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._apart:
            self._thread.submit(self._carry_out_apart, loop, self._apart.pop(0))
            return
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
                if not waiting.acknowledged.cancelled():
                    waiting.result, waiting.error = self._try(waiting.write)
        except sqlite3.Error as error:
            self._roll_back()
            self._end(loop, batch, error)
            return
        if start + _AT_A_TIME < len(batch):
            loop.call_soon(self._carry_out, loop, batch, start + _AT_A_TIME)
        elif self._connection.total_changes == self._committed_changes:
            self._commit(loop, batch)  # all were refused: there is nothing to wait for
        else:
            self._thread.submit(self._commit, loop, batch)

    def _carry_out_apart(self, loop: asyncio.AbstractEventLoop, waiting: _Waiting) -> None:
        """In the thread: no batch is under way meanwhile."""
        failure: sqlite3.Error | None = None
        try:
            waiting.result = waiting.write(self._connection)
        except sqlite3.Error as error:
            self._roll_back()
            failure = error
        self._committed_changes = self._connection.total_changes
        self._call(loop, self._end, loop, [waiting], failure)

    def _try(self, write: Write[Any]) -> tuple[Any, Exception | None]:
        try:
            return write(self._connection), None
        except ConditionFailed as answer:
            return None, answer.with_traceback(
                None
            )  # an answer, and frequent: without frames it waits for no garbage collection
        except sqlite3.Error:
            raise
        except Exception as error:  # noqa: BLE001 - not swallowed: carried to the caller whose write it was
            return None, error

    def _commit(self, loop: asyncio.AbstractEventLoop, batch: list[_Waiting]) -> None:
        """In the thread, for the fsync."""
        failure: sqlite3.Error | None = None
        try:
            self._connection.execute("COMMIT")
            self._committed_changes = self._connection.total_changes
        except sqlite3.Error as error:
            self._roll_back()
            failure = error
        self._call(loop, self._end, loop, batch, failure)

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _call(self, loop: asyncio.AbstractEventLoop, function: Callable[..., None], *arguments: Any) -> None:
        """From the thread back to the loop. A loop that is closed has nobody left to tell; the next one cleans up."""
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(function, *arguments)

    def _end(self, loop: asyncio.AbstractEventLoop, batch: list[_Waiting], failure: sqlite3.Error | None) -> None:
        for waiting in batch:
            _acknowledge(waiting, failure)
        if self._waiting or self._apart:
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
