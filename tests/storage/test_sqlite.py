"""What the SQLite engine promises beyond the contract: durability, sharing, and a clear word when the file does not serve."""

import asyncio
import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.errors import StorageUnavailable
from shared.storage.sqlite import SqliteTable
from shared.storage.table import Absent, AnyOf, Change, Compare, ConditionFailed, Key
from tests.storage.conftest import Clock

ROOT = Path(__file__).resolve().parents[2]
KEY = Key("P", "S")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "table.sqlite"


@pytest.fixture
async def table(path: Path, clock: Clock) -> AsyncIterator[SqliteTable]:
    table = SqliteTable(path, now=clock, patience=0.3)
    yield table
    await table.close()


async def test_folder_file_and_journal_are_ours_alone(table: SqliteTable, path: Path) -> None:
    await table.put({"pk": "P", "sk": "S"})
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in (path.parent, *path.parent.iterdir())}

    assert modes == {"home": 0o700, "table.sqlite": 0o600, "table.sqlite-wal": 0o600, "table.sqlite-shm": 0o600}


def test_a_file_that_others_could_read_is_closed_to_them(path: Path) -> None:
    path.parent.mkdir()
    path.touch(mode=0o644)
    asyncio.run(SqliteTable(path).close())

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_what_was_acknowledged_is_there_when_the_file_is_opened_again(path: Path) -> None:
    first = SqliteTable(path)
    await asyncio.gather(*(first.put({"pk": "P", "sk": f"{number:03}"}) for number in range(200)))
    await first.close()
    second = SqliteTable(path)

    assert len((await second.query("P", limit=1000)).items) == 200
    await second.close()


async def test_a_power_cut_loses_nothing_and_what_is_deleted_is_overwritten(table: SqliteTable) -> None:
    """Threat K10. No test cuts the power: this holds what SQLite promises it for, `synchronous` FULL in WAL mode."""
    pragmas = ("journal_mode", "synchronous", "secure_delete")

    assert [table._writer._connection.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas] == ["wal", 2, 1]


async def test_closing_waits_for_what_was_asked(path: Path) -> None:
    table = SqliteTable(path)
    writes = [asyncio.create_task(table.put({"pk": "P", "sk": f"{number}"})) for number in range(50)]
    await asyncio.sleep(0)
    await table.close()

    await asyncio.gather(*writes)


async def test_a_closed_table_says_so(path: Path) -> None:
    table = SqliteTable(path)
    await table.close()

    with pytest.raises(StorageUnavailable):
        await table.get(KEY)
    with pytest.raises(StorageUnavailable):
        await table.put({"pk": "P", "sk": "S"})


async def test_what_fails_does_not_disturb_its_neighbours(table: SqliteTable) -> None:
    await table.put({"pk": "P", "sk": "text", "n": "no number"})
    answers = await asyncio.gather(
        table.update(Key("P", "a"), Change(increase={"n": 1})),
        table.update(Key("P", "a"), Change(increase={"n": 1}), when=Absent("n")),
        table.update(Key("P", "text"), Change(increase={"n": 1})),
        table.update(Key("P", "a"), Change(increase={"n": 1})),
        return_exceptions=True,
    )

    assert [type(answer) for answer in answers] == [dict, ConditionFailed, ValueError, dict]
    assert await table.get(Key("P", "a")) == {"pk": "P", "sk": "a", "n": 2}


async def test_a_caller_who_leaves_does_not_disturb_the_others(table: SqliteTable) -> None:
    writes = [asyncio.create_task(table.update(KEY, Change(increase={"n": 1}))) for _ in range(20)]
    await asyncio.sleep(0)
    for write in writes[::2]:
        write.cancel()
    answers = await asyncio.gather(*writes, return_exceptions=True)

    assert [type(answer) for answer in answers] == [asyncio.CancelledError, dict] * 10
    assert await table.get(KEY) == {"pk": "P", "sk": "S", "n": 10}


def test_one_table_may_serve_one_loop_after_another(path: Path) -> None:
    table = SqliteTable(path)
    for _ in range(2):
        asyncio.run(_count(table))

    assert asyncio.run(table.get(KEY)) == {"pk": "P", "sk": "S", "n": 2}
    asyncio.run(table.close())


async def _count(table: SqliteTable) -> None:
    await table.update(KEY, Change(increase={"n": 1}))


def test_a_loop_that_ends_amid_a_write_leaves_the_table_usable(path: Path) -> None:
    async def leave(table: SqliteTable) -> None:
        asyncio.create_task(_count(table))  # noqa: RUF006 - abandoned on purpose
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    table = SqliteTable(path)
    asyncio.run(leave(table))
    asyncio.run(_count(table))

    found = asyncio.run(table.get(KEY))
    assert found in ({"pk": "P", "sk": "S", "n": 1}, {"pk": "P", "sk": "S", "n": 2})
    asyncio.run(table.close())


async def test_expired_items_are_swept_while_others_are_written(table: SqliteTable, path: Path, clock: Clock) -> None:
    for number in range(5):
        await table.put({"pk": "P", "sk": f"{number}", "expires_at": int(clock.time) + 5})
    clock.time += 20
    await table.put({"pk": "P", "sk": "S"})

    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM items").fetchone() == (1,)
    connection.close()


async def test_a_writer_waits_for_another_and_readers_do_not(table: SqliteTable, path: Path) -> None:
    await table.put({"pk": "P", "sk": "S", "n": 1})
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    write = asyncio.create_task(table.update(KEY, Change(increase={"n": 1})))
    await asyncio.sleep(0.05)

    assert not write.done()
    assert await table.get(KEY) == {"pk": "P", "sk": "S", "n": 1}
    other.execute("ROLLBACK")
    other.close()
    assert await write == {"pk": "P", "sk": "S", "n": 2}


async def test_a_lock_that_is_never_released_is_unavailable_until_it_is(table: SqliteTable, path: Path) -> None:
    """Trap 74."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answers = await asyncio.gather(*(_count(table) for _ in range(3)), return_exceptions=True)

    assert [type(answer) for answer in answers] == [StorageUnavailable] * 3
    other.execute("ROLLBACK")
    other.close()
    await _count(table)
    assert await table.get(KEY) == {"pk": "P", "sk": "S", "n": 1}


async def test_a_full_disk_is_unavailable_and_nothing_is_half_written(table: SqliteTable) -> None:
    """Trap 74."""
    await table.put({"pk": "P", "sk": "S", "n": 1})
    writer = table._writer._connection
    (pages,) = writer.execute("PRAGMA page_count").fetchone()
    writer.execute(f"PRAGMA max_page_count = {pages}")
    answers = await asyncio.gather(
        table.update(KEY, Change(increase={"n": 1})),
        table.put({"pk": "P", "sk": "large", "body": "x" * 100_000}),
        return_exceptions=True,
    )

    assert [type(answer) for answer in answers] == [StorageUnavailable] * 2
    assert await table.get(KEY) == {"pk": "P", "sk": "S", "n": 1}
    writer.execute("PRAGMA max_page_count = 1000000")
    assert await table.update(KEY, Change(increase={"n": 1})) == {"pk": "P", "sk": "S", "n": 2}


async def test_a_newer_file_is_refused_with_a_remedy(path: Path) -> None:
    await SqliteTable(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 7")
    connection.close()

    with pytest.raises(StorageUnavailable, match=r"newer RealMultiLLM.*install the newer"):
        SqliteTable(path)


def test_a_file_that_is_no_table_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"certainly not a database, but long enough to look at" * 100)

    with pytest.raises(StorageUnavailable, match=r"table\.sqlite"):
        SqliteTable(path)


async def test_a_place_where_no_file_can_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()

    with pytest.raises(StorageUnavailable, match="folder"):
        SqliteTable(tmp_path / "folder")


async def test_a_damaged_item_is_unavailable_and_not_misread(table: SqliteTable, path: Path) -> None:
    await table.put({"pk": "P", "sk": "S", "n": 1})
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE items SET body = x'c1'")
    connection.close()

    with pytest.raises(StorageUnavailable):
        await table.get(KEY)
    with pytest.raises(StorageUnavailable):
        await table.query("P")
    with pytest.raises(StorageUnavailable):
        await _count(table)


ADMIT = """
import asyncio, sys
from pathlib import Path
from shared.storage.sqlite import SqliteTable
from tests.storage.test_sqlite import admit_all
print(asyncio.run(admit_all(Path(sys.argv[1]))))
"""


async def admit_all(path: Path) -> int:
    table = SqliteTable(path)
    below = AnyOf((Absent("n"), Compare("n", "<", 150)))

    async def admitted() -> bool:
        try:
            await table.update(KEY, Change(increase={"n": 1}), when=below)
        except ConditionFailed:
            return False
        return True

    rounds = [sum(await asyncio.gather(*(admitted() for _ in range(20)))) for _ in range(10)]
    await table.close()
    return sum(rounds)


def test_processes_that_share_a_new_file_admit_exactly_the_limit_together(path: Path) -> None:
    """Threat I8, across processes; all of them make the file at the same moment."""
    others = [_start(ADMIT, str(path)) for _ in range(3)]
    admitted = [int(other.communicate(timeout=60)[0]) for other in others]

    assert sum(admitted) == 150


WRITE = """
import asyncio, os, sys
from itertools import count
from pathlib import Path
from shared.storage.sqlite import SqliteTable
async def main():
    table = SqliteTable(Path(sys.argv[1]))
    async def one(number):
        await table.put({"pk": "P", "sk": f"{number:08}", "n": number, "body": f"{number} " * 500})
        os.write(1, b"%d\\n" % number)
    for start in count(int(sys.argv[2]), 20):
        await asyncio.gather(*(one(number) for number in range(start, start + 20)))
asyncio.run(main())
"""


async def test_what_was_acknowledged_survives_kill_9(path: Path) -> None:
    acknowledged: set[int] = set()
    for kill_after in (1, 45, 130, 333):
        acknowledged |= _write_until_killed(path, max(acknowledged, default=0) + 20, kill_after)
    table = SqliteTable(path)
    found = (await table.query("P", limit=100_000)).items
    await table.close()

    assert acknowledged <= {item["n"] for item in found}
    assert all(item["body"] == f"{item['n']!r} " * 500 for item in found)
    assert len(acknowledged) > 500


def _write_until_killed(path: Path, start: int, kill_after: int) -> set[int]:
    writer = _start(WRITE, str(path), str(start))
    assert writer.stdout is not None
    lines = [writer.stdout.readline() for _ in range(kill_after)]
    os.kill(writer.pid, signal.SIGKILL)
    rest = writer.communicate(timeout=60)[0].splitlines(keepends=True)
    return {int(line) for line in [*lines, *rest] if line.endswith("\n")}


def _start(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", code, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_it_loads_nothing_heavy() -> None:
    """The chat door has 400 ms to load."""
    code = "import sys, shared.storage.sqlite; print(*sys.modules)"
    loaded = set(_start(code).communicate(timeout=60)[0].split())

    assert not loaded & {"pydantic", "fastapi", "boto3", "botocore", "httpx", "jwt", "genai_prices"}


SECRET = "wrapped-data-key-5f1c"


async def filled(table: SqliteTable, seed: int) -> None:
    """Rows of all sizes, so that some are moved from page to page; every third tells the secret, and is deleted at last."""
    chance = random.Random(seed)
    theirs = []
    for number in range(600):
        told = number % 3 == 0
        place = f"{chance.randrange(10**9)}"
        size = chance.choice([10, 100, 500, 3000, 9000])
        await table.put(
            {"pk": "THEIRS" if told else f"{number % 20}", "sk": place, "b": (SECRET if told else "") + "y" * size}
        )
        if told:
            theirs.append(place)
            await table.put(
                {"pk": "THEIRS", "sk": chance.choice(theirs), "b": SECRET + "z" * chance.choice([5, 700, 5000])}
            )
    for place in theirs:
        await table.delete(Key("THEIRS", place))


def told_in(path: Path) -> list[str]:
    return [
        each.name
        for each in path.parent.iterdir()
        if {SECRET.encode() in each.read_bytes(), b"THEIRS" in each.read_bytes()} != {False}
    ]


@pytest.mark.parametrize("seed", [0, 1])
async def test_what_was_deleted_is_in_no_file(table: SqliteTable, path: Path, seed: int) -> None:
    """Threat K10. `secure_delete` alone leaves the journal, and copies of rows that were moved."""
    await filled(table, seed)
    before = told_in(path)
    kept = len((await table.query("1", limit=1000)).items)

    assert await table.scrub(thoroughly=True)
    assert "table.sqlite-wal" in before
    assert told_in(path) == []
    assert (path.parent / "table.sqlite-wal").stat().st_size == 0
    assert len((await table.query("1", limit=1000)).items) == kept


async def test_a_reader_who_stays_hinders_it_and_nobody_waits_long(table: SqliteTable, path: Path) -> None:
    await table.put({"pk": "THEIRS", "sk": "S", "b": SECRET})
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM items").fetchone()
    await table.delete(Key("THEIRS", "S"))
    hindered = await table.scrub(thoroughly=True)
    await table.put({"pk": "P", "sk": "S"})
    reader.execute("ROLLBACK")
    reader.close()

    assert not hindered
    assert await table.scrub(thoroughly=True)
    assert told_in(path) == []
    assert await table.get(KEY) is not None


async def test_what_is_written_meanwhile_waits_and_is_kept(table: SqliteTable) -> None:
    done = await asyncio.gather(
        table.put({"pk": "P", "sk": "0"}),
        table.scrub(thoroughly=True),
        *(table.put({"pk": "P", "sk": f"{n}"}) for n in range(1, 40)),
        table.scrub(thoroughly=True),
    )

    assert (done[1], done[-1]) == (True, True)
    assert len((await table.query("P")).items) == 40


async def test_the_file_is_rewritten_once_a_minute_at_most_and_the_journal_whenever_it_is_asked(
    table: SqliteTable, path: Path, clock: Clock
) -> None:
    """Who leaves again and again does not keep others from writing."""
    assert await table.scrub(thoroughly=True)
    await table.put({"pk": "THEIRS", "sk": "S", "b": SECRET})
    await table.delete(Key("THEIRS", "S"))
    soon = [await table.scrub(thoroughly=True), await table.scrub(thoroughly=False), told_in(path) == []]
    clock.time += 60

    assert soon == [False, True, True]
    assert await table.scrub(thoroughly=True)
