"""How one target fares is told to those who come after."""

from dataclasses import replace
from pathlib import Path

import pytest

from shared.errors import (
    AddressRefused,
    BadResponse,
    CircuitOpen,
    CredentialRejected,
    KeyCoolingDown,
    NameNotResolved,
    ProviderBilling,
    ProviderFailed,
    ProviderOverloaded,
    ProviderTimeout,
    RealMultiLLMError,
    RequestRefused,
    StreamInterrupted,
    StreamStalled,
    Throttled,
    TlsFailed,
    Unreachable,
)
from shared.gateway.targets.target import Target
from shared.gateway.targets.watch import Watch
from shared.health.breakers import FIRST_REST
from shared.services import Services
from tests.fakes.services import FixedClock, fake_services
from tests.gateway.targets.test_strategies import LARGE


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def services(tmp_path: Path, clock: FixedClock) -> Services:
    return fake_services(tmp_path, clock=clock)


def of_owner(owner: str) -> Target:
    return replace(LARGE, config=replace(LARGE.config, owner=owner))


async def counted(services: Services, clock: FixedClock, error: RealMultiLLMError | None) -> tuple[int, int]:
    """What one attempt that ended so adds: answered, failed."""
    async with await Watch.begin(services, LARGE) as watch:
        watch.ended(error, 100)
        clock.pass_by(10)
    counts = await services.breakers.lately(LARGE.place)
    return counts.answered, counts.failed


@pytest.mark.parametrize(
    "kind",
    [Unreachable, NameNotResolved, TlsFailed, ProviderTimeout, ProviderFailed, ProviderOverloaded, StreamStalled],
)
async def test_what_is_the_providers_fault_counts(
    services: Services, clock: FixedClock, kind: type[RealMultiLLMError]
) -> None:
    """Trap 28: an error inside a 200 is a ProviderFailed too."""
    assert await counted(services, clock, kind("no")) == (0, 1)


@pytest.mark.parametrize(
    "kind",
    [
        RequestRefused,
        CredentialRejected,
        ProviderBilling,
        Throttled,
        BadResponse,
        StreamInterrupted,
        AddressRefused,
    ],
)
async def test_nothing_else_does(services: Services, clock: FixedClock, kind: type[RealMultiLLMError]) -> None:
    """Threat I11: no 4xx, whoever provoked it."""
    assert await counted(services, clock, kind("no")) == (0, 0)


@pytest.mark.parametrize(("kind", "status"), [(ProviderTimeout, 408), (ProviderFailed, 424)])
async def test_a_4xx_does_not_count_whatever_it_means(
    services: Services, clock: FixedClock, kind: type[RealMultiLLMError], status: int
) -> None:
    """Threat I11."""
    assert await counted(services, clock, kind("no", details={"providerStatus": status})) == (0, 0)


async def test_answers_count_and_are_measured(services: Services, clock: FixedClock) -> None:
    assert await counted(services, clock, None) == (1, 0)
    assert services.latencies.find(LARGE.place.name, LARGE.model) == 100


async def test_a_key_that_is_to_rest_is_not_shown_while_another_may_answer(
    services: Services, clock: FixedClock
) -> None:
    resting = replace(LARGE, config=replace(LARGE.config, cooling_until=int(clock()) + 30))

    with pytest.raises(KeyCoolingDown) as refused:
        await Watch.begin(services, resting, alone=False)
    assert refused.value.retry_after == 30


async def opened(services: Services, clock: FixedClock) -> None:
    """The breaker of the place, by three owners."""
    for number in range(20):
        async with await Watch.begin(services, of_owner(f"o{number % 3}")) as watch:
            watch.ended(Unreachable("no"), 1)
            clock.pass_by(1)
    with pytest.raises(CircuitOpen):
        await Watch.begin(services, LARGE)


async def test_the_first_word_of_a_probe_closes_the_breaker(services: Services, clock: FixedClock) -> None:
    """Not its last one: a long answer keeps nobody waiting."""
    await opened(services, clock)
    clock.pass_by(FIRST_REST)
    async with await Watch.begin(services, LARGE) as watch:
        await watch.spoken()
        async with await Watch.begin(services, LARGE):
            state = await services.breakers.state(LARGE.place)

    assert state.state == "closed"


async def test_a_probe_that_fails_keeps_it_open(services: Services, clock: FixedClock) -> None:
    await opened(services, clock)
    clock.pass_by(FIRST_REST)
    async with await Watch.begin(services, LARGE) as watch:
        watch.ended(ProviderFailed("no"), 1)

    with pytest.raises(CircuitOpen) as refused:
        await Watch.begin(services, LARGE)
    assert refused.value.retry_after == 2 * FIRST_REST


async def test_a_probe_with_a_bad_key_is_the_next_ones(services: Services, clock: FixedClock) -> None:
    """Threat I11."""
    await opened(services, clock)
    clock.pass_by(FIRST_REST)
    async with await Watch.begin(services, LARGE) as watch:
        watch.ended(CredentialRejected("no"), 1)
    clock.pass_by(0.001)

    async with await Watch.begin(services, LARGE):
        assert (await services.breakers.state(LARGE.place)).state == "half"
