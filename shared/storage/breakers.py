"""Circuit breakers in the table, shared by every process: a state for each place, and what was counted there lately. Times are epoch milliseconds.

Every step is one conditional write, so that of many who see the same one is first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from shared.storage import layout
from shared.storage.table import Absent, AllOf, AnyOf, Change, Compare, Condition, ConditionFailed, Item, Key, Table

State = Literal["closed", "open", "half"]


@dataclass(frozen=True, slots=True)
class Circuit:
    """`closed`: asked as usual. `open`: not before `open_until`. `half`: one asks, until `probe_until` at the longest."""

    state: State = "closed"
    epoch: int = 0
    """How often it was opened from closed. What was counted before counts no more."""
    open_until: int = 0
    probe_until: int = 0
    trips: int = 0
    """How often it was opened since it was last closed."""


@dataclass(frozen=True, slots=True)
class Counts:
    """`answered` and `failed` attempts, the milliseconds until the first word of those that were answered, and whom it failed."""

    answered: int = 0
    failed: int = 0
    milliseconds: int = 0
    tenants: frozenset[str] = frozenset()


async def find_circuit(table: Table, place: str) -> Circuit:
    """Its state; closed where nothing was written."""
    return _circuit(await table.get(layout.circuit(place)))


async def find_counts(table: Table, place: str, epoch: int, window: int) -> Counts:
    """What was counted in that window."""
    return _counts(await table.get(_window(place, epoch, window)))


async def add_counts(table: Table, place: str, epoch: int, window: int, counts: Counts, *, expires_at: int) -> Counts:
    """Add these; all that were counted in that window until now. `expires_at` is in seconds."""
    numbers = {"answered": counts.answered, "failed": counts.failed, "milliseconds": counts.milliseconds}
    include: Mapping[str, frozenset[str]] = {"tenants": counts.tenants} if counts.tenants else {}
    change = Change(set={"expires_at": expires_at}, increase=numbers, include=include)
    return _counts(await table.update(_window(place, epoch, window), change))


async def open_circuit(table: Table, place: str, closed: Circuit, until: int) -> bool:
    """Open it from this closed state; False where somebody was first."""
    first = Compare("epoch", "=", closed.epoch) if closed.epoch else Absent("epoch")
    opened: Item = {"state": "open", "open_until": until, "epoch": closed.epoch + 1, "trips": 1}
    return await _step(table, place, Change(set=opened), first)


async def take_probe(table: Table, place: str, by: str, now: int, until: int) -> bool:
    """Be the one who asks, where it is time for one and nobody does."""
    due = AllOf((Compare("state", "=", "open"), Compare("open_until", "<=", now)))
    left = AllOf((Compare("state", "=", "half"), Compare("probe_until", "<=", now)))
    taken: Item = {"state": "half", "probe_until": until, "probe_by": by}
    return await _step(table, place, Change(set=taken), AnyOf((due, left)))


async def close_circuit(table: Table, place: str, by: str) -> bool:
    """The one who asked was answered."""
    closed = Change(set={"state": "closed", "trips": 0}, remove=("probe_until", "probe_by", "open_until"))
    return await _step(table, place, closed, _mine(by))


async def reopen_circuit(table: Table, place: str, by: str, until: int) -> bool:
    """The one who asked was failed."""
    again = Change(
        set={"state": "open", "open_until": until}, increase={"trips": 1}, remove=("probe_until", "probe_by")
    )
    return await _step(table, place, again, _mine(by))


async def give_back_probe(table: Table, place: str, by: str, now: int) -> bool:
    """The one who asked learnt nothing: the next may ask at once."""
    return await _step(table, place, Change(set={"probe_until": now}), _mine(by))


def _mine(by: str) -> Condition:
    return AllOf((Compare("state", "=", "half"), Compare("probe_by", "=", by)))


async def _step(table: Table, place: str, change: Change, when: Condition) -> bool:
    try:
        await table.update(layout.circuit(place), change, when=when)
    except ConditionFailed:
        return False
    return True


def _window(place: str, epoch: int, window: int) -> Key:
    return layout.circuit_window(place, epoch, window)


def _circuit(item: Item | None) -> Circuit:
    names = ("state", "epoch", "open_until", "probe_until", "trips")
    fields: dict[str, Any] = {name: item[name] for name in names if name in item} if item else {}
    return Circuit(**fields)


def _counts(item: Item | None) -> Counts:
    names = ("answered", "failed", "milliseconds", "tenants")
    fields: dict[str, Any] = {name: item[name] for name in names if name in item} if item else {}
    return Counts(**fields)
