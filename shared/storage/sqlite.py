"""The table on one machine: an SQLite file in WAL mode.

Reads happen on the event loop's own thread, for they take microseconds; writes share commits (group_commit) and are acknowledged after the fsync.
Several processes may use one file. Journal: https://www.sqlite.org/wal.html, durability: https://www.sqlite.org/pragma.html#pragma_synchronous
"""

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from shared.errors import StorageUnavailable
from shared.storage.body import from_body, to_body
from shared.storage.conditions import applied, canonical_change, check_condition, holds
from shared.storage.group_commit import GroupCommit, unavailable
from shared.storage.table import Change, Condition, ConditionFailed, Item, Key, Page
from shared.storage.values import MOST_BYTES, canonical_item, check_key, check_query, check_size, expired

_VERSION = 1
_READER_PATIENCE = 1.0
"""Seconds in which a read waits, on the loop's thread: only while another process recovers the journal after a crash."""
_SWEEP_EVERY, _SWEEP_AT_MOST = 10.0, 200
_SURELY_SMALL = MOST_BYTES // 8
"""A body of fewer bytes is within the limit however DynamoDB counts: it counts at most 5 bytes where MessagePack needs one."""

_REWRITTEN_AT_MOST = 1 << 26
"""Bytes of a file that is rewritten, which happens in memory: a second or two in which writes wait."""
_REWRITTEN_EVERY = 60.0
"""Seconds between two times: nobody stops the writers of others by leaving again and again."""
_PAUSES = (0.0, 0.05, 0.1, 0.2, 0.4)
"""Seconds before each try to have the journal empty, which a reader may hinder."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS items (pk BLOB NOT NULL, sk BLOB NOT NULL, body BLOB NOT NULL, expires_at INTEGER);
CREATE UNIQUE INDEX IF NOT EXISTS items_by_key ON items (pk, sk);
CREATE INDEX IF NOT EXISTS items_by_expiry ON items (expires_at) WHERE expires_at IS NOT NULL;
"""
_GET = "SELECT body FROM items WHERE pk = ? AND sk = ?"
_FIND = "SELECT rowid, body, expires_at FROM items WHERE pk = ? AND sk = ?"
_INSERT = "INSERT INTO items (pk, sk, body, expires_at) VALUES (?, ?, ?, ?)"
_REPLACE = "UPDATE items SET body = ?, expires_at = ? WHERE rowid = ?"
_REPLACE_BODY = "UPDATE items SET body = ? WHERE rowid = ?"
"""Of an item that lives as long as before, so that no index is written."""
_DELETE = "DELETE FROM items WHERE pk = ? AND sk = ?"
_SWEEP = "DELETE FROM items WHERE rowid IN (SELECT rowid FROM items WHERE expires_at <= ? LIMIT ?)"
_QUERY = (
    "SELECT sk, body FROM items WHERE pk = ? AND sk >= ? AND sk < ? AND sk {beyond} ? "
    "AND (expires_at IS NULL OR expires_at > ?) ORDER BY sk {order} LIMIT ?"
)
_OLDEST_FIRST = _QUERY.format(beyond=">", order="ASC")
_NEWEST_FIRST = _QUERY.format(beyond="<", order="DESC")
_BEYOND_TEXT = b"\xff"
"""No UTF-8 begins or goes on with this byte."""


class SqliteTable:
    """The port `Table` on the file at `path`, which is made (0600, its folder 0700) when it is not there.

    `patience`: seconds to wait for another process that writes.
    Raises StorageUnavailable when the file cannot be opened, is no table, or was written by a newer version.
    """

    def __init__(self, path: Path, *, now: Callable[[], float] = time.time, patience: float = 5.0) -> None:
        self._now = now
        self._swept = now()
        self._rewritten = float("-inf")
        self._is_dirty = True  # whatever the last process left
        with ExitStack() as opened:
            try:
                _create_file(path)
                writer = opened.enter_context(closing(_connect(path, patience)))
                _prepare(writer, patience)
                self._reader = opened.enter_context(closing(_connect(path, _READER_PATIENCE)))
                self._reader.execute("PRAGMA query_only = ON")
            except (OSError, sqlite3.Error) as error:
                reason = error.strerror if isinstance(error, OSError) else error
                raise StorageUnavailable(f"the table file {path.name} cannot be opened ({reason}): check it") from error
            self._writer = GroupCommit(writer, patience=patience)
            opened.pop_all()

    async def get(self, key: Key, *, consistent: bool = False) -> Item | None:  # noqa: ARG002 - here every read is
        """The item, or None."""
        check_key(key)
        try:
            row = self._reader.execute(_GET, _columns(key)).fetchone()
        except sqlite3.Error as error:
            raise unavailable(error) from error
        return None if row is None else self._item(key, row[0])

    async def put(self, item: Item, *, when: Condition | None = None) -> None:
        """Write the whole item in place of what lay there."""
        new = canonical_item(item)
        key = Key(str(new["pk"]), str(new["sk"]))
        body = _bounded_body(new)
        _check(when)

        def write(connection: sqlite3.Connection) -> None:
            place = self._find(connection, key)
            if when is not None:
                _require(when, place.item)
            self._store(connection, place, new, body)

        await self._writer.write(write)

    async def update(self, key: Key, change: Change, *, when: Condition | None = None) -> Item:
        """Carry out the change; the item as it is afterwards."""
        check_key(key)
        exact = canonical_change(change)
        _check(when)

        def write(connection: sqlite3.Connection) -> Item:
            place = self._find(connection, key)
            if when is not None:
                _require(when, place.item)
            new = applied(exact, place.item, key)
            self._store(connection, place, new, _bounded_body(new))
            return new

        return await self._writer.write(write)

    async def delete(self, key: Key, *, when: Condition | None = None) -> Item | None:
        """Forget the item; what lay there."""
        check_key(key)
        _check(when)

        def write(connection: sqlite3.Connection) -> Item | None:
            place = self._find(connection, key)
            if when is not None:
                _require(when, place.item)
            connection.execute(_DELETE, _columns(key))
            self._is_dirty = True
            return place.item

        return await self._writer.write(write)

    async def query(
        self, pk: str, *, prefix: str = "", after: str | None = None, limit: int = 100, newest_first: bool = False
    ) -> Page:
        """A page of the items under that pk whose sk begins with the prefix."""
        check_query(pk, prefix, after, limit)
        start = (_BEYOND_TEXT if newest_first else b"") if after is None else after.encode()
        low, high = prefix.encode(), prefix.encode() + _BEYOND_TEXT
        statement = _NEWEST_FIRST if newest_first else _OLDEST_FIRST
        try:
            rows = self._reader.execute(statement, (pk.encode(), low, high, start, self._now(), limit + 1)).fetchall()
            items = [from_body(pk, sk.decode(), body) for sk, body in rows[:limit]]
        except (sqlite3.Error, msgspec.DecodeError) as error:
            raise unavailable(error) from error
        return Page(items, rows[limit - 1][0].decode() if len(rows) > limit else None)

    async def scrub(self, *, thoroughly: bool) -> bool:
        """Have the journal hold nothing of what was deleted, and `thoroughly` the file neither; whether they do.

        SQLite overwrites what it deletes (secure_delete), but not the copies that it leaves when it moves rows to other pages: rewriting the file
        takes those away. The journal is cut to nothing. https://www.sqlite.org/pragma.html#pragma_wal_checkpoint
        """
        for pause in _PAUSES:
            await asyncio.sleep(pause)
            if thoroughly and self._is_dirty:
                await self._rewrite()
            if await self._writer.apart(_empty_journal) and not (thoroughly and self._is_dirty):
                return True
        return False

    async def _rewrite(self) -> None:
        if self._now() - self._rewritten < _REWRITTEN_EVERY:
            return
        self._is_dirty, before = False, self._rewritten
        self._rewritten = self._now()
        if not await self._writer.apart(_rewrite):
            self._is_dirty, self._rewritten = True, before

    async def close(self) -> None:
        """Let go of the file once all that was asked for is acknowledged."""
        await self._writer.close()
        self._reader.close()

    def _find(self, connection: sqlite3.Connection, key: Key) -> "_Place":
        columns = _columns(key)
        row = connection.execute(_FIND, columns).fetchone()
        if row is None:
            return _Place(columns)
        rowid, body, expires_at = row
        return _Place(columns, self._item(key, body), rowid, expires_at)

    def _item(self, key: Key, body: bytes) -> Item | None:
        """What lies there; nothing where its time is over."""
        try:
            item = from_body(key.pk, key.sk, body)
        except msgspec.DecodeError as error:
            raise unavailable(error) from error
        return None if expired(item, self._now()) else item

    def _store(self, connection: sqlite3.Connection, place: "_Place", item: Item, body: bytes) -> None:
        expires_at = item.get("expires_at")
        self._is_dirty = self._is_dirty or place.rowid is not None
        if place.rowid is None:
            connection.execute(_INSERT, (*place.columns, body, expires_at))
        elif place.expires_at == expires_at:
            connection.execute(_REPLACE_BODY, (body, place.rowid))
        else:
            connection.execute(_REPLACE, (body, expires_at, place.rowid))
        if self._now() - self._swept >= _SWEEP_EVERY:
            self._swept = self._now()
            connection.execute(_SWEEP, (self._now(), _SWEEP_AT_MOST))
            self._is_dirty = True


class _Place(NamedTuple):
    """Where an item lies or would lie: the row, if there is one, and what is in it."""

    columns: tuple[bytes, bytes]
    item: Item | None = None
    rowid: int | None = None
    expires_at: int | None = None


def _require(when: Condition, item: Item | None) -> None:
    if not holds(when, item):
        raise ConditionFailed(item)


def _columns(key: Key) -> tuple[bytes, bytes]:
    """Bytes, because they sort as DynamoDB sorts and may hold any character."""
    return key.pk.encode(), key.sk.encode()


def _check(when: Condition | None) -> None:
    if when is not None:
        check_condition(when)


def _bounded_body(item: Item) -> bytes:
    body = to_body(item)
    if len(body) > _SURELY_SMALL:
        check_size(item)
    return body


def _create_file(path: Path) -> None:
    """Ours alone; SQLite gives its journal the mode of the file."""
    if not path.parent.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    path.chmod(0o600)


def _rewrite(connection: sqlite3.Connection) -> bool:
    """Whether the file has no pages but those that are in use, written anew. In memory, for a temporary file would be one more copy of everything."""
    ((pages,), (size,)) = (connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size"))
    if pages * size > _REWRITTEN_AT_MOST:
        return True  # an operator does it when nobody writes: docs/keys.md
    connection.execute("PRAGMA temp_store = MEMORY")
    return _unless_busy(connection, "VACUUM") is not None


def _empty_journal(connection: sqlite3.Connection) -> bool:
    """Whether all of it is in the file now, and it is cut to nothing."""
    told = _unless_busy(connection, "PRAGMA wal_checkpoint(TRUNCATE)")
    return told is not None and told[0][0] == 0


def _unless_busy(connection: sqlite3.Connection, statement: str) -> list[Any] | None:
    """Its rows; None where another process reads or writes."""
    try:
        return connection.execute(statement).fetchall()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise
        return None


def _connect(path: Path, patience: float) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)


def _prepare(connection: sqlite3.Connection, patience: float) -> None:
    """Settings of the writer, and the schema. The busy timeout is last: from here on nothing may wait on the loop's thread."""
    _enter_wal(connection, patience)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA journal_size_limit = 67108864")
    _migrate(connection)
    connection.execute("PRAGMA busy_timeout = 0")


def _enter_wal(connection: sqlite3.Connection, patience: float) -> None:
    """Two processes that open a new file at once get in each other's way here, and SQLite does not wait for us."""
    deadline = time.monotonic() + patience
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _migrate(connection: sqlite3.Connection) -> None:
    with closing(connection.execute("PRAGMA user_version")) as cursor:
        (version,) = cursor.fetchone()
    if version > _VERSION:
        raise StorageUnavailable(
            f"the table file has schema {version}, written by a newer RealMultiLLM; this one knows {_VERSION}: "
            "install the newer version again, or restore a backup"
        )
    if version < _VERSION:
        connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {_VERSION}; COMMIT;")
