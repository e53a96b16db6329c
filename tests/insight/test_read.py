"""Which counters are read, and how many at most."""

from datetime import UTC, date, datetime, timedelta

import pytest

from shared.errors import InvalidRequest
from shared.insight.read import LONGEST, Span, requests_of, usage_of, usage_of_everybody
from shared.records.account import Account
from shared.records.ledger import LedgerRow
from shared.storage.accounts import add_account, list_owners
from shared.storage.ledger import add_row
from shared.storage.usage import add_usage
from tests.fakes.table import MemoryTable

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
TODAY = Span(NOON.date(), NOON.date())


def row(request_id: str, owner: str, *, token_id: str | None = None) -> LedgerRow:
    return LedgerRow(
        request_id=request_id,
        owner=owner,
        token_id=token_id,
        started_at=NOON.timestamp(),
        outcome="done",
        provider="openai",
        model="m",
    )


async def populated(people: int) -> MemoryTable:
    table = MemoryTable(now=NOON.timestamp)
    for number in range(people):
        await add_account(table, Account(f"o{number}", f"{number}@example.com", "hash", "user", 0))
        await add_usage(table, row(str(number), f"o{number}"))
    return table


async def test_everybody_is_more_than_a_page_of_accounts() -> None:
    table = await populated(230)

    assert len([owner async for owner in list_owners(table)]) == 230
    assert sum(each.counts.requests for each in await usage_of_everybody(table, TODAY)) == 230


async def test_who_is_gone_is_counted_no_more() -> None:
    """Threat K10: counters lie under their owner's name."""
    table = await populated(2)
    await add_usage(table, row("x", "stranger"))

    assert len(await usage_of_everybody(table, TODAY)) == 2


async def test_a_token_is_told_of_its_own() -> None:
    """Threat I4."""
    table = await populated(1)
    await add_usage(table, row("x", "o0", token_id="t"))

    assert [each.token_id for each in await usage_of(table, "o0", TODAY, token_id="t")] == ["t"]
    assert len(await usage_of(table, "o0", TODAY)) == 2


async def test_too_much_at_once_is_refused_with_the_remedy() -> None:
    """Threat I10."""
    table = await populated(4)

    with pytest.raises(InvalidRequest) as refused:
        await usage_of_everybody(table, TODAY, most=3)

    assert refused.value.parameter == "from"


@pytest.mark.parametrize(("days", "fits"), [(0, True), (LONGEST - 1, True), (LONGEST, False), (-1, False)])
def test_a_span_has_an_order_and_a_bound(days: int, *, fits: bool) -> None:
    first = date(2026, 1, 1)
    if fits:
        assert Span(first, first + timedelta(days=days)).first == first
        return
    with pytest.raises(InvalidRequest):
        Span(first, first + timedelta(days=days))


async def test_a_rare_token_is_looked_for_so_far_and_no_further() -> None:
    """Threat I10: a page may be empty though more follows, and going on finds it."""
    table = MemoryTable(now=NOON.timestamp)
    await add_row(table, row("000", "alice", token_id="t"))
    for number in range(1, 60):
        await add_row(table, row(f"{number:03}", "alice"))

    def is_theirs(row: LedgerRow) -> bool:
        return row.token_id == "t"

    first, after = await requests_of(table, "alice", after=None, limit=2, wants=is_theirs, most=40)
    second, end = await requests_of(table, "alice", after=after, limit=2, wants=is_theirs, most=40)

    assert (first, after) == ([], "020")
    assert ([each.request_id for each in second], end) == (["000"], None)
