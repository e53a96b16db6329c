"""What was used, counted in the table as it happens: one item for a day, provider, model and access token of an owner, one write for a request.

The ledger has each request; these sums are for graphs and bills, and are read without it. A request is counted after its row was newly written.
"""

import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, cast
from zlib import crc32

from shared.records.histogram import bucket
from shared.records.ledger import LedgerRow
from shared.records.usage import Counts, DayUsage, total
from shared.storage import layout
from shared.storage.table import Change, Compare, ConditionFailed, Item, Table

_PAGE: Final = 200
_PLACES: Final = 16
"""Where the last requests are noted, each at a place of its own: it is told from a repetition until another was noted there.
With these the busiest item stays below the 1 KB that one write unit of DynamoDB holds (measured: 860 bytes after 2,000 requests)."""
_MARK: Final = 8
"""Characters of an id that are noted: the last ones of a ULID are chance."""
_LONGEST_MODEL: Final = 200
"""Characters of a model's name that are kept; what a provider says of itself is not bounded by us."""
_CODE: Final = re.compile("[a-z][a-z0-9_]{0,39}")
_TOKENS: Final = ("input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens", "reasoning_tokens")
_SUMS: Final = ("requests", *_TOKENS, "estimated", "unpriced", "duration_ms", "first_token_ms")
_MICRO: Final = Decimal(1_000_000)


async def add_usage(table: Table, row: LedgerRow) -> None:
    """Count this request, in one write. Called again for a row that was counted lately, it counts nothing: an answer of the table may be lost.

    Raises:
        StorageUnavailable: the table does not answer.
    """
    model = row.model[:_LONGEST_MODEL] or "unknown"
    day = datetime.fromtimestamp(row.started_at, tz=UTC).date()
    named = {"day": day.isoformat(), "provider": row.provider, "model": model, "token_id": row.token_id}
    place, mark = f"l{crc32(row.request_id.encode()) % _PLACES}", row.request_id[-_MARK:]
    change = Change(set={**named, place: mark}, increase=_increases(row))
    try:
        key = layout.usage(row.owner, day, row.provider, model, row.token_id)
        await table.update(key, change, when=Compare(place, "<>", mark))
    except ConditionFailed:
        return


async def list_usage(table: Table, owner: str, first: date, last: date) -> AsyncIterator[DayUsage]:
    """The owner's counts of those days, both included, the oldest first."""
    listing = layout.usage_of(owner)
    after: str | None = layout.before_usage(owner, first).sk
    while True:
        page = await table.query(listing.pk, prefix=listing.prefix, after=after, limit=_PAGE)
        for item in page.items:
            if str(item["day"]) > last.isoformat():
                return
            yield _record(item)
        after = page.after
        if after is None:
            return


async def first_tokens_of(table: Table, owner: str, day: date) -> dict[tuple[str, str], float]:
    """Mean milliseconds until the first token, by provider and model, of what the owner used on that day. One read: of more than a page the rest is not looked at."""
    listing = layout.usage_of(owner)
    page = await table.query(listing.pk, prefix=layout.before_usage(owner, day).sk, limit=_PAGE)
    counts: dict[tuple[str, str], list[Counts]] = {}
    for row in map(_record, page.items):
        counts.setdefault((row.provider, row.model), []).append(row.counts)
    sums = {pair: total(parts) for pair, parts in counts.items()}
    return {
        pair: counted.first_token_ms / asked
        for pair, counted in sums.items()
        if (asked := sum(counted.first_tokens.values()))
    }


def _increases(row: LedgerRow) -> dict[str, int | Decimal]:
    counts: dict[str, int | Decimal] = {"requests": 1, f"outcome_{row.outcome}": 1}
    counts |= {name: count for name in _TOKENS if (count := getattr(row, name))}
    if row.error is not None and row.has_failed:
        counts[f"error_{row.error if _CODE.fullmatch(row.error) else 'other'}"] = 1
    if row.estimated:
        counts["estimated"] = 1
    if row.is_unpriced:
        counts["unpriced"] = 1
    elif row.cost_usd:
        counts["cost_micro"] = row.cost_usd * _MICRO
    return counts | _times(row)


def _times(row: LedgerRow) -> dict[str, int | Decimal]:
    """Of requests that went well, whole; and how long it took them to begin, whatever came of it."""
    times: dict[str, int | Decimal] = {}
    if row.first_token_ms is not None:
        times |= {f"f{bucket(row.first_token_ms)}": 1, "first_token_ms": row.first_token_ms}
    if row.outcome != "done" or row.duration_ms is None:
        return times
    times |= {f"d{bucket(row.duration_ms)}": 1, "duration_ms": row.duration_ms}
    speaking = row.duration_ms - (row.first_token_ms or 0)
    if row.streamed and row.first_token_ms is not None and row.output_tokens and speaking > 0:
        times[f"s{bucket(1000 * row.output_tokens / speaking)}"] = 1
    return times


def _record(item: Item) -> DayUsage:
    sums = cast("dict[str, int]", {name: item.get(name, 0) for name in _SUMS})
    counts = Counts(
        **sums,
        outcomes=_named(item, "outcome_"),
        errors=_named(item, "error_"),
        cost_usd=Decimal(cast("int | Decimal", item.get("cost_micro", 0))) / _MICRO,
        durations=_histogram(item, "d"),
        first_tokens=_histogram(item, "f"),
        speeds=_histogram(item, "s"),
    )
    return DayUsage(
        day=date.fromisoformat(str(item["day"])),
        provider=str(item["provider"]),
        model=str(item["model"]),
        token_id=cast("str | None", item["token_id"]),
        counts=counts,
    )


def _named(item: Item, prefix: str) -> dict[str, int]:
    found: Mapping[str, Any] = item
    return {name.removeprefix(prefix): found[name] for name in item if name.startswith(prefix)}


def _histogram(item: Item, letter: str) -> dict[int, int]:
    found: Mapping[str, Any] = item
    return {int(name[1:]): found[name] for name in item if name[0] == letter and name[1:].isdigit()}
