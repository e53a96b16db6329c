"""Writers that share a commit, and what each of them is told."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator

import pytest

from shared.errors import StorageUnavailable
from shared.storage.group_commit import GroupCommit, Write


@pytest.fixture
async def writer() -> AsyncIterator[GroupCommit]:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.executescript(
        "PRAGMA foreign_keys = ON; CREATE TABLE kept (number INTEGER UNIQUE);"
        "CREATE TABLE child (number INTEGER REFERENCES kept (number) DEFERRABLE INITIALLY DEFERRED)"
    )
    writer = GroupCommit(connection, patience=0.1)
    yield writer
    await writer.close()


def keep(number: int) -> Write[object]:
    return lambda connection: connection.execute("INSERT INTO kept VALUES (?)", (number,))


def kept(connection: sqlite3.Connection) -> list[int]:
    return [number for (number,) in connection.execute("SELECT number FROM kept ORDER BY number")]


async def test_what_sqlite_itself_refuses_takes_its_batch_along_and_no_other(writer: GroupCommit) -> None:
    together = (keep(1), lambda connection: connection.execute("no statement"), keep(2))
    told = await asyncio.gather(*(writer.write(write) for write in together), return_exceptions=True)
    await writer.write(keep(3))

    assert [type(each) for each in told] == [StorageUnavailable] * 3
    assert await writer.write(kept) == [3]


async def test_a_commit_that_fails_keeps_nothing_and_the_next_one_succeeds(writer: GroupCommit) -> None:
    def orphan(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO child VALUES (99)")  # refused by the COMMIT, not here

    told = await asyncio.gather(*map(writer.write, (keep(1), orphan, keep(2))), return_exceptions=True)
    await writer.write(keep(3))

    assert [type(each) for each in told] == [StorageUnavailable] * 3
    assert await writer.write(kept) == [3]
