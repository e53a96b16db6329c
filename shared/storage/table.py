"""The port to the table: items, small conditional updates, pages.

The DynamoDB engine renders these as expressions, the SQLite engine carries them out in one transaction. Semantics are DynamoDB's:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html

Numbers are int or Decimal, never float; a whole one reads back as int, another as Decimal without trailing zeros; at most 38 digits.
Sets are sets of text, and never empty. An item is at most 400 KB. Tuples read back as lists.
Every method raises StorageUnavailable when the table does not answer, ConditionFailed when a `when` does not hold,
InvalidRequest for what is beyond a limit (it names the attribute), TypeError or ValueError for what is a mistake of ours.
A write that was answered by StorageUnavailable may have happened all the same: say `when` so that doing it again does no harm.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

type Value = bool | int | Decimal | str | bytes | frozenset[str] | Sequence[Value] | Mapping[str, Value] | None
type Item = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Key:
    """Where an item lies."""

    pk: str
    sk: str


@dataclass(frozen=True, slots=True)
class Absent:
    """The attribute is not there (or the item is not)."""

    name: str


@dataclass(frozen=True, slots=True)
class Present:
    """The attribute is there."""

    name: str


@dataclass(frozen=True, slots=True)
class Compare:
    """`name operator value`, operators =, <>, <, <=, >, >=. Never true of an absent attribute, but for <>."""

    name: str
    operator: str
    value: Value


@dataclass(frozen=True, slots=True)
class Between:
    """`low <= name <= high`. Never true of an absent attribute."""

    name: str
    low: Value
    high: Value


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every one holds."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one holds."""

    conditions: tuple["Condition", ...]


Condition = Absent | Present | Compare | Between | AllOf | AnyOf


@dataclass(frozen=True, slots=True)
class Change:
    """One update, all or nothing: `set` values, `increase` numbers (absent counts as 0), `include` and `exclude` members of text sets, `remove` attributes.

    Names are top-level attributes, each in one of the five only. An absent item is created.
    """

    set: Mapping[str, Value] = field(default_factory=dict)
    increase: Mapping[str, int | Decimal] = field(default_factory=dict)
    include: Mapping[str, frozenset[str]] = field(default_factory=dict)
    exclude: Mapping[str, frozenset[str]] = field(default_factory=dict)
    remove: Iterable[str] = ()


class ConditionFailed(Exception):
    """Somebody else was there first: an answer, not a fault. `item` is what lay there, None if nothing did."""

    def __init__(self, item: Item | None) -> None:
        super().__init__("the condition does not hold")
        self.item = item


@dataclass(frozen=True, slots=True)
class Page:
    """Items in the order of their sk; `after` asks for the next page and is None at the end."""

    items: list[Item]
    after: str | None


class Table(Protocol):
    """One table, two keys, six verbs, and a broom. An attribute `expires_at` (epoch seconds) is the TTL: past it an item is as good as gone."""

    async def get(self, key: Key, *, consistent: bool = False) -> Item | None:
        """The item, or None."""
        ...

    async def put(self, item: Item, *, when: Condition | None = None) -> None:
        """Write the whole item (with its `pk` and `sk`) in place of what lay there."""
        ...

    async def update(self, key: Key, change: Change, *, when: Condition | None = None) -> Item:
        """Carry out the change; the item as it is afterwards."""
        ...

    async def delete(self, key: Key, *, when: Condition | None = None) -> Item | None:
        """Forget the item; what lay there."""
        ...

    async def query(
        self, pk: str, *, prefix: str = "", after: str | None = None, limit: int = 100, newest_first: bool = False
    ) -> Page:
        """A page of the items under that pk whose sk begins with the prefix."""
        ...

    async def scrub(self, *, thoroughly: bool) -> bool:
        """Have no journal of ours hold what was deleted any more, `thoroughly` no file at all, which may take seconds; whether none does."""
        ...

    async def close(self) -> None:
        """Let go of connections and files; what was acknowledged stays."""
        ...
