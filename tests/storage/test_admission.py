"""Admission is exact: under 200 callers at once, in both homes, for policies drawn at random. Promise 6, threat I8, trap 68."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest

from shared.aws.json_service import DYNAMODB
from shared.aws.operation import NoAnswer
from shared.aws.operation import Refused as Throttling
from shared.errors import StorageUnavailable
from shared.records.limits import Limits, Scope, period_name
from shared.storage import layout
from shared.storage.admission import Admissions, Hold, Refused, Used, end_hold, forget_scope, parts_of, spent
from shared.storage.dynamodb import DynamoDBTable
from shared.storage.holdings import list_holdings
from shared.storage.ledger import list_rows
from shared.storage.quota import MOST_OPEN, SECOND, Claim
from shared.storage.sqlite import SqliteTable
from shared.storage.table import Change, Condition, ConditionFailed, Item, Key, Table
from tests.fakes.aws import Aws, Faulty
from tests.fakes.policies import CALLERS, ask_all, policy
from tests.fakes.table import MemoryTable
from tests.fakes.witness import Seen, Witness, wrong_verdicts
from tests.storage.conftest import Clock

TOKEN = Scope("token", "t1")
HOUSE = Scope("organisation", "organisation")
_ids = count()


@pytest.fixture(params=["sqlite", "dynamodb", "memory"])
async def processes(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> AsyncIterator[list[Table]]:
    """One table, as four processes have it open."""
    engines: list[Table]
    match request.param:
        case "sqlite":
            path = tmp_path / "home" / "table.sqlite"
            engines = [SqliteTable(path, now=clock, patience=60) for _ in range(4)]
        case "dynamodb":
            aws: Aws = request.getfixturevalue("aws")
            name = aws.create_table()
            engines = [DynamoDBTable(name, aws.ask(DYNAMODB), now=clock) for _ in range(4)]
        case _:
            engines = [MemoryTable(now=clock)]
    yield engines
    for engine in engines:
        await engine.close()


@pytest.fixture
def table(processes: list[Table]) -> Table:
    return processes[0]


def claim(*, tokens: int = 0, micros: int = 0) -> Claim:
    return Claim(f"r{next(_ids):06}", "alice", 1_900_000_000, tokens, micros)


async def take_all(
    table: Table, clock: Clock, asked: Sequence[tuple[Scope, Limits]], claims: Sequence[Claim]
) -> list[list[Hold]]:
    """Every claim at once, from twenty processes, in every scope; what was let in."""
    processes = [Admissions(table, now=clock) for _ in range(20)]

    async def one(number: int, mine: Claim) -> list[Hold] | None:
        admissions, held = processes[number % 20], list[Hold]()
        for scope, limits in asked:
            try:
                held.append(await admissions.take(scope, limits, mine))
            except Refused:
                await admissions.undo(held)
                return None
        return held

    return [held for held in await asyncio.gather(*map(one, count(), claims)) if held is not None]


async def state(table: Table, scope: Scope) -> tuple[int, int, int]:
    """Open, committed and spent, over all parts and periods."""
    items = (await table.query(layout.admissions(scope.kind, scope.id).pk)).items
    numbers = [(name, value) for item in items for name, value in item.items() if isinstance(value, int)]
    assert sum(name.startswith("h_") for item in items for name in item) == sum(v for n, v in numbers if n == "n_open")
    return (
        sum(value for name, value in numbers if name == "n_open"),
        sum(value for name, value in numbers if name.startswith("c_")),
        sum(value for name, value in numbers if name.startswith("s_")),
    )


@pytest.mark.parametrize("processes", ["sqlite", "dynamodb"], indirect=True)
@pytest.mark.parametrize("number", range(24))
async def test_of_200_at_once_exactly_as_many_go_on_as_the_policy_allows(
    processes: list[Table], clock: Clock, number: int
) -> None:
    """Fault 22. faults.md 5.2. Each that goes on writes its row and settles, half of the policies while others still ask."""
    drawn, seen = policy(number), list[Seen]()
    refusals = await ask_all(drawn, [Witness(table, seen) for table in processes], clock)
    admitted = [claim for claim in drawn.claims if claim.request_id not in refusals]
    rows, _ = await list_rows(processes[0], "alice", limit=CALLERS)
    claims = {claim.request_id: claim for claim in (*drawn.before, *drawn.claims)}
    cost = sum(drawn.used[claim.request_id].micros for claim in admitted)
    used = {claim.request_id: drawn.used[claim.request_id] for claim in admitted}
    limited: dict[tuple[str, str], Limits] = {(scope.kind, scope.id): limits for scope, limits in drawn.limited}

    assert list(wrong_verdicts(seen, limited, claims, used, refusals)) == []
    assert drawn.allowed in {None, len(admitted)}
    assert 0 < len(admitted) < CALLERS
    assert {row.request_id for row in rows} == set(used)
    assert sum(row.charged_micros for row in rows) == cost
    assert [await state(processes[0], scope) for scope, _ in drawn.limited] == [(0, cost, cost)] * len(drawn.limited)


async def test_a_place_in_two_scopes_is_taken_in_both_or_in_none(table: Table, clock: Clock) -> None:
    """faults.md: key and organisation, 33 of 200; no hold is left behind in the first."""
    asked = [(TOKEN, Limits(max_concurrent=250)), (HOUSE, Limits(budget_usd=Decimal("1.00"), budget_period="month"))]
    admitted = await take_all(table, clock, asked, [claim(micros=30_000) for _ in range(CALLERS)])

    assert len(admitted) == 33
    assert await state(table, TOKEN) == (33, 33 * 30_000, 0)
    assert await state(table, HOUSE) == (33, 33 * 30_000, 0)


async def test_a_hold_that_many_end_at_once_is_ended_once(table: Table, clock: Clock) -> None:
    admissions = Admissions(table, now=clock)
    holds = [await admissions.take(TOKEN, Limits(budget_usd=Decimal(1)), claim(micros=1000)) for _ in range(20)]
    ended = await asyncio.gather(*(admissions.settle(hold, Used(micros=700)) for hold in holds * 3))

    assert sum(ended) == 20
    assert await state(table, TOKEN) == (0, 14_000, 14_000)
    assert await spent(table, TOKEN, period_name("month", clock())) == 14_000


async def test_the_same_request_is_taken_once_however_often_it_is_sent(table: Table, clock: Clock) -> None:
    """faults.md: an answer that was lost is asked for again, and that does no harm."""
    same = claim(micros=5)
    holds = await asyncio.gather(*(Admissions(table, now=clock).take(TOKEN, Limits(), same) for _ in range(50)))
    by_item = {hold.key for hold in holds}

    assert (await state(table, TOKEN))[0] == len(by_item)


@pytest.mark.parametrize("table", ["sqlite", "memory"], indirect=True)  # moto copies an item of 256 holds at every call
@pytest.mark.parametrize("limit", [1, 7, 60, 61, 7747, 50_000, 999_999_937])
async def test_a_minutes_worth_may_come_at_once_and_then_as_it_comes_back(
    table: Table, clock: Clock, limit: int
) -> None:
    admissions, limits = Admissions(table, now=clock), Limits(tokens_per_minute=limit)
    whole = await admissions.take(TOKEN, limits, claim(tokens=limit))
    with pytest.raises(Refused) as refused:
        await admissions.take(TOKEN, limits, claim(tokens=1))
    resets_at = refused.value.refusal.resets_at
    clock.time += 61
    again = await admissions.take(TOKEN, limits, claim(tokens=limit))

    assert whole.left[0].remaining == again.left[0].remaining == 0
    assert resets_at == pytest.approx(clock.time - 61 + 60 / limit, abs=1e-5)


async def test_a_budget_begins_anew_with_its_period_and_rates_and_holds_do_not(table: Table, clock: Clock) -> None:
    """A hold settles in the period that it was taken from."""
    clock.time = 1_798_761_590.0  # ten seconds before 2027
    limits = Limits(requests_per_minute=3, max_concurrent=3, budget_usd=Decimal("0.01"), budget_period="day")
    admissions = Admissions(table, now=clock)
    old = await admissions.take(TOKEN, limits, claim(micros=10_000))
    with pytest.raises(Refused) as spent_up:
        await admissions.take(TOKEN, limits, claim(micros=1))
    clock.time += 11
    new = await admissions.take(TOKEN, limits, claim(micros=10_000))
    await admissions.take(TOKEN, limits, claim())
    with pytest.raises(Refused) as busy:
        await admissions.take(TOKEN, limits, claim())
    await admissions.settle(old, Used(micros=4_000))
    await admissions.settle(new, Used(micros=9_000))

    assert (spent_up.value.refusal.policy, spent_up.value.refusal.resets_at) == ("budget", 1_798_761_600.0)
    assert busy.value.refusal.policy == "concurrent"
    assert await spent(table, TOKEN, "2026-12-31") == 4_000
    assert await spent(table, TOKEN, "2027-01-01") == 9_000


async def test_sums_of_long_ago_are_forgotten_and_those_of_lately_are_not(table: Table, clock: Clock) -> None:
    limits, admissions = Limits(budget_usd=Decimal(1), budget_period="day"), Admissions(table, now=clock)
    for _ in range(10):
        await admissions.settle(await admissions.take(TOKEN, limits, claim(micros=3)), Used(micros=3))
        clock.time += 86_400
    names = (await table.query(layout.admissions("token", "t1").pk)).items[0]

    assert len([name for name in names if name.startswith("s_")]) == 4


async def test_unused_tokens_come_back_but_never_what_time_gave_back_already(table: Table, clock: Clock) -> None:
    limits, admissions = Limits(tokens_per_minute=600), Admissions(table, now=clock)
    soon = await admissions.take(TOKEN, limits, claim(tokens=600))
    await admissions.settle(soon, Used(tokens=100))
    half = await admissions.take(TOKEN, limits, claim(tokens=500))
    clock.time += 30
    await admissions.settle(half, Used(tokens=0))
    rest = await admissions.take(TOKEN, limits, claim(tokens=500))

    assert half.left[0].remaining == 0
    assert (
        rest.left[0].remaining == 100 - 100 + 0 + (600 - 500 - 0) - 100 + 0
    )  # 300 came with time, 200 with the settling


async def test_more_than_was_reserved_weighs_on_what_comes_next(table: Table, clock: Clock) -> None:
    limits, admissions = Limits(tokens_per_minute=600), Admissions(table, now=clock)
    hold = await admissions.take(TOKEN, limits, claim(tokens=100))
    await admissions.settle(hold, Used(tokens=550))
    with pytest.raises(Refused) as refused:
        await admissions.take(TOKEN, limits, claim(tokens=100))

    assert refused.value.refusal.remaining == 50


@pytest.mark.parametrize(
    ("limits", "asked", "policy_name"),
    [
        (Limits(budget_usd=Decimal(0)), claim(), "budget"),
        (Limits(budget_usd=Decimal("0.5")), claim(micros=500_001), "budget"),
        (Limits(tokens_per_minute=10), claim(tokens=11), "tokens"),
        (Limits(max_concurrent=0), claim(), "concurrent"),
        (Limits(requests_per_minute=0), claim(), "requests"),
    ],
)
async def test_what_can_never_be_is_refused_without_asking_the_table(
    table: Table, clock: Clock, limits: Limits, asked: Claim, policy_name: str
) -> None:
    """Trap 68: a budget of 0 blocks what costs nothing, too."""
    with pytest.raises(Refused) as refused:
        await Admissions(table, now=clock).take(TOKEN, limits, asked)

    assert refused.value.refusal.policy == policy_name
    assert await table.query(layout.admissions("token", "t1").pk) == await table.query("nothing")


@pytest.mark.parametrize("table", ["sqlite", "memory"], indirect=True)  # moto copies an item of 256 holds at every call
async def test_one_item_holds_so_many_at_once_and_no_more(table: Table, clock: Clock) -> None:
    limits = Limits(requests_per_minute=100_000)
    admitted = await take_all(table, clock, [(TOKEN, limits)], [claim() for _ in range(MOST_OPEN + 20)])

    assert len(admitted) == MOST_OPEN


@pytest.mark.parametrize("table", ["sqlite", "memory"], indirect=True)  # moto copies an item of 256 holds at every call
async def test_large_limits_of_the_house_lie_in_parts_that_together_allow_exactly_as_much(
    table: Table, clock: Clock
) -> None:
    limits = Limits(requests_per_minute=6001, max_concurrent=513)
    claims = [claim() for _ in range(520)]
    admissions = [Admissions(table, now=clock) for _ in range(16)]

    async def one(number: int) -> Hold | None:
        try:
            return await admissions[number % 16].take(HOUSE, limits, claims[number])
        except Refused:
            return None

    held = [hold for hold in await asyncio.gather(*map(one, range(520))) if hold]
    for hold in held:
        await end_hold(table, hold, Used(), now=int(clock() * SECOND))

    assert parts_of(HOUSE, limits) == 8
    assert parts_of(TOKEN, limits) == 3
    assert parts_of(HOUSE, Limits(requests_per_minute=100)) == 1
    assert len(held) == 513
    assert len({hold.shard for hold in held}) == 8
    assert (await state(table, HOUSE))[0] == 0


@pytest.mark.parametrize("table", ["sqlite", "memory"], indirect=True)  # moto copies an item of 256 holds at every call
async def test_a_flood_is_refused_by_the_process_for_a_while(clock: Clock, table: Table) -> None:
    """Threat I10: while a rate is spent, refusing costs no write."""
    limits, admissions = Limits(requests_per_minute=60), Admissions(table, now=clock)
    for _ in range(60):
        await admissions.take(TOKEN, limits, claim())
    with pytest.raises(Refused) as first:
        await admissions.take(TOKEN, limits, claim())
    await forget_scope(table, TOKEN)  # whoever asked the table now would be let in
    with pytest.raises(Refused) as second:
        await admissions.take(TOKEN, limits, claim())
    clock.time += 1.01

    assert second.value.refusal == first.value.refusal
    assert (await admissions.take(TOKEN, limits, claim())).left[0].remaining == 59


@pytest.mark.parametrize("table", ["sqlite", "memory"], indirect=True)  # moto copies an item of 256 holds at every call
async def test_changed_limits_are_asked_of_the_table_and_not_of_memory(table: Table, clock: Clock) -> None:
    admissions = Admissions(table, now=clock)
    await admissions.take(TOKEN, Limits(requests_per_minute=60), claim())
    for _ in range(59):
        await admissions.take(TOKEN, Limits(requests_per_minute=60), claim())
    with pytest.raises(Refused):
        await admissions.take(TOKEN, Limits(requests_per_minute=60), claim())
    clock.time += 0.51  # half of what the old limit would ask

    assert (await admissions.take(TOKEN, Limits(requests_per_minute=120), claim())).left[0].limit == 120


@pytest.mark.parametrize("table", ["sqlite", "memory"], indirect=True)  # moto copies an item of 256 holds at every call
async def test_a_scope_without_limits_spreads_over_items_and_each_is_found_by_the_sweeper(
    table: Table, clock: Clock
) -> None:
    admissions = Admissions(table, now=clock)
    holds = [await admissions.take(TOKEN, Limits(), claim()) for _ in range(100)]
    noted, after = await list_holdings(table)

    assert 4 <= len({hold.shard for hold in holds}) <= 8
    assert {holding.key for holding in noted} == {hold.key for hold in holds}
    assert after is None


async def test_an_answer_that_is_lost_is_asked_for_again_and_counts_once(aws: Aws, clock: Clock) -> None:
    """Fault 23. faults.md, second table: the hold's name makes taking and ending idempotent."""
    faulty = Faulty(aws.ask(DYNAMODB))
    table = DynamoDBTable(aws.create_table(), faulty, now=clock)
    admissions, limits = Admissions(table, now=clock), Limits(requests_per_minute=9, budget_usd=Decimal(1))
    await admissions.settle(await admissions.take(TOKEN, limits, claim(micros=10)), Used(micros=10))
    faulty.plan(NoAnswer("lost"), lost=True)
    hold = await admissions.take(TOKEN, limits, claim(micros=100))
    faulty.plan(NoAnswer("lost"), lost=True)
    await admissions.settle(hold, Used(micros=70))

    assert hold.left[0].remaining == 7
    assert await state(table, TOKEN) == (0, 80, 80)
    await table.close()


async def test_a_table_that_is_throttled_lets_nobody_in_after_three_attempts(aws: Aws, clock: Clock) -> None:
    """Fault 20. faults.md, second table: two retries within 300 ms, then 503 with a time to come back."""
    faulty = Faulty(aws.ask(DYNAMODB))
    table = DynamoDBTable(aws.create_table(), faulty, now=clock)
    admissions = Admissions(table, now=clock)
    await admissions.take(TOKEN, Limits(), claim())
    before = faulty.calls
    faulty.plan(*[Throttling("ThrottlingException", "slow down", status=400)] * 3)
    with pytest.raises(StorageUnavailable) as away:
        await admissions.take(TOKEN, Limits(), claim())

    assert faulty.calls - before == 3
    assert away.value.retry_after == 1
    assert (await state(table, TOKEN))[0] == 1
    await table.close()


class Contested(MemoryTable):
    """Somebody else is always a moment faster."""

    tries = 0

    async def update(self, key: Key, change: Change, *, when: Condition | None = None) -> Item:
        if when is None:
            return await super().update(key, change, when=when)
        self.tries += 1
        raise ConditionFailed(None)


async def test_an_item_that_others_keep_changing_is_given_up_after_four_tries(clock: Clock) -> None:
    """Fault 22: a failed condition is an answer, but not for ever."""
    table = Contested(now=clock)
    with pytest.raises(StorageUnavailable) as busy:
        await Admissions(table, now=clock).take(TOKEN, Limits(requests_per_minute=9), claim())

    assert table.tries == 4
    assert busy.value.retry_after == 1


async def test_a_place_may_be_kept_for_less(table: Table, clock: Clock) -> None:
    """What was reserved too much is there for others at once, and is not given back again in the end."""
    admissions = Admissions(table, now=clock)
    limits = Limits(tokens_per_minute=100, budget_usd=Decimal("0.0001"), budget_period="day")
    first = claim(tokens=90, micros=90)
    hold = await admissions.take(TOKEN, limits, first)
    with pytest.raises(Refused):
        await admissions.take(TOKEN, limits, claim(tokens=50, micros=50))
    lower = replace(first, tokens=20, micros=20)
    hold = await admissions.lower(hold, limits, lower)
    second = await admissions.take(TOKEN, limits, claim(tokens=50, micros=50))

    assert [(each.policy, each.remaining) for each in hold.left] == [("tokens", 80), ("budget", 80)]
    assert await state(table, TOKEN) == (2, 70, 0)
    assert await admissions.settle(hold, Used(micros=5, tokens=5))
    assert await admissions.settle(second, Used(micros=50, tokens=50))
    assert await state(table, TOKEN) == (0, 55, 55)
    with pytest.raises(StorageUnavailable):
        await admissions.lower(hold, limits, lower)
    third = await admissions.take(TOKEN, limits, claim(tokens=45, micros=45))
    assert [each.remaining for each in third.left] == [0, 0]


async def test_what_never_fits_is_told_what_is_left(table: Table, clock: Clock) -> None:
    """Another process took some of it; nothing of ours is guessed."""
    budget = Limits(budget_usd=Decimal("0.0001"), budget_period="day")
    rate = Limits(tokens_per_minute=100)
    theirs, ours = Admissions(table, now=clock), Admissions(table, now=clock)
    await theirs.take(TOKEN, budget, claim(micros=86))
    await theirs.take(HOUSE, rate, claim(tokens=15))
    with pytest.raises(Refused) as dear:
        await ours.take(TOKEN, budget, claim(micros=101))
    with pytest.raises(Refused) as long:
        await ours.take(HOUSE, rate, claim(tokens=101))

    assert (dear.value.refusal.policy, dear.value.refusal.remaining, dear.value.refusal.too_large) == (
        "budget",
        14,
        True,
    )
    assert (long.value.refusal.policy, long.value.refusal.remaining, long.value.refusal.too_large) == (
        "tokens",
        85,
        True,
    )
    assert long.value.refusal.resets_at == pytest.approx(clock() + 9)
