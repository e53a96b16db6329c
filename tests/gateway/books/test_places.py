"""Places are held for the targets that can be admitted, and for nobody else; what is reserved is the dearest of theirs."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from shared.errors import BudgetSpent, LimitReached, StorageUnavailable
from shared.gateway.books.admit import Admission, Asked, admit, limits_of
from shared.gateway.books.estimate import Need
from shared.gateway.books.sweep import sweep
from shared.gateway.targets.target import Target
from shared.records.config import OwnPrice
from shared.records.limits import Limits
from shared.records.token import AccessToken
from shared.services import Services
from shared.storage import layout
from shared.storage.admission import Used
from shared.storage.held import from_text
from shared.storage.policies import save_limits
from shared.storage.table import Item, Key
from tests.fakes.services import FixedClock, fake_services
from tests.fakes.table import MemoryTable
from tests.fakes.targets import target_of

TOKEN = AccessToken(id="t1", owner="alice", name="ci", digest=b"", created_at=0, updated_at=0)
NEED = Need(1000, 1000, 500)


class Leaving(MemoryTable):
    """It stops answering after so many more writes of admission."""

    left = 10**9

    async def update(self, key: Key, change: Any, **more: Any) -> Item:
        self.left -= 1
        if self.left < 0:
            raise StorageUnavailable("the table does not answer: try again", retry_after=1)
        return await super().update(key, change, **more)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def table(clock: FixedClock) -> Leaving:
    return Leaving(now=clock)


@pytest.fixture
def services(tmp_path: Path, clock: FixedClock, table: Leaving) -> Services:
    return fake_services(tmp_path, clock=clock, table=table)


def costing(provider: str, model: str, usd: str) -> Target:
    """US dollars for a million tokens, either way: a thousand both ways are twice as many milli-dollars."""
    target = target_of(provider, model)
    prices = {model: OwnPrice(Decimal(usd), Decimal(usd))}
    return replace(target, config=replace(target.config, prices=prices))


async def let_in(services: Services, *targets: Target, token: AccessToken = TOKEN) -> Admission:
    asked = Asked(request_id="R1", owner="alice", token=token, api="native", streamed=False, started_at=services.now())
    limited = await limits_of(services, asked, targets)
    return await admit(services, asked, limited, [(target, NEED) for target in targets], within=10)


def items(table: MemoryTable) -> Mapping[str, Item]:
    """Of admission, by kind of scope and id."""
    return {
        pk.partition("#")[2]: item for (pk, _), item in table.items.items() if any(name == "n_open" for name in item)
    }


def still_held(table: MemoryTable) -> list[str]:
    return [name for item in items(table).values() for name in item if name.startswith("h_")]


async def test_what_is_reserved_is_the_dearest_of_those_that_remain(services: Services, table: Leaving) -> None:
    await save_limits(services.table, "provider", "anthropic", Limits(max_concurrent=0))
    token = replace(TOKEN, budget_usd=Decimal(1))
    admission = await let_in(
        services, costing("openai", "a", "1"), costing("anthropic", "b", "50"), costing("openai", "c", "2"), token=token
    )
    place = layout.admission("token", "t1", admission.holds[0].shard)
    item = await services.table.get(place) or {}
    lying = from_text(item["h_R1"])

    assert admission.places == (0, 2)
    assert [(tried.model, tried.outcome, tried.asked) for tried in admission.passed_over] == [
        ("b", "limit_reached", False)
    ]
    assert (admission.micros, admission.holds[0].micros, lying.micros) == (4000, 4000, 4000)
    assert {value for name, value in item.items() if name.startswith("c_")} == {4000}
    assert lying.told is not None
    assert lying.told.model == "a"
    assert admission.headers["x-ratelimit-remaining"] == "0.996"


async def test_what_the_sweeper_would_charge_is_the_dearest_by_either_price(services: Services) -> None:
    """A process that dies leaves as much on the bill of each budget as it had reserved there."""
    await save_limits(services.table, "user", "alice", Limits(budget_usd=Decimal(1)))
    token = replace(TOKEN, budget_usd=Decimal(1))
    admission = await let_in(
        services, costing("openai", "gpt-4o-mini", "0.01"), costing("openai", "gpt-4.1", "0.02"), token=token
    )
    item = await services.table.get(admission.holds[0].key) or {}
    lying = from_text(item["h_R1"])

    assert lying.told is not None
    assert (lying.micros, lying.told.listed) == (admission.micros, admission.listed) == (40, 10_000)
    assert [hold.micros for hold in admission.holds] == [40, 10_000]


async def test_the_sweeper_is_told_of_the_first_that_remains(services: Services) -> None:
    await save_limits(services.table, "provider", "openai", Limits(requests_per_minute=0))
    admission = await let_in(services, target_of("openai", "a"), target_of("anthropic", "b"))
    item = await services.table.get(admission.holds[0].key) or {}
    told = from_text(item["h_R1"]).told

    assert admission.places == (1,)
    assert told is not None
    assert (told.provider, told.model) == ("anthropic", "b")


async def test_a_provider_is_let_go_of_whose_only_model_is_out_of_its_limit(services: Services, table: Leaving) -> None:
    """Nothing leaks: its request and its place are there for others."""
    await save_limits(services.table, "provider", "openai", Limits(requests_per_minute=1, max_concurrent=1))
    await save_limits(services.table, "model", "openai/a", Limits(max_concurrent=0))
    admission = await let_in(services, target_of("openai", "a"), target_of("anthropic", "b"))
    for hold in admission.holds:
        await services.admissions.settle(hold, Used())
    again = await let_in(services, target_of("openai", "z"))

    assert [hold.scope.kind for hold in admission.holds] == ["token"]
    assert again.places == (0,)


async def test_of_two_models_of_one_provider_the_dear_one_alone_may_not_fit(services: Services) -> None:
    await save_limits(services.table, "provider", "openai", Limits(budget_usd=Decimal("0.01")))
    admission = await let_in(services, costing("openai", "gpt-4.1-mini", "100"), costing("openai", "gpt-4o-mini", "1"))

    assert admission.places == (1,)
    assert [(hold.scope.kind, hold.micros) for hold in admission.holds] == [("token", 2000), ("provider", 2000)]


async def test_a_fallback_too_dear_for_the_tokens_budget_keeps_nobody_else_out(services: Services) -> None:
    token = replace(TOKEN, budget_usd=Decimal("0.01"))
    admission = await let_in(services, costing("openai", "a", "1"), costing("openai", "b", "50"), token=token)

    assert admission.places == (0,)
    assert admission.passed_over[0].outcome == "budget_spent"


async def test_a_first_target_too_dear_for_the_tokens_budget_is_refused_at_once(
    services: Services, table: Leaving
) -> None:
    token = replace(TOKEN, budget_usd=Decimal("0.01"))
    with pytest.raises(BudgetSpent) as refused:
        await let_in(services, costing("openai", "a", "50"), costing("openai", "b", "1"), token=token)

    assert refused.value.details["scope"] == "token"
    assert still_held(table) == []


async def test_where_nobody_is_let_in_nothing_stays_taken(services: Services, table: Leaving) -> None:
    for provider in ("openai", "anthropic"):
        await save_limits(services.table, "provider", provider, Limits(max_concurrent=0))
    with pytest.raises(LimitReached):
        await let_in(services, target_of("openai", "a"), target_of("anthropic", "b"))

    assert still_held(table) == []
    assert all(item["n_open"] == 0 for item in items(table).values())


async def test_a_table_that_goes_away_half_way_lets_nobody_in_and_nothing_leaks(
    services: Services, table: Leaving, clock: FixedClock
) -> None:
    """Fault 20, at every write in turn. What could not be given back is the sweeper's, when the request's time is over."""
    await save_limits(services.table, "provider", "openai", Limits(requests_per_minute=5))
    await save_limits(services.table, "model", "openai/a", Limits(max_concurrent=0))
    targets, refusals = (target_of("openai", "a"), target_of("anthropic", "b")), 0
    while True:
        table.left = refusals
        try:
            await let_in(services, *targets)
            break
        except StorageUnavailable:
            refusals += 1
        table.left = 10**9
        clock.pass_by(7200)
        await sweep(services)
        assert still_held(table) == []

    assert refusals >= 4
    assert len(still_held(table)) == 1
