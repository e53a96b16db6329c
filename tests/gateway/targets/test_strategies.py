"""Whom of a route's targets to ask first."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from shared.gateway.asking.probe import trial_target
from shared.gateway.targets.strategies import cheapest, drawn, fastest, in_order
from shared.gateway.targets.target import Target
from shared.providers import prices
from shared.providers.find import get_provider
from shared.records.config import OwnPrice, ProviderConfig
from shared.records.ledger import LedgerRow
from shared.records.route import RouteTarget
from shared.services import Services
from shared.settings import Settings
from shared.storage.usage import add_usage
from tests.fakes.services import FixedClock, fake_services
from tests.fakes.table import MemoryTable, Recorded

NOW = 1_800_000_000.0


def target(provider: str, model: str) -> Target:
    config = ProviderConfig("alice", "c", provider, 0, 0)
    return trial_target(get_provider(provider), config, Settings(home=Path("/nowhere")), model=model)


NANO, LARGE = target("openai", "gpt-4.1-nano"), target("openai", "gpt-4.1")
OPUS, UNKNOWN = target("anthropic", "claude-opus-4-1"), target("openai", "nobody-knows-me")


def models(targets: tuple[Target, ...]) -> list[str]:
    return [each.model for each in targets]


def candidate(of: Target, weight: int = 1) -> tuple[RouteTarget, Target]:
    return RouteTarget(of.provider.id, of.model, weight), of


def test_the_cheapest_is_first_and_what_has_no_price_last() -> None:
    """Trap 67: an unknown price is no price of 0."""
    prices.load()

    assert models(cheapest([UNKNOWN, OPUS, LARGE, NANO], NOW)) == [
        "gpt-4.1-nano",
        "gpt-4.1",
        "claude-opus-4-1",
        "nobody-knows-me",
    ]


def test_the_fastest_is_first_but_for_who_was_not_asked_lately() -> None:
    known = {"gpt-4.1": 900.0, "gpt-4.1-nano": 200.0}

    assert models(fastest([LARGE, NANO, OPUS], lambda each: known.get(each.model))) == [
        "claude-opus-4-1",
        "gpt-4.1-nano",
        "gpt-4.1",
    ]


def test_ones_own_price_comes_before_the_tables() -> None:
    own = {"gpt-*": OwnPrice(input=Decimal("0.01"), output=Decimal("0.01"))}
    agreed = replace(LARGE, config=replace(LARGE.config, prices=own))

    assert models(cheapest([NANO, agreed, UNKNOWN], NOW)) == ["gpt-4.1", "gpt-4.1-nano", UNKNOWN.model]


def test_what_is_equal_stays_as_listed() -> None:
    assert models(fastest([LARGE, NANO, OPUS], lambda _: None)) == models((LARGE, NANO, OPUS))


def test_lots_are_drawn_by_weight() -> None:
    drawings = [drawn([candidate(LARGE, 1), candidate(NANO, 3)])[0].model for _ in range(4000)]

    assert 2700 < drawings.count("gpt-4.1-nano") < 3300  # 3000 expected; ten standard deviations either way


def test_who_was_not_drawn_first_comes_after() -> None:
    lots: Iterator[float] = iter([0.1, 0.9, 0.5])

    assert models(drawn([candidate(each) for each in (LARGE, NANO, OPUS)], dice=lambda: next(lots))) == [
        "gpt-4.1-nano",
        "claude-opus-4-1",
        "gpt-4.1",
    ]


@pytest.mark.parametrize(
    ("strategy", "first"), [("fallback", "gpt-4.1"), ("cheapest", "gpt-4.1-nano"), ("fastest", "gpt-4.1-nano")]
)
async def test_each_strategy_names_all_targets(tmp_path: Path, strategy: str, first: str) -> None:
    services = fake_services(tmp_path)
    services.latencies.note(LARGE.place.name, LARGE.model, 900)
    services.latencies.note(NANO.place.name, NANO.model, 100)
    ordered = await in_order(services, strategy, [candidate(LARGE), candidate(NANO)], owner="alice")  # type: ignore[arg-type]  # of a table

    assert models(ordered)[0] == first
    assert set(models(ordered)) == {"gpt-4.1", "gpt-4.1-nano"}


async def used(services: Services, of: Target, milliseconds: int, request_id: str) -> None:
    row = LedgerRow(
        request_id=request_id, owner="alice", token_id=None, started_at=services.now(), outcome="done",
        provider=of.provider.id, model=of.model, first_token_ms=milliseconds, duration_ms=2 * milliseconds,
    )  # fmt: skip
    await add_usage(services.table, row)


async def fastest_of(services: Services, *targets: Target, owner: str = "alice") -> list[str]:
    return models(await in_order(services, "fastest", [candidate(each) for each in targets], owner=owner))


async def test_what_this_process_has_not_measured_the_owners_counters_tell(tmp_path: Path) -> None:
    services = fake_services(tmp_path)
    await used(services, OPUS, 300, "R1")
    await used(services, OPUS, 500, "R2")
    await used(services, NANO, 900, "R3")
    services.latencies.note(LARGE.place.name, LARGE.model, 600)

    assert await fastest_of(services, NANO, LARGE, OPUS) == ["claude-opus-4-1", "gpt-4.1", "gpt-4.1-nano"]
    assert await fastest_of(services, NANO, LARGE, owner="bob") == ["gpt-4.1-nano", "gpt-4.1"]


async def test_what_was_measured_here_counts_before_what_was_counted(tmp_path: Path) -> None:
    services = fake_services(tmp_path)
    await used(services, NANO, 100, "R1")
    await used(services, LARGE, 200, "R2")
    services.latencies.note(NANO.place.name, NANO.model, 5000)

    assert await fastest_of(services, NANO, LARGE) == ["gpt-4.1", "gpt-4.1-nano"]


async def test_a_chat_reads_the_counters_once_at_most_and_does_not_need_them(tmp_path: Path) -> None:
    """They are kept for five minutes; a table that is away leaves the order as listed."""
    clock = FixedClock()
    memory = MemoryTable(now=clock)
    table = Recorded(memory)
    services = fake_services(tmp_path, clock=clock, table=table)
    memory.down = True
    away = await fastest_of(services, NANO, LARGE)
    memory.down = False
    await used(services, NANO, 900, "R1")
    await used(services, LARGE, 100, "R2")
    table.forget()
    back = [await fastest_of(services, NANO, LARGE) for _ in range(5)]

    assert away == ["gpt-4.1-nano", "gpt-4.1"]
    assert back == [["gpt-4.1", "gpt-4.1-nano"]] * 5
    assert table.calls == {"query": 1}
