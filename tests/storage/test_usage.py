"""What was used, counted; the same in every engine."""

import asyncio
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.errors import StorageUnavailable
from shared.records.histogram import bucket
from shared.records.ledger import LedgerRow
from shared.records.usage import Counts, DayUsage, total
from shared.storage.table import Table
from shared.storage.usage import add_usage, list_usage
from tests.fakes.table import MemoryTable

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
TODAY = NOON.date()


def row(request_id: str, **more: Any) -> LedgerRow:
    usual: dict[str, Any] = {
        "owner": "alice",
        "token_id": None,
        "started_at": NOON.timestamp(),
        "outcome": "done",
        "provider": "openai",
        "model": "gpt-4o",
        "duration_ms": 1000,
    }
    return LedgerRow(request_id=request_id, **{**usual, **more})


async def listed(table: Table, owner: str = "alice", first: date = TODAY, last: date = TODAY) -> list[DayUsage]:
    return [each async for each in list_usage(table, owner, first, last)]


async def test_a_request_is_counted_with_all_that_is_known_of_it(table: Table) -> None:
    tokens: dict[str, Any] = {
        "input_tokens": 10,
        "output_tokens": 50,
        "cached_tokens": 4,
        "cache_write_tokens": 2,
        "reasoning_tokens": 7,
    }
    times = {"streamed": True, "duration_ms": 1200, "first_token_ms": 200}
    await add_usage(table, row("1", token_id="t", cost_usd=Decimal("0.00000012345"), **tokens, **times))

    (told,) = await listed(table)

    counts = Counts(
        requests=1,
        outcomes={"done": 1},
        cost_usd=Decimal("0.00000012345"),
        duration_ms=1200,
        first_token_ms=200,
        durations={bucket(1200): 1},
        first_tokens={bucket(200): 1},
        speeds={bucket(50): 1},
        **tokens,
    )
    assert told == DayUsage(day=TODAY, provider="openai", model="gpt-4o", token_id="t", counts=counts)


async def test_an_unknown_cost_is_counted_and_not_taken_for_nothing(table: Table) -> None:
    """Trap 67."""
    for number, cost in enumerate([None, Decimal(0), Decimal("0.5")]):
        await add_usage(table, row(str(number), cost_usd=cost))

    (told,) = await listed(table)

    assert (told.counts.requests, told.counts.unpriced, told.counts.cost_usd) == (3, 1, Decimal("0.5"))


async def test_what_was_refused_costs_nothing_and_what_broke_off_nobody_knows(table: Table) -> None:
    """Traps 67 and 69: no tokens, no price to be missed; but of what was cut, and of what died, the price is missing."""
    await add_usage(table, row("1", outcome="error", error="provider_refused_request"))
    refused = (await listed(table))[0].counts.unpriced
    await add_usage(table, row("2", outcome="disconnected", input_tokens=5, estimated=True))
    await add_usage(table, row("3", outcome="aborted"))

    assert (refused, (await listed(table))[0].counts.unpriced) == (0, 2)


async def test_money_adds_up_to_the_last_digit(table: Table) -> None:
    """Trap 66: a tenth of a thousand-millionth of a dollar, many times, beside a large amount."""
    amounts = [Decimal("1e-10"), Decimal("12345.678901234567"), *[Decimal("0.0000003")] * 5]
    for number, cost in enumerate(amounts):
        await add_usage(table, row(str(number), cost_usd=cost))

    (told,) = await listed(table)

    assert told.counts.cost_usd == sum(amounts)


async def test_errors_are_counted_by_their_code_and_say_nothing_of_durations(table: Table) -> None:
    await add_usage(table, row("1", outcome="error", error="throttled"))
    await add_usage(table, row("2", outcome="error", error="throttled", first_token_ms=5))
    await add_usage(table, row("3", outcome="deadline", error="no code of ours!"))
    await add_usage(table, row("4", outcome="cancelled", estimated=True))

    (told,) = await listed(table)

    assert told.counts.outcomes == {"error": 2, "deadline": 1, "cancelled": 1}
    assert told.counts.errors == {"throttled": 2, "other": 1}
    assert (told.counts.durations, told.counts.first_tokens) == ({}, {bucket(5): 1})
    assert told.counts.estimated == 1


async def test_a_row_that_is_counted_again_counts_once(table: Table) -> None:
    """An answer of the table may be lost after the write, and others may be counted before it is sent again."""
    for request_id in ("1", "1", "2", "3", "2", "3", "1"):
        await add_usage(table, row(request_id))

    (told,) = await listed(table)

    assert told.counts.requests == 3


async def test_callers_at_once_lose_no_count(table: Table) -> None:
    await asyncio.gather(*[add_usage(table, row(str(number), input_tokens=3)) for number in range(12)])

    (told,) = await listed(table)

    assert (told.counts.requests, told.counts.input_tokens) == (12, 36)


async def test_days_providers_models_and_tokens_are_kept_apart_and_read_in_order(table: Table) -> None:
    day = 86_400
    kinds: list[dict[str, Any]] = [
        {"started_at": NOON.timestamp() - 40 * day},
        {"started_at": NOON.timestamp() - 2 * day},
        {"started_at": NOON.timestamp() - day, "provider": "groq"},
        {"started_at": NOON.timestamp() - day, "model": "a#b%/c"},
        {"started_at": NOON.timestamp()},
        {"started_at": NOON.timestamp(), "token_id": "t"},
        {"started_at": NOON.timestamp() + day},
    ]
    for number, more in enumerate(kinds):
        await add_usage(table, row(str(number), **more))

    told = await listed(table, first=date(2026, 11, 25), last=TODAY)

    assert [(each.day.day, each.provider, each.model, each.token_id) for each in told] == [
        (25, "openai", "gpt-4o", None),
        (26, "groq", "gpt-4o", None),
        (26, "openai", "a#b%/c", None),
        (27, "openai", "gpt-4o", None),
        (27, "openai", "gpt-4o", "t"),
    ]


async def test_a_long_list_is_read_to_its_end(table: Table) -> None:
    for number in range(205):
        await add_usage(table, row(str(number), model=f"m{number:03}"))

    assert [each.model for each in await listed(table)] == [f"m{number:03}" for number in range(205)]


async def test_nobody_sees_what_another_used(table: Table) -> None:
    """Threat I3: also not where one name begins as another does."""
    await add_usage(table, row("1", owner="alice"))

    assert await listed(table, "ali") == []
    assert await listed(table, "bob") == []


async def test_a_models_name_may_be_long_or_missing(table: Table) -> None:
    await add_usage(table, row("1", model="x" * 5000))
    await add_usage(table, row("2", model=""))

    assert [each.model for each in await listed(table)] == ["unknown", "x" * 200]


async def test_a_table_that_does_not_answer_is_told() -> None:
    """Trap 74."""
    table = MemoryTable(now=NOON.timestamp)
    table.down = True

    with pytest.raises(StorageUnavailable):
        await add_usage(table, row("1"))


async def test_sums_of_parts_are_the_sum_of_the_whole(table: Table) -> None:
    for number in range(6):
        await add_usage(table, row(str(number), model=f"m{number % 3}", cost_usd=Decimal("0.1"), output_tokens=number))
    whole = total(each.counts for each in await listed(table))

    assert (whole.requests, whole.output_tokens, whole.cost_usd) == (6, 15, Decimal("0.6"))
    assert whole.durations == {bucket(1000): 6}
