"""The audit log: one chain however many write at once, and every change or gap in it shows. Threat I12."""

import asyncio
import re
from pathlib import Path

import pytest

import shared.storage.audit
from shared.records.audit import GENESIS, AuditEntry
from shared.storage import layout
from shared.storage.audit import AuditLog, Flaw, every_entry, find_flaw, list_entries
from shared.storage.table import Change, Table
from tests.fakes.services import FixedClock


def log(table: Table) -> AuditLog:
    """As one process has it."""
    return AuditLog(table, now=FixedClock())


async def written(table: Table, count: int) -> list[AuditEntry]:
    ours = log(table)
    return [await ours.add("token.created", actor="alice", subject=f"t{number}") for number in range(count)]


async def test_each_entry_carries_the_digest_of_the_one_before(table: Table) -> None:
    """Threat I12."""
    first, second, third = await written(table, 3)

    assert [first.number, second.number, third.number] == [1, 2, 3]
    assert (first.previous, second.previous, third.previous) == (GENESIS, first.digest, second.digest)
    assert await find_flaw(table) is None


async def test_what_is_read_is_what_was_written(table: Table) -> None:
    entry = await log(table).add("account.signed_in", actor="a", credential="s", details={"by": "é"})

    assert [each async for each in every_entry(table)] == [entry]


async def test_many_processes_at_once_make_one_chain(table: Table) -> None:
    """Threat I12: nobody follows the same entry as another."""
    logs = [log(table) for _ in range(8)]
    await asyncio.gather(*(each.add("account.signed_in", actor=str(n)) for n, each in enumerate(logs * 5)))

    entries = [each async for each in every_entry(table)]
    assert [entry.number for entry in entries] == list(range(1, 41))
    assert await find_flaw(table) is None


async def test_pages_go_back_from_the_newest(table: Table) -> None:
    await written(table, 5)

    assert [entry.number for entry in await list_entries(table, limit=2)] == [5, 4]
    assert [entry.number for entry in await list_entries(table, before=4, limit=9)] == [3, 2, 1]


async def test_a_log_without_entries_is_whole(table: Table) -> None:
    assert await find_flaw(table) is None


@pytest.mark.parametrize("gone", [1, 3])
async def test_the_verifier_names_the_first_entry_that_is_missing(table: Table, gone: int) -> None:
    """Threat I12."""
    await written(table, 5)
    await table.delete(layout.audit_entry(gone))

    assert await find_flaw(table) == Flaw(gone, "it is missing")


async def test_taking_the_newest_away_shows_too(table: Table) -> None:
    """Threat I12: the anchor says how far the log went."""
    await written(table, 5)
    for number in (4, 5):
        await table.delete(layout.audit_entry(number))

    assert await find_flaw(table) == Flaw(4, "it is missing, and so is all that came after it")


@pytest.mark.parametrize(
    "change",
    [{"actor": "mallory"}, {"details": {"x": "y"}}, {"at": 1}, {"action": "account.deleted"}, {"subject": None}],
)
async def test_the_verifier_names_the_entry_that_was_changed(table: Table, change: dict[str, object]) -> None:
    """Threat I12."""
    await written(table, 4)
    await table.update(layout.audit_entry(2), Change(set=change))  # type: ignore[arg-type]  # values of the table

    assert await find_flaw(table) == Flaw(2, "it was changed after it was written")


async def test_a_change_with_a_new_digest_breaks_the_chain_behind_it(table: Table) -> None:
    """Threat I12."""
    _, second, *_ = await written(table, 4)
    forged = AuditEntry(**{**{n: getattr(second, n) for n in AuditEntry.__dataclass_fields__}, "actor": "mallory"})
    await table.update(layout.audit_entry(2), Change(set={"actor": "mallory", "digest": forged.digest}))

    assert await find_flaw(table) == Flaw(3, "the entry before it is not the one that it followed")


async def test_what_is_no_entry_any_more_is_named(table: Table) -> None:
    await written(table, 2)
    await table.update(layout.audit_entry(2), Change(remove=["previous"]))

    assert await find_flaw(table) == Flaw(2, "it is no entry any more")


async def test_a_log_without_its_anchor_is_not_whole(table: Table) -> None:
    await written(table, 2)
    await table.delete(layout.audit_anchor())

    assert await find_flaw(table) == Flaw(2, "the anchor, which says how far the log goes, is missing")


async def test_every_digest_is_told_elsewhere_too(table: Table) -> None:
    """Threat I12: who can write the whole table cannot write that log."""
    told: list[AuditEntry] = []
    entry = await AuditLog(table, now=FixedClock(), written=told.append).add("account.exported")

    assert told == [entry]


def test_no_function_changes_or_deletes_an_entry() -> None:
    """Threat I12: entries are put where nothing lies, and that is all; the one update is the anchor's."""
    source = Path(shared.storage.audit.__file__).read_text("utf-8")

    assert re.findall(r"\.(put|update|delete)\(([^,\n]*)", source) == [
        ("put", "_item(entry)"),
        ("update", "layout.audit_anchor()"),
    ]
    assert "_item(entry), when=Absent" in source
