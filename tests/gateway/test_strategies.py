"""Whom of a route's targets to ask first."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.gateway.probe import trial_target
from shared.gateway.strategies import cheapest, drawn, fastest, in_order
from shared.gateway.target import Target
from shared.providers import prices
from shared.providers.find import get_provider
from shared.records.config import ProviderConfig
from shared.records.route import RouteTarget
from shared.settings import Settings
from tests.fakes.services import fake_services

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
    ordered = await in_order(services, strategy, [candidate(LARGE), candidate(NANO)])  # type: ignore[arg-type]  # of a table

    assert models(ordered)[0] == first
    assert set(models(ordered)) == {"gpt-4.1", "gpt-4.1-nano"}
